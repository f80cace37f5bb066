package io.ipamer.api.http;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import java.io.EOFException;
import java.io.IOException;
import java.io.StringReader;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Goes through a text beside the message that it is to become, and refuses what Protobuf's library would take for
 * something else: text that only looks like JSON, a field that comes twice, halves of characters, a number for a text, an
 * unknown name for a value of an enumeration. What it says names the field.
 */
final class JsonWalk {
    /** As the library's own. */
    private static final int MAX_DEPTH = 100;

    private static final int MAX_TOLD = 60;

    /** More than a number of 64 bits has digits; what is longer takes long to read. */
    private static final int MAX_DIGITS = 40;

    /** Those that look like no message in JSON. The library knows them. */
    private static final Set<String> OF_THEIR_OWN_FORM = Set.of(
            "Any",
            "Duration",
            "FieldMask",
            "ListValue",
            "Struct",
            "Timestamp",
            "Value",
            "BoolValue",
            "BytesValue",
            "DoubleValue",
            "FloatValue",
            "Int32Value",
            "Int64Value",
            "StringValue",
            "UInt32Value",
            "UInt64Value");

    private final JsonReader reader;
    private int depth;

    private JsonWalk(String text) {
        reader = new JsonReader(new StringReader(text));
        reader.setStrictness(Strictness.STRICT);
    }

    /**
     * Goes through a whole text.
     *
     * @throws InvalidProtocolBufferException saying what is wrong with it, and where
     */
    static void through(String text, Descriptor type) throws InvalidProtocolBufferException {
        JsonWalk walk = new JsonWalk(text);
        try {
            if (walk.reader.peek() != JsonToken.BEGIN_OBJECT) {
                throw new InvalidProtocolBufferException("it must be a JSON object");
            }
            walk.object(type);
            if (walk.reader.peek() != JsonToken.END_DOCUMENT) {
                throw new InvalidProtocolBufferException("it is no JSON: more comes after its end");
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

    /** A null type is that of an object that no field is for. */
    private void object(@Nullable Descriptor type) throws IOException {
        enter();
        reader.beginObject();
        Set<String> names = new HashSet<>();
        while (reader.hasNext()) {
            String name = reader.nextName();
            requireWhole(name);
            FieldDescriptor field = type == null ? null : field(type, name);
            if (!names.add(field == null ? name : field.getJsonName())) {
                throw refused(reader.getPath(), "comes twice");
            }
            if (field == null) {
                anything();
            } else if (!field.isRepeated() || reader.peek() == JsonToken.NULL) {
                value(field);
            } else if (field.isMapField()) {
                map(field);
            } else {
                array(field);
            }
        }
        reader.endObject();
        depth--;
    }

    /** By either of its names, as Connect has it. */
    private static @Nullable FieldDescriptor field(Descriptor type, String name) {
        FieldDescriptor exact = type.findFieldByName(name);
        if (exact != null) {
            return exact;
        }
        for (FieldDescriptor field : type.getFields()) {
            if (field.getJsonName().equals(name)) {
                return field;
            }
        }
        return null;
    }

    private void array(FieldDescriptor field) throws IOException {
        require(JsonToken.BEGIN_ARRAY, "an array");
        enter();
        reader.beginArray();
        while (reader.hasNext()) {
            if (reader.peek() == JsonToken.NULL) {
                throw refused(reader.getPath(), "must not be null");
            }
            value(field);
        }
        reader.endArray();
        depth--;
    }

    private void map(FieldDescriptor field) throws IOException {
        require(JsonToken.BEGIN_OBJECT, "an object");
        FieldDescriptor values = field.getMessageType().findFieldByName("value");
        enter();
        reader.beginObject();
        Set<String> keys = new HashSet<>();
        while (reader.hasNext()) {
            String key = reader.nextName();
            requireWhole(key);
            if (!keys.add(key)) {
                throw refused(reader.getPath(), "comes twice");
            }
            if (reader.peek() == JsonToken.NULL) {
                throw refused(reader.getPath(), "must not be null");
            }
            value(values);
        }
        reader.endObject();
        depth--;
    }

    private void value(FieldDescriptor field) throws IOException {
        if (reader.peek() == JsonToken.NULL) {
            reader.nextNull();
            return;
        }
        switch (field.getJavaType()) {
            case STRING, BYTE_STRING -> {
                require(JsonToken.STRING, "a string");
                requireWhole(reader.nextString());
            }
            case BOOLEAN -> {
                require(JsonToken.BOOLEAN, "true or false");
                reader.skipValue();
            }
            case INT -> number(field, 32);
            case LONG -> number(field, 64);
            case ENUM -> enumerated(field);
            case MESSAGE -> {
                Descriptor type = field.getMessageType();
                if (type.getFile().getPackage().equals("google.protobuf")
                        && OF_THEIR_OWN_FORM.contains(type.getName())) {
                    anything();
                } else {
                    require(JsonToken.BEGIN_OBJECT, "an object");
                    object(type);
                }
            }
            case FLOAT, DOUBLE -> anything();
        }
    }

    private void number(FieldDescriptor field, int bits) throws IOException {
        boolean signed = switch (field.getType()) {
            case UINT32, UINT64, FIXED32, FIXED64 -> false;
            default -> true;
        };
        BigInteger most = BigInteger.ONE.shiftLeft(signed ? bits - 1 : bits).subtract(BigInteger.ONE);
        BigInteger least = signed ? most.not() : BigInteger.ZERO;
        JsonToken came = reader.peek();
        String text = came == JsonToken.NUMBER || came == JsonToken.STRING ? reader.nextString() : came.name();
        BigInteger given = whole(text);
        if (given == null || given.compareTo(least) < 0 || given.compareTo(most) > 0) {
            boolean read = came == JsonToken.NUMBER || came == JsonToken.STRING;
            throw refused(
                    read ? reader.getPreviousPath() : reader.getPath(),
                    "must be a whole number from " + least + " to " + most + ", not " + told(came, text));
        }
    }

    /** Null when it is no whole number, or one that is far too large. */
    private static @Nullable BigInteger whole(String text) {
        try {
            if (text.length() > MAX_DIGITS) {
                return null;
            }
            BigDecimal number = new BigDecimal(text);
            long digits = (long) number.precision() - number.scale();
            return number.signum() == 0
                    ? BigInteger.ZERO
                    : digits < 1 || digits > MAX_DIGITS ? null : number.toBigIntegerExact();
        } catch (ArithmeticException | NumberFormatException noWholeNumber) {
            return null;
        }
    }

    private void enumerated(FieldDescriptor field) throws IOException {
        JsonToken came = reader.peek();
        if (came == JsonToken.NUMBER) {
            number(field, 32);
            return;
        }
        require(JsonToken.STRING, "a string");
        String name = reader.nextString();
        if (field.getEnumType().findValueByName(name) == null) {
            throw refused(
                    reader.getPreviousPath(),
                    "is " + told(came, name) + "; there are "
                            + field.getEnumType().getValues().stream()
                                    .map(EnumValueDescriptor::getName)
                                    .collect(Collectors.joining(", ")));
        }
    }

    /** Passes over a value that need only be JSON. */
    private void anything() throws IOException {
        switch (reader.peek()) {
            case BEGIN_OBJECT -> object(null);
            case BEGIN_ARRAY -> {
                enter();
                reader.beginArray();
                while (reader.hasNext()) {
                    anything();
                }
                reader.endArray();
                depth--;
            }
            case STRING -> requireWhole(reader.nextString());
            default -> reader.skipValue();
        }
    }

    private void enter() throws InvalidProtocolBufferException {
        if (++depth > MAX_DEPTH) {
            throw new InvalidProtocolBufferException("it nests more than " + MAX_DEPTH + " objects and arrays");
        }
    }

    private void require(JsonToken due, String name) throws IOException {
        if (reader.peek() != due) {
            throw refused(reader.getPath(), "must be " + name);
        }
    }

    /** An escape may name half of a character, which no text of Protobuf can hold. */
    private void requireWhole(String text) throws InvalidProtocolBufferException {
        if (text.codePoints().anyMatch(point -> Character.getType(point) == Character.SURROGATE)) {
            throw refused(reader.getPreviousPath(), "has an escape of half a character (\\ud800 to \\udfff)");
        }
    }

    /** {@code path}: as the reader says it, {@code $.options[0].name}. */
    private static InvalidProtocolBufferException refused(String path, String why) {
        return new InvalidProtocolBufferException(cut(path.substring(Math.min(path.length(), 2))) + ": " + why);
    }

    private static String told(JsonToken came, String text) {
        return switch (came) {
            case STRING -> '"' + cut(text) + '"';
            case NUMBER -> cut(text);
            case BOOLEAN -> "a boolean";
            case BEGIN_OBJECT -> "an object";
            default -> "an array";
        };
    }

    private static String cut(String text) {
        return text.length() <= MAX_TOLD ? text : text.substring(0, MAX_TOLD) + "...";
    }

    /** What is wrong, and where; not the advice on the library's settings, nor the address of its manual. */
    private static String firstLine(MalformedJsonException malformed) {
        String message = String.valueOf(malformed.getMessage());
        String line = message.lines()
                .findFirst()
                .orElse(message)
                .replace("Use JsonReader.setStrictness(Strictness.LENIENT) to accept malformed JSON", "malformed");
        int path = line.indexOf(" path $");
        return path < 0 ? cut(line) : line.substring(0, path);
    }
}
