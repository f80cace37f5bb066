package io.ipamer.api.v1;

import com.google.protobuf.FieldMask;
import io.ipamer.address.AddressFamily;
import io.ipamer.address.AddressFormatException;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.ipam.Page;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Metadata;
import io.ipamer.model.MetadataUpdate;
import io.ipamer.model.Namespace;
import io.ipamer.model.Reason;
import io.ipamer.model.Reservation;
import io.ipamer.proto.v1.ExportFormat;
import io.ipamer.proto.v1.ReservationPolicy;
import io.ipamer.transfer.Format;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Reads the fields of requests. What is wrong with one is refused with the field, what came, and what would be right. */
final class Fields {
    private static final int MAX_QUOTED = 128;
    private static final int MAX_PAGE = 1_000;
    private static final int DEFAULT_PAGE = 100;
    private static final int MAX_DEPTH = 128;
    private static final String UPDATE_MASK = "update_mask";
    private static final String ONE_LABEL = "labels.";
    private static final Set<String> UPDATABLE = Set.of("*", "owner", "labels", "description");

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
            throw wrong(Reason.INVALID_CIDR, field, value, malformed.complaint(), Map.of());
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
            throw wrong(Reason.INVALID_ADDRESS, field, value, malformed.complaint(), Map.of());
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

    /** An unsigned 32-bit length; the rules say which of those below 2^31 are possible. */
    static int length(String field, int value, Cidr parent) {
        if (value < 0) {
            String length = Integer.toUnsignedString(value);
            throw wrong(
                    Reason.LENGTH_OUT_OF_RANGE,
                    field,
                    length,
                    "is out of range: more than that of " + parent + ", at most "
                            + parent.family().bits(),
                    Map.of("length", length, "parent_cidr", parent.toString()));
        }
        return value;
    }

    static Reservation reservation(String field, ReservationPolicy value, int number) {
        return switch (value) {
            case RESERVATION_POLICY_UNSPECIFIED, RESERVATION_POLICY_DEFAULT -> Reservation.FIRST_AND_LAST;
            case RESERVATION_POLICY_NONE -> Reservation.NONE;
            case UNRECOGNIZED -> throw unknown(field, "ReservationPolicy", number);
        };
    }

    /** Null for both. */
    static @Nullable AddressFamily family(String field, io.ipamer.proto.v1.AddressFamily value, int number) {
        return switch (value) {
            case ADDRESS_FAMILY_UNSPECIFIED -> null;
            case ADDRESS_FAMILY_IPV4 -> AddressFamily.IPV4;
            case ADDRESS_FAMILY_IPV6 -> AddressFamily.IPV6;
            case UNRECOGNIZED -> throw unknown(field, "AddressFamily", number);
        };
    }

    static Format format(String field, ExportFormat value, int number) {
        return switch (value) {
            case EXPORT_FORMAT_UNSPECIFIED, EXPORT_FORMAT_IPAMER -> Format.IPAMER;
            case EXPORT_FORMAT_GO_IPAM -> Format.GO_IPAM;
            case UNRECOGNIZED -> throw unknown(field, "ExportFormat", number);
        };
    }

    private static IpamerException unknown(String field, String type, int number) {
        return wrong(
                Reason.INVALID_ENUM_VALUE,
                field,
                Integer.toString(number),
                "is no value of " + type + " that this server knows",
                Map.of());
    }

    static Metadata metadata(String owner, Map<String, String> labels, String description) {
        return quoting(() -> Metadata.of(owner, labels, description));
    }

    static String owner(String owner) {
        return quoting(() -> Metadata.requireOwner(owner));
    }

    static String requiredOwner(String owner) {
        if (owner.isEmpty()) {
            throw missing("owner", "the owner of the addresses");
        }
        return owner(owner);
    }

    static SortedMap<String, String> labels(Map<String, String> labels) {
        return quoting(() -> Metadata.requireLabels(labels));
    }

    /** What the mask names or, without one, what is not empty. */
    static MetadataUpdate update(
            boolean masked, FieldMask mask, String owner, Map<String, String> labels, String description) {
        Metadata given = metadata(owner, labels, description);
        List<String> paths = new ArrayList<>(mask.getPathsList());
        if (!masked) {
            addUnless(owner.isEmpty(), "owner", paths);
            addUnless(labels.isEmpty(), "labels", paths);
            addUnless(description.isEmpty(), "description", paths);
        }
        if (paths.isEmpty()) {
            throw wrong(
                    Reason.INVALID_UPDATE_MASK,
                    UPDATE_MASK,
                    "",
                    "names nothing: it must name what to change, or the request have some of it",
                    Map.of());
        }
        boolean all = paths.contains("*");
        SortedMap<String, Optional<String>> single = new TreeMap<>();
        for (String path : paths) {
            if (path.startsWith(ONE_LABEL)) {
                String key = path.substring(ONE_LABEL.length());
                quoting(() -> Metadata.requireLabelKey(UPDATE_MASK, key));
                single.put(key, Optional.ofNullable(labels.get(key)));
            } else if (!UPDATABLE.contains(path)) {
                throw wrong(
                        Reason.INVALID_UPDATE_MASK,
                        UPDATE_MASK,
                        path,
                        "cannot be updated: owner, labels, labels.KEY, description and * can",
                        Map.of());
            }
        }
        return new MetadataUpdate(
                all || paths.contains("owner") ? given.owner() : null,
                all || paths.contains("labels") ? given.labels() : null,
                single,
                all || paths.contains("description") ? given.description() : null);
    }

    private static void addUnless(boolean not, String path, List<String> paths) {
        if (!not) {
            paths.add(path);
        }
    }

    static Page.Wanted page(int size, String token) {
        if (size < 0 || size > MAX_PAGE) {
            throw wrong(
                    Reason.INVALID_COUNT,
                    "page_size",
                    Integer.toString(size),
                    "is out of range: 1 to " + MAX_PAGE + ", or 0 for " + DEFAULT_PAGE,
                    Map.of("min", "0", "max", Integer.toString(MAX_PAGE)));
        }
        return new Page.Wanted(size == 0 ? DEFAULT_PAGE : size, token);
    }

    static int depth(int value) {
        if (value < 0 || value > MAX_DEPTH) {
            throw filter("depth", Integer.toString(value), "is out of range: 0 to " + MAX_DEPTH);
        }
        return value;
    }

    static IpamerException filter(String field, String value, String problem) {
        return wrong(Reason.INVALID_FILTER, field, value, problem, Map.of());
    }

    /** Says which field it was in, and what came, in the message, too. */
    static <T> T quoting(Supplier<T> check) {
        try {
            return check.get();
        } catch (IpamerException refusal) {
            Map<String, String> facts = refusal.metadata();
            throw wrong(
                    refusal.reason(),
                    facts.getOrDefault("field", ""),
                    facts.getOrDefault("value", ""),
                    "is not possible: " + refusal.getMessage(),
                    Map.of());
        }
    }

    static IpamerException missing(String field, String wanted) {
        return new IpamerException(
                Reason.FIELD_MISSING,
                field + " is missing: " + wanted + " is wanted",
                Map.of("field", field, "value", ""));
    }

    static IpamerException wrongCount(String field, long value, String problem, long min, long max) {
        return wrong(
                Reason.INVALID_COUNT,
                field,
                Long.toString(value),
                problem,
                Map.of("min", Long.toString(min), "max", Long.toString(max)));
    }

    private static IpamerException wrong(
            Reason reason, String field, String value, @Nullable String problem, Map<String, String> more) {
        Map<String, String> metadata = new LinkedHashMap<>(more);
        metadata.put("field", field);
        metadata.put("value", quotable(value));
        return new IpamerException(reason, field + " \"" + quotable(value) + "\" " + problem, metadata);
    }

    private static String named(String field, String value, Supplier<String> check) {
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
