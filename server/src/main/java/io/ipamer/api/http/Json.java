package io.ipamer.api.http;

import com.google.common.base.Utf8;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import java.nio.charset.StandardCharsets;

/**
 * Protobuf's JSON as Connect has it: lowerCamelCase out, either case in; 64-bit numbers as strings; unknown fields are
 * ignored. Stricter than the library, see {@link JsonWalk}.
 */
final class Json {
    private static final JsonFormat.Printer PRINTER = JsonFormat.printer().omittingInsignificantWhitespace();
    private static final JsonFormat.Parser PARSER = JsonFormat.parser().ignoringUnknownFields();

    private Json() {}

    static String write(Message message) throws InvalidProtocolBufferException {
        return PRINTER.print(message);
    }

    /**
     * Reads a message.
     *
     * @throws InvalidProtocolBufferException saying what is wrong with it, and where
     */
    static void read(byte[] body, Message.Builder message) throws InvalidProtocolBufferException {
        if (!Utf8.isWellFormed(body)) {
            throw new InvalidProtocolBufferException("it is not UTF-8");
        }
        String text = new String(body, StandardCharsets.UTF_8);
        JsonWalk.through(text, message.getDescriptorForType());
        PARSER.merge(text, message);
    }
}
