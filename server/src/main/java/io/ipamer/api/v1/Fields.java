package io.ipamer.api.v1;

import io.ipamer.address.AddressFormatException;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Namespace;
import io.ipamer.model.Reason;
import io.ipamer.model.Reservation;
import io.ipamer.proto.v1.ReservationPolicy;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads the fields of requests. What is wrong with one is refused with the field, what came, and what would be right. */
final class Fields {
    private static final int MAX_QUOTED = 128;

    private Fields() {}

    static String namespaceOrRoot(String field, String value) {
        return named(field, value, () -> Namespace.nameOrRoot(value));
    }

    static String namespace(String field, String value) {
        if (value.isEmpty()) {
            throw missing(field, "the name of a namespace");
        }
        return named(field, value, () -> Namespace.requireName(value));
    }

    static Cidr cidr(String field, String value) {
        if (value.isEmpty()) {
            throw missing(field, "a CIDR such as 10.0.0.0/24 or 2001:db8::/64");
        }
        Cidr cidr;
        try {
            cidr = Cidr.parse(value);
        } catch (AddressFormatException malformed) {
            throw wrong(Reason.INVALID_CIDR, field, value, malformed.getMessage(), Map.of());
        }
        try {
            return Cidr.parseStrict(value);
        } catch (AddressFormatException hostBits) {
            throw wrong(
                    Reason.INVALID_CIDR,
                    field,
                    value,
                    "has host bits set; the block is " + cidr,
                    Map.of("canonical", cidr.toString()));
        }
    }

    static IpAddress address(String field, String value) {
        if (value.isEmpty()) {
            throw missing(field, "an address such as 10.0.0.1 or 2001:db8::1");
        }
        try {
            return IpAddress.parse(value);
        } catch (AddressFormatException malformed) {
            throw wrong(Reason.INVALID_ADDRESS, field, value, malformed.getMessage(), Map.of());
        }
    }

    /** Null when the field is empty. */
    static @Nullable UUID id(String field, String value) {
        if (value.isEmpty()) {
            return null;
        }
        try {
            UUID id = UUID.fromString(value);
            if (id.toString().equalsIgnoreCase(value)) {
                return id;
            }
        } catch (IllegalArgumentException malformed) {
            // Told below, as are short forms that the parser lets pass.
        }
        throw wrong(
                Reason.INVALID_ID,
                field,
                value,
                "is no id: ids look like 123e4567-e89b-42d3-a456-426614174000",
                Map.of());
    }

    static int count(String field, int value, int max) {
        if (value < 1 || value > max) {
            throw wrong(
                    Reason.INVALID_COUNT,
                    field,
                    Integer.toString(value),
                    "is out of range: 1 to " + max,
                    Map.of("min", "1", "max", Integer.toString(max)));
        }
        return value;
    }

    /** An unsigned 32-bit length; the rules say which are possible. */
    static int length(int value) {
        return value < 0 ? Integer.MAX_VALUE : value;
    }

    static Reservation reservation(String field, ReservationPolicy value, int number) {
        return switch (value) {
            case RESERVATION_POLICY_UNSPECIFIED, RESERVATION_POLICY_DEFAULT -> Reservation.FIRST_AND_LAST;
            case RESERVATION_POLICY_NONE -> Reservation.NONE;
            case UNRECOGNIZED ->
                throw wrong(
                        Reason.INVALID_ENUM_VALUE,
                        field,
                        Integer.toString(number),
                        "is no value of ReservationPolicy that this server knows",
                        Map.of());
        };
    }

    static IpamerException missing(String field, String wanted) {
        return new IpamerException(
                Reason.FIELD_MISSING,
                field + " is missing: " + wanted + " is wanted",
                Map.of("field", field, "value", ""));
    }

    private static IpamerException wrong(
            Reason reason, String field, String value, @Nullable String problem, Map<String, String> more) {
        Map<String, String> metadata = new LinkedHashMap<>(more);
        metadata.put("field", field);
        metadata.put("value", quotable(value));
        return new IpamerException(reason, field + " \"" + quotable(value) + "\" " + problem, metadata);
    }

    private static String named(String field, String value, java.util.function.Supplier<String> check) {
        try {
            return check.get();
        } catch (IpamerException refusal) {
            throw new IpamerException(
                    refusal.reason(),
                    field + ": " + refusal.getMessage(),
                    Map.of("field", field, "value", quotable(value)));
        }
    }

    /** Fit for an error message and a log: bounded, and without control characters. */
    static String quotable(String value) {
        StringBuilder quoted = new StringBuilder();
        for (int i = 0; i < value.length() && quoted.length() < MAX_QUOTED; i++) {
            char c = value.charAt(i);
            if (Character.isISOControl(c) || Character.isSurrogate(c)) {
                quoted.append(String.format("\\u%04x", (int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.length() < MAX_QUOTED ? quoted.toString() : quoted.substring(0, MAX_QUOTED);
    }
}
