package io.ipamer.api.http;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
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
        String text;
        try {
            text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(body))
                    .toString();
        } catch (CharacterCodingException notUtf8) {
            throw new InvalidProtocolBufferException("it is not UTF-8");
        }
        JsonWalk.through(text, message.getDescriptorForType());
        PARSER.merge(text, message);
    }
}
