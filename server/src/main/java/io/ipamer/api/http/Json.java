package io.ipamer.api.http;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import java.io.EOFException;
import java.io.IOException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;

/**
 * Protobuf's JSON as Connect has it: lowerCamelCase out, either case in; 64-bit numbers as strings; unknown fields are
 * ignored. Stricter than the library, which reads what only looks like JSON, and of a name that comes twice the last.
 */
final class Json {
    /** As the library's own. */
    private static final int MAX_DEPTH = 100;

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
        requireStrict(text);
        PARSER.merge(text, message);
    }

    private static void requireStrict(String text) throws InvalidProtocolBufferException {
        try (JsonReader reader = new JsonReader(new StringReader(text))) {
            reader.setStrictness(Strictness.STRICT);
            reader.setNestingLimit(MAX_DEPTH);
            if (reader.peek() != JsonToken.BEGIN_OBJECT) {
                throw new InvalidProtocolBufferException("it must be a JSON object");
            }
            Deque<Set<String>> names = new ArrayDeque<>();
            for (JsonToken next = reader.peek(); next != JsonToken.END_DOCUMENT; next = reader.peek()) {
                switch (next) {
                    case BEGIN_OBJECT -> {
                        reader.beginObject();
                        names.push(new HashSet<>());
                    }
                    case END_OBJECT -> {
                        reader.endObject();
                        names.pop();
                    }
                    case BEGIN_ARRAY -> reader.beginArray();
                    case END_ARRAY -> reader.endArray();
                    case NAME -> {
                        String name = reader.nextName();
                        if (!names.element().add(name)) {
                            throw new InvalidProtocolBufferException("\"" + name + "\" comes twice in one object");
                        }
                    }
                    default -> reader.skipValue();
                }
            }
        } catch (EOFException end) {
            throw new InvalidProtocolBufferException("it is no JSON: it ends too early");
        } catch (MalformedJsonException malformed) {
            throw new InvalidProtocolBufferException("it is no JSON: " + firstLine(malformed));
        } catch (InvalidProtocolBufferException refused) {
            throw refused;
        } catch (IOException impossible) {
            throw new InvalidProtocolBufferException(impossible);
        }
    }

    /** What is wrong, and where; not the advice on the library's settings, nor the address of its manual. */
    private static String firstLine(MalformedJsonException malformed) {
        String message = String.valueOf(malformed.getMessage());
        return message.lines()
                .findFirst()
                .orElse(message)
                .replace("Use JsonReader.setStrictness(Strictness.LENIENT) to accept malformed JSON", "malformed");
    }
}
