package io.ipamer.transfer;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;
import io.ipamer.address.Cidr;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;

/** An element of go-ipam's dump, as it is written: a prefix. */
final class GoIpamElement {
    private String cidr = "";
    private String parentCidr = "";
    private boolean isParent;
    private long childPrefixLength;
    private long version;
    private final Map<String, Boolean> children = new LinkedHashMap<>();
    private final List<String> ips = new ArrayList<>();

    private GoIpamElement() {}

    /** Names are matched without regard to case and unknown ones passed over, as Go's JSON reader does. */
    static GoIpamElement read(JsonReader in) throws IOException {
        GoIpamElement element = new GoIpamElement();
        in.beginObject();
        while (in.hasNext()) {
            String name = in.nextName().toLowerCase(Locale.ROOT);
            if (in.peek() == JsonToken.NULL) {
                in.nextNull();
                continue;
            }
            switch (name) {
                case "cidr" -> element.cidr = in.nextString();
                case "parentcidr" -> element.parentCidr = in.nextString();
                case "isparent" -> element.isParent = in.nextBoolean();
                case "childprefixlength" -> element.childPrefixLength = in.nextLong();
                case "version" -> element.version = in.nextLong();
                case "availablechildprefixes" -> marks(in, element.children);
                case "ips" -> names(in, element.ips);
                default -> in.skipValue();
            }
        }
        in.endObject();
        return element;
    }

    private static void marks(JsonReader in, Map<String, Boolean> marks) throws IOException {
        in.beginObject();
        while (in.hasNext()) {
            marks.put(in.nextName(), in.nextBoolean());
        }
        in.endObject();
    }

    private static void names(JsonReader in, List<String> names) throws IOException {
        in.beginObject();
        while (in.hasNext()) {
            names.add(in.nextName());
            boolean unused = in.nextBoolean(); // but must be one
        }
        in.endObject();
    }

    String cidr() {
        return cidr;
    }

    /** Empty for a top-level prefix. */
    String parentCidr() {
        return parentCidr;
    }

    /** Whether it gives child prefixes; elements from before 2021 say so by a length. */
    boolean isParent() {
        return isParent || childPrefixLength > 0;
    }

    long version() {
        return version;
    }

    /** Blocks by their text: false in use, true released. */
    Map<String, Boolean> children() {
        return children;
    }

    /** Acquired and reserved addresses, as they came. */
    List<String> ips() {
        return ips;
    }

    /**
     * Writes one as go-ipam would: its order of members, sorted keys, no white space.
     *
     * @param parent empty for a top-level prefix
     * @param used blocks in use
     * @param ips acquired and reserved addresses
     */
    static void write(
            JsonWriter out,
            Cidr cidr,
            String parent,
            Collection<String> used,
            boolean isParent,
            Collection<String> ips,
            long version)
            throws IOException {
        out.beginObject();
        out.name("Cidr").value(cidr.toString());
        out.name("ParentCidr").value(parent);
        out.name("Namespace").value("");
        out.name("AvailableChildPrefixes");
        writeMarks(out, used, false);
        out.name("ChildPrefixLength").value(0);
        out.name("IsParent").value(isParent);
        out.name("IPs");
        writeMarks(out, ips, true);
        out.name("Version").value(version);
        out.endObject();
    }

    private static void writeMarks(JsonWriter out, Collection<String> keys, boolean mark) throws IOException {
        out.beginObject();
        for (String key : new TreeSet<>(keys)) {
            out.name(key).value(mark);
        }
        out.endObject();
    }
}
