package io.ipamer.api.http;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.linecorp.armeria.common.MediaType;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** What the bodies of Connect's unary calls are written in. */
enum ConnectForm {
    JSON("json") {
        @Override
        Message read(byte[] body, Message prototype) throws InvalidProtocolBufferException {
            Message.Builder message = prototype.newBuilderForType();
            Json.read(body, message);
            return message.build();
        }

        @Override
        byte[] write(Message message) throws InvalidProtocolBufferException {
            return Json.write(message).getBytes(StandardCharsets.UTF_8);
        }
    },
    PROTO("proto") {
        @Override
        Message read(byte[] body, Message prototype) throws InvalidProtocolBufferException {
            return prototype.getParserForType().parseFrom(body);
        }

        @Override
        byte[] write(Message message) {
            return message.toByteArray();
        }
    };

    private static final Predicate<String> UTF_8 = "utf-8"::equalsIgnoreCase;

    private final String subtype;

    ConnectForm(String subtype) {
        this.subtype = subtype;
    }

    MediaType type() {
        return MediaType.create("application", subtype);
    }

    /** The form of a request; null when it is no unary call of Connect's. */
    static @Nullable ConnectForm of(@Nullable MediaType given) {
        if (given != null
                && given.parameters().getOrDefault("charset", List.of()).stream()
                        .allMatch(UTF_8)) {
            for (ConnectForm form : values()) {
                if (given.is(form.type())) {
                    return form;
                }
            }
        }
        return null;
    }

    /**
     * Reads a request.
     *
     * @throws InvalidProtocolBufferException saying what is wrong with it
     */
    abstract Message read(byte[] body, Message prototype) throws InvalidProtocolBufferException;

    abstract byte[] write(Message message) throws InvalidProtocolBufferException;
}
