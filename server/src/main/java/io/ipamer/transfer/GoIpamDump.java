package io.ipamer.transfer;

import com.google.gson.JsonParseException;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;
import com.google.gson.stream.MalformedJsonException;
import io.ipamer.address.AddressFamily;
import io.ipamer.address.AddressFormatException;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.IpamerException;
import io.ipamer.model.PrefixContent;
import io.ipamer.model.Reason;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * go-ipam's dump: a JSON array of its stored prefixes, one element each, parents and children side by side.
 *
 * <p>What an element's maps mean: in {@code AvailableChildPrefixes} a false mark is a block in use and a true one a
 * block that was released; a false mark without an element of its own is leaked. {@code IPs} holds the acquired
 * addresses and the reserved ones alike, the first address of the prefix and, for IPv4, the last. Elements from before
 * 2021 lack {@code IsParent} and say {@code ChildPrefixLength} instead. Reading and writing cost time and memory in
 * proportion to the text.
 *
 * @param prefixes the top-level prefixes with all they hold, ascending
 * @param leaked the blocks marked as used without a prefix, as {@code block in prefix}, ascending
 */
public record GoIpamDump(List<PrefixContent> prefixes, List<String> leaked) {
    private static final Pattern PLACE = Pattern.compile("at line \\d+ column \\d+ path \\S+");

    /** An element as it is understood. */
    private static final class Node {
        private final Cidr cidr;
        private final GoIpamElement element;
        private final TreeMap<Cidr, Node> children = new TreeMap<>();

        Node(Cidr cidr, GoIpamElement element) {
            this.cidr = cidr;
            this.element = element;
        }
    }

    /**
     * Reads a dump. Names are matched without regard to case and unknown ones are passed over, as Go's JSON reader does.
     *
     * @throws IpamerException INVALID_DUMP, naming the element, for malformed text, a CIDR or address that is malformed or
     *     outside of its prefix, a CIDR that comes twice, or a parent that is not there
     */
    public static GoIpamDump read(String text) {
        Map<Cidr, Node> nodes = new LinkedHashMap<>();
        for (GoIpamElement element : elements(text)) {
            Cidr cidr = cidr(element.cidr(), "Cidr of an element");
            if (nodes.put(cidr, new Node(cidr, element)) != null) {
                throw invalid("prefix " + cidr + " comes twice");
            }
        }
        TreeMap<Cidr, Node> top = new TreeMap<>();
        for (Node node : nodes.values()) {
            if (node.element.parentCidr().isEmpty()) {
                top.put(node.cidr, node);
                continue;
            }
            Cidr parentCidr = cidr(node.element.parentCidr(), "ParentCidr of " + node.cidr);
            Node parent = nodes.get(parentCidr);
            if (parent == null) {
                throw invalid("prefix " + node.cidr + ": its parent " + parentCidr + " is not in the dump");
            }
            if (parentCidr.length() >= node.cidr.length() || !parentCidr.contains(node.cidr)) {
                throw invalid("prefix " + node.cidr + " does not lie in its parent " + parentCidr);
            }
            parent.children.put(node.cidr, node);
        }
        List<String> leaked = new ArrayList<>();
        List<PrefixContent> prefixes = new ArrayList<>();
        for (Node node : top.values()) {
            prefixes.add(content(node, leaked));
        }
        return new GoIpamDump(prefixes, leaked);
    }

    private static PrefixContent content(Node node, List<String> allLeaked) {
        GoIpamElement element = node.element;
        List<Cidr> leaked = leaked(node);
        leaked.forEach(block -> allLeaked.add(block + " in " + node.cidr));
        List<PrefixContent> children = new ArrayList<>();
        for (Node child : node.children.values()) {
            children.add(content(child, allLeaked));
        }
        boolean reservesLast = node.cidr.family() == AddressFamily.IPV4 && node.cidr.hostBits() > 0;
        TreeSet<IpAddress> acquired = new TreeSet<>();
        for (String ip : element.ips()) {
            acquired.add(address(ip, node.cidr));
        }
        boolean firstReserved = acquired.remove(node.cidr.first());
        boolean lastReserved = reservesLast && acquired.remove(node.cidr.last());
        // A prefix that has children is a parent by that alone, and stops being one with the last of them.
        boolean parentOnly = element.isParent() && children.isEmpty() && leaked.isEmpty();
        return new PrefixContent(
                node.cidr,
                parentOnly,
                firstReserved,
                lastReserved,
                List.copyOf(acquired),
                leaked,
                children,
                element.version());
    }

    private static List<Cidr> leaked(Node node) {
        TreeSet<Cidr> leaked = new TreeSet<>();
        node.element.children().forEach((key, available) -> {
            Cidr block = cidr(key, "AvailableChildPrefixes of " + node.cidr);
            if (!available && !node.children.containsKey(block)) {
                leaked.add(block);
            }
        });
        return List.copyOf(leaked);
    }

    private static Cidr cidr(String text, String where) {
        try {
            return Cidr.parse(text);
        } catch (AddressFormatException malformed) {
            throw invalid(where + ": " + malformed.getMessage());
        }
    }

    private static IpAddress address(String text, Cidr prefix) {
        try {
            IpAddress address = IpAddress.parse(text);
            if (prefix.contains(address)) {
                return address;
            }
        } catch (AddressFormatException malformed) {
            throw invalid("IPs of " + prefix + ": " + malformed.getMessage());
        }
        throw invalid("IPs of " + prefix + ": address " + text + " does not lie in it");
    }

    private static IpamerException invalid(String message) {
        return new IpamerException(Reason.INVALID_DUMP, "invalid dump: " + message);
    }

    private static List<GoIpamElement> elements(String text) {
        List<GoIpamElement> elements = new ArrayList<>();
        try (JsonReader in = new JsonReader(new StringReader(text))) {
            if (in.peek() == JsonToken.NULL) {
                in.nextNull();
            } else {
                in.beginArray();
                while (in.hasNext()) {
                    elements.add(GoIpamElement.read(in));
                }
                in.endArray();
            }
            if (in.peek() != JsonToken.END_DOCUMENT) {
                throw invalid("there is text after its end");
            }
            return elements;
        } catch (MalformedJsonException malformed) {
            throw invalid("malformed JSON" + place(malformed));
        } catch (IOException | IllegalStateException | JsonParseException | NumberFormatException malformed) {
            throw invalid("no array of prefixes as go-ipam writes them: something else is wanted" + place(malformed));
        }
    }

    /** Where the reader stopped; the rest of its message is advice to programmers. */
    private static String place(Exception malformed) {
        Matcher place = PLACE.matcher(String.valueOf(malformed.getMessage()));
        return place.find() ? " " + place.group() : ", at its end";
    }

    /** Writes prefixes as go-ipam would: its order of members, sorted keys, no white space. */
    public static String write(List<PrefixContent> prefixes) {
        StringWriter text = new StringWriter();
        try (JsonWriter out = new JsonWriter(text)) {
            out.beginArray();
            for (PrefixContent prefix : prefixes) {
                write(out, prefix, "");
            }
            out.endArray();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return text.toString();
    }

    private static void write(JsonWriter out, PrefixContent prefix, String parent) throws IOException {
        Cidr cidr = prefix.cidr();
        List<String> used = new ArrayList<>();
        prefix.leaked().forEach(block -> used.add(block.toString()));
        prefix.children().forEach(child -> used.add(child.cidr().toString()));
        Set<String> ips = new TreeSet<>();
        prefix.acquired().forEach(address -> ips.add(address.toString()));
        if (prefix.firstReserved()) {
            ips.add(cidr.first().toString());
        }
        if (prefix.lastReserved()) {
            ips.add(cidr.last().toString());
        }
        GoIpamElement.write(out, cidr, parent, used, prefix.parentOnly(), ips, prefix.version());
        for (PrefixContent child : prefix.children()) {
            write(out, child, cidr.toString());
        }
    }
}
