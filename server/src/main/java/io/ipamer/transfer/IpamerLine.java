package io.ipamer.transfer;

import com.google.gson.JsonParseException;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import io.ipamer.address.AddressFormatException;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.IpamerException;
import io.ipamer.model.LoadItem;
import io.ipamer.model.Metadata;
import io.ipamer.model.Reason;
import io.ipamer.model.Reservation;
import java.io.IOException;
import java.io.StringReader;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A line of Ipamer's own text, as it is understood; see docs/export-format.md. */
sealed interface IpamerLine {
    /** The first. */
    record Header(long version) implements IpamerLine {}

    /**
     * Begins a prefix.
     *
     * @param masked whether its CIDR or its parent's had host bits
     */
    record Prefix(
            Cidr cidr,
            @Nullable Cidr parent,
            Reservation reservation,
            boolean firstReserved,
            boolean lastReserved,
            boolean parentOnly,
            Metadata metadata,
            boolean masked)
            implements IpamerLine {}

    /** A block of the prefix that nobody's prefix uses. */
    record Leaked(Cidr block, boolean masked) implements IpamerLine {}

    /** An acquired address of the prefix. */
    record Address(LoadItem item) implements IpamerLine {}

    /** The last: how many lines of each kind there were. */
    record End(long prefixes, long leaked, long addresses) implements IpamerLine {}

    /** Refused: INVALID_DUMP, or what is wrong with a value of it. */
    static IpamerLine read(String text) {
        Members members = new Members();
        members.read(text);
        return members.line();
    }

    /** Whether a line that {@link #read} refuses was to begin a prefix, as far as it can be understood. */
    static boolean beginsPrefix(String text) {
        Members members = new Members();
        try {
            members.read(text);
        } catch (IpamerException wrong) {
            // Those before what is wrong were read.
        }
        return members.hasCidr;
    }

    static IpamerException invalid(String message) {
        return new IpamerException(Reason.INVALID_DUMP, message);
    }

    /** What stands in a line. */
    final class Members {
        private @Nullable Long version;
        private boolean hasCidr;
        private @Nullable String cidr;
        private @Nullable String parent;
        private @Nullable String reservation;
        private @Nullable Boolean firstReserved;
        private @Nullable Boolean lastReserved;
        private boolean parentOnly;
        private @Nullable String leaked;
        private @Nullable String address;
        private @Nullable String allocationId;
        private String owner = "";
        private String description = "";
        private final Map<String, String> labels = new TreeMap<>();
        private @Nullable End end;
        private boolean masked;

        void read(String text) {
            try (JsonReader in = new JsonReader(new StringReader(text))) {
                in.beginObject();
                while (in.hasNext()) {
                    read(in);
                }
                in.endObject();
                if (in.peek() != JsonToken.END_DOCUMENT) {
                    throw invalid("there is more than one object in the line");
                }
            } catch (IOException | IllegalStateException | JsonParseException | NumberFormatException malformed) {
                throw invalid("the line is no JSON object, or a member of it is of another type than it must be");
            }
        }

        private void read(JsonReader in) throws IOException {
            String name = in.nextName();
            switch (name) {
                case "ipamer" -> version = in.nextLong();
                case "cidr" -> {
                    hasCidr = true;
                    cidr = text(in);
                }
                case "parent" -> parent = text(in);
                case "reservation" -> reservation = text(in);
                case "reserved_first" -> firstReserved = in.nextBoolean();
                case "reserved_last" -> lastReserved = in.nextBoolean();
                case "parent_only" -> parentOnly = in.nextBoolean();
                case "leaked" -> leaked = text(in);
                case "address" -> address = text(in);
                case "allocation_id" -> allocationId = text(in);
                case "owner" -> owner = text(in);
                case "description" -> description = text(in);
                case "labels" -> {
                    labels.clear();
                    in.beginObject();
                    while (in.hasNext()) {
                        labels.put(in.nextName(), text(in));
                    }
                    in.endObject();
                }
                case "end" -> end = end(in);
                default -> in.skipValue();
            }
        }

        /** A number is no text. */
        private static String text(JsonReader in) throws IOException {
            if (in.peek() != JsonToken.STRING) {
                throw new IllegalStateException("no text");
            }
            return in.nextString();
        }

        private static End end(JsonReader in) throws IOException {
            long prefixes = -1;
            long leaked = -1;
            long addresses = -1;
            in.beginObject();
            while (in.hasNext()) {
                switch (in.nextName()) {
                    case "prefixes" -> prefixes = in.nextLong();
                    case "leaked" -> leaked = in.nextLong();
                    case "addresses" -> addresses = in.nextLong();
                    default -> in.skipValue();
                }
            }
            in.endObject();
            return new End(prefixes, leaked, addresses);
        }

        IpamerLine line() {
            int kinds = (version == null ? 0 : 1)
                    + (cidr == null ? 0 : 1)
                    + (leaked == null ? 0 : 1)
                    + (address == null ? 0 : 1)
                    + (end == null ? 0 : 1);
            if (kinds != 1) {
                throw invalid(
                        "the line must have exactly one of ipamer, cidr, leaked, address and end, and has " + kinds);
            }
            if (version != null) {
                return new Header(version);
            } else if (cidr != null) {
                return prefix(cidr);
            } else if (leaked != null) {
                Cidr block = cidr("leaked", leaked);
                return new Leaked(block, masked);
            } else if (address != null) {
                return new Address(new LoadItem(id(), address(address), Metadata.of(owner, labels, description)));
            }
            return java.util.Objects.requireNonNull(end);
        }

        private Prefix prefix(String text) {
            Cidr own = cidr("cidr", text);
            Cidr around = parent == null ? null : cidr("parent", parent);
            Reservation reserves = switch (reservation == null ? "default" : reservation) {
                case "default" -> Reservation.FIRST_AND_LAST;
                case "none" -> Reservation.NONE;
                default -> throw invalid("reservation \"" + reservation + "\" is unknown: there are default and none");
            };
            return new Prefix(
                    own,
                    around,
                    reserves,
                    reserved("reserved_first", firstReserved, reserves.reservesFirst()),
                    reserved("reserved_last", lastReserved, reserves.reservesLast(own)),
                    parentOnly,
                    Metadata.of(owner, labels, description),
                    masked);
        }

        /** What is not said is as it was at creation. */
        private static boolean reserved(String name, @Nullable Boolean said, boolean atCreation) {
            if (said != null && said && !atCreation) {
                throw invalid(name + " is true, but by its reservation it never was reserved");
            }
            return said == null ? atCreation : said;
        }

        private @Nullable UUID id() {
            if (allocationId == null) {
                return null;
            }
            try {
                UUID id = UUID.fromString(allocationId);
                if (id.toString().equalsIgnoreCase(allocationId)) {
                    return id;
                }
            } catch (IllegalArgumentException malformed) {
                // Told below, as are short forms that the parser lets pass.
            }
            throw new IpamerException(Reason.INVALID_ID, "allocation_id \"" + allocationId + "\" is no UUID");
        }

        private Cidr cidr(String name, String text) {
            try {
                Cidr parsed = Cidr.parse(text);
                masked |= isMasked(text, parsed);
                return parsed;
            } catch (AddressFormatException malformed) {
                throw new IpamerException(Reason.INVALID_CIDR, name + ": " + malformed.getMessage());
            }
        }

        private static IpAddress address(String text) {
            try {
                return IpAddress.parse(text);
            } catch (AddressFormatException malformed) {
                throw new IpamerException(Reason.INVALID_ADDRESS, "address: " + malformed.getMessage());
            }
        }
    }

    /** Whether the text had host bits that the CIDR has not. */
    static boolean isMasked(String text, Cidr parsed) {
        return !IpAddress.parse(text.substring(0, text.indexOf('/'))).equals(parsed.first());
    }
}
