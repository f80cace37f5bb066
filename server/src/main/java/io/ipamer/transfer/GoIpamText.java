package io.ipamer.transfer;

import com.google.gson.JsonParseException;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;
import io.ipamer.address.AddressFormatException;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.ipam.Exports;
import io.ipamer.model.Allocation;
import io.ipamer.model.IpamerException;
import io.ipamer.model.LoadItem;
import io.ipamer.model.Metadata;
import io.ipamer.model.Prefix;
import io.ipamer.model.Reason;
import io.ipamer.model.Reservation;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * go-ipam's dump as a stream, an element at a time; see {@link GoIpamDump} for what an element means. Its elements are in
 * any order: one that comes before its parent waits, within bounds, and only at the end it is known which parents are
 * missing and which marks belong to no element. So marks are kept in memory, addresses are not.
 */
final class GoIpamText {
    private static final Pattern LINE = Pattern.compile("at line (\\d+)");
    private static final long MOST_BYTES = 64 << 20;
    private static final int MOST_WAITING = 1_000_000;
    private static final int BYTES_OF_AN_ADDRESS = 32;

    private GoIpamText() {}

    /** Brings the rows of a text to an import. Behind what is no JSON nothing is looked at. */
    static void read(InputStream in, Intake intake, Report report) {
        Bounded bounded = new Bounded(in);
        JsonReader json = new JsonReader(new InputStreamReader(
                bounded,
                StandardCharsets.UTF_8
                        .newDecoder()
                        .onMalformedInput(CodingErrorAction.REPORT)
                        .onUnmappableCharacter(CodingErrorAction.REPORT)));
        new Reading(bounded, json, intake, report).run();
    }

    /** A text whose elements have a bounded length each: they are held in memory. */
    private static final class Bounded extends FilterInputStream {
        private long bytes;

        Bounded(InputStream in) {
            super(in);
        }

        void nextElement() {
            bytes = 0;
        }

        @Override
        public int read() throws IOException {
            int one = super.read();
            count(1);
            return one;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            int read = super.read(into, offset, length);
            count(read);
            return read;
        }

        private void count(int more) {
            bytes += more;
            if (bytes > MOST_BYTES) {
                throw new IpamerException(
                        Reason.INVALID_DUMP, "an element of the dump is longer than " + MOST_BYTES + " bytes");
            }
        }
    }

    /**
     * An element that is understood.
     *
     * @param used blocks marked as used
     * @param released blocks marked as released
     */
    private record Element(
            long line,
            Cidr cidr,
            @Nullable Cidr parent,
            boolean isParent,
            SortedSet<IpAddress> ips,
            List<Cidr> used,
            List<Cidr> released) {
        Intake.Row row() {
            boolean first = ips.contains(cidr.first());
            boolean last = Reservation.FIRST_AND_LAST.reservesLast(cidr) && ips.contains(cidr.last());
            return new Intake.Row(
                    line,
                    cidr,
                    first || last ? Reservation.FIRST_AND_LAST : Reservation.NONE,
                    first,
                    last,
                    Metadata.NONE);
        }

        boolean isReserved(IpAddress address) {
            return address.equals(cidr.first())
                    || (address.equals(cidr.last()) && Reservation.FIRST_AND_LAST.reservesLast(cidr));
        }

        int size() {
            return 1 + ips.size() + used.size() + released.size();
        }
    }

    /** A prefix that was brought. */
    private static final class Brought {
        private final long line;
        private final Intake.Place place;
        private final boolean isParent;

        /** Where it was put; null for a top-level prefix. */
        private final @Nullable Cidr parent;

        /** Released, as far as was said before their elements came. */
        private final Set<Cidr> released;

        /** Used, and no element has come for them yet. */
        private final TreeSet<Cidr> marks;

        private boolean hasChildren;

        Brought(Element element, @Nullable Cidr parent, Intake.Place place) {
            this.line = element.line;
            this.place = place;
            this.isParent = element.isParent;
            this.parent = parent;
            this.released = new HashSet<>(element.released);
            this.marks = new TreeSet<>(element.used);
        }
    }

    private static final class Reading {
        private final Bounded bounded;
        private final JsonReader json;
        private final Intake intake;
        private final Report report;
        private final Map<Cidr, Brought> brought = new HashMap<>();
        private final TreeMap<Cidr, List<Element>> waitingByParent = new TreeMap<>();
        private int waiting;

        Reading(Bounded bounded, JsonReader json, Intake intake, Report report) {
            this.bounded = bounded;
            this.json = json;
            this.intake = intake;
            this.report = report;
        }

        void run() {
            try {
                if (json.peek() == JsonToken.NULL) {
                    json.nextNull();
                } else {
                    json.beginArray();
                    while (json.hasNext()) {
                        bounded.nextElement();
                        take(line(), GoIpamElement.read(json));
                    }
                    json.endArray();
                }
                if (json.peek() != JsonToken.END_DOCUMENT) {
                    report.refused(line(), Reason.INVALID_DUMP, "there is text after its end");
                }
            } catch (IOException | IllegalStateException | JsonParseException | NumberFormatException malformed) {
                report.refused(
                        line(),
                        Reason.INVALID_DUMP,
                        "the text is no JSON array of prefixes as go-ipam writes them, or it is cut off: nothing"
                                + " behind this is looked at");
            }
            takeOrphans();
            brought.values().forEach(this::finish);
        }

        private long line() {
            Matcher line = LINE.matcher(json.toString());
            return line.find() ? Long.parseLong(line.group(1)) : 1;
        }

        private void take(long line, GoIpamElement text) {
            Cidr cidr = cidr(line, text.cidr(), "Cidr");
            if (cidr == null) {
                return;
            }
            Cidr parent = null;
            if (!text.parentCidr().isEmpty()) {
                parent = cidr(line, text.parentCidr(), "ParentCidr of " + cidr);
                if (parent == null) {
                    return;
                }
            }
            List<Cidr> used = new ArrayList<>();
            List<Cidr> released = new ArrayList<>();
            text.children().forEach((block, available) -> {
                if (available) {
                    addReleased(block, released);
                } else {
                    Cidr known = cidr(line, block, "AvailableChildPrefixes of " + cidr);
                    if (known != null) {
                        used.add(known);
                    }
                }
            });
            TreeSet<IpAddress> ips = new TreeSet<>();
            text.ips().forEach(ip -> add(line, cidr, ip, ips));
            Element element = new Element(line, cidr, parent, text.isParent(), ips, used, released);
            if (parent == null || brought.containsKey(parent)) {
                bring(element, false);
            } else {
                waiting += element.size();
                if (waiting > MOST_WAITING) {
                    report.refused(
                            line,
                            Reason.INVALID_DUMP,
                            "more than " + MOST_WAITING
                                    + " addresses wait for parents that come later: put parents before their children");
                    waiting -= element.size();
                    return;
                }
                waitingByParent
                        .computeIfAbsent(parent, none -> new ArrayList<>())
                        .add(element);
            }
        }

        private @Nullable Cidr cidr(long line, String text, String where) {
            try {
                Cidr cidr = Cidr.parse(text);
                if (IpamerLine.isMasked(text, cidr)) {
                    report.mended(line, Reason.INVALID_CIDR, where + ": host bits are cleared: " + cidr);
                }
                return cidr;
            } catch (AddressFormatException malformed) {
                report.refused(line, Reason.INVALID_CIDR, where + ": " + malformed.getMessage());
                return null;
            }
        }

        /** What is wrong with a mark that says nothing of what is there does not matter. */
        private static void addReleased(String text, List<Cidr> released) {
            try {
                released.add(Cidr.parse(text));
            } catch (AddressFormatException malformed) {
                // No element can have that CIDR.
            }
        }

        private void add(long line, Cidr cidr, String text, Set<IpAddress> ips) {
            try {
                IpAddress address = IpAddress.parse(text);
                if (cidr.contains(address)) {
                    ips.add(address);
                } else {
                    report.refused(
                            line,
                            Reason.ADDRESS_OUTSIDE_PREFIX,
                            "IPs of " + cidr + ": address " + address + " does not lie in it");
                }
            } catch (AddressFormatException malformed) {
                report.refused(line, Reason.INVALID_ADDRESS, "IPs of " + cidr + ": " + malformed.getMessage());
            }
        }

        /** With all that waited for it. */
        private void bring(Element first, boolean isOrphan) {
            Queue<Element> next = new ArrayDeque<>(List.of(first));
            boolean orphan = isOrphan;
            for (Element element = next.poll(); element != null; element = next.poll()) {
                bringOne(element, orphan);
                orphan = false;
                List<Element> children = waitingByParent.remove(element.cidr);
                if (children != null) {
                    children.forEach(child -> waiting -= child.size());
                    next.addAll(children);
                }
            }
        }

        private void bringOne(Element element, boolean orphan) {
            Cidr parentCidr = orphan ? innermostAround(element.cidr) : element.parent;
            if (orphan) {
                report.mended(
                        element.line,
                        Reason.PREFIX_NOT_FOUND,
                        "prefix " + element.cidr + ": its parent " + element.parent + " is missing; it becomes "
                                + (parentCidr == null ? "a top-level prefix" : "a child of " + parentCidr));
            }
            Brought parent = parentCidr == null ? null : brought.get(parentCidr);
            Intake.Place place;
            if (parent == null) {
                place = intake.prefix(element.row());
            } else {
                if (parent.released.remove(element.cidr)) {
                    report.mended(
                            element.line,
                            Reason.PREFIX_TAKEN,
                            "prefix " + element.cidr + ": its parent " + parentCidr
                                    + " has it marked as released; it is in use");
                }
                place = intake.prefix(element.row(), parent.place);
                parent.marks.remove(element.cidr);
                parent.hasChildren = true;
            }
            for (IpAddress ip : element.ips) {
                if (!element.isReserved(ip)) {
                    intake.address(place, element.line, new LoadItem(null, ip, Metadata.NONE), BYTES_OF_AN_ADDRESS);
                }
            }
            Brought before =
                    brought.putIfAbsent(element.cidr, new Brought(element, parent == null ? null : parentCidr, place));
            if (before != null) {
                element.used.stream()
                        .filter(block -> !isBrought(block, element.cidr))
                        .forEach(before.marks::add);
            }
        }

        private boolean isBrought(Cidr child, Cidr parent) {
            Brought known = brought.get(child);
            return known != null && parent.equals(known.parent);
        }

        private @Nullable Cidr innermostAround(Cidr cidr) {
            for (int length = cidr.length() - 1; length >= 0; length--) {
                Cidr outer = Cidr.of(cidr.first(), length);
                if (brought.containsKey(outer)) {
                    return outer;
                }
            }
            return null;
        }

        /** First those whose parent comes nowhere, outer ones before inner ones; then what waits for each other in a circle. */
        private void takeOrphans() {
            Set<Cidr> known = new HashSet<>();
            waitingByParent.values().forEach(some -> some.forEach(element -> known.add(element.cidr)));
            List<Element> outermost = new ArrayList<>();
            waitingByParent.entrySet().removeIf(entry -> {
                boolean isMissing = !known.contains(entry.getKey());
                if (isMissing) {
                    outermost.addAll(entry.getValue());
                }
                return isMissing;
            });
            outermost.sort(Comparator.comparing(Element::cidr));
            outermost.forEach(this::takeOrphan);
            while (!waitingByParent.isEmpty()) {
                waitingByParent.pollFirstEntry().getValue().forEach(this::takeOrphan);
            }
        }

        private void takeOrphan(Element orphan) {
            waiting -= orphan.size();
            bring(orphan, !brought.containsKey(orphan.parent));
        }

        /** What is known of a prefix only at the end. */
        private void finish(Brought prefix) {
            if (prefix.marks.isEmpty()) {
                if (prefix.isParent && !prefix.hasChildren) {
                    intake.parentOnly(prefix.place, prefix.line);
                }
                return;
            }
            for (Cidr block : prefix.marks) {
                report.mended(
                        prefix.line,
                        Reason.PREFIX_NOT_FOUND,
                        "block " + block + " in " + prefix.place.cidr()
                                + " is marked as used, but there is no such prefix: it becomes a leaked block");
                intake.leaked(prefix.place, prefix.line, block);
            }
        }
    }

    /** Writes an element for each prefix, parents before what is in them. */
    static final class Writing implements NamespaceWriter {
        private final JsonWriter out;

        /** Those that the prefix at hand may lie in, outermost first. */
        private final Deque<Open> around = new ArrayDeque<>();

        private @Nullable Prefix reading;
        private Exports.@Nullable Standing standing;
        private final List<String> ips = new ArrayList<>();
        private final List<String> used = new ArrayList<>();
        private final TreeMap<Cidr, Prefix> children = new TreeMap<>();

        /**
         * A prefix that was written.
         *
         * @param unwritten children that it had then
         */
        private record Open(Prefix prefix, TreeMap<Cidr, Prefix> unwritten) {}

        Writing(Writer out) {
            this.out = new JsonWriter(out);
        }

        private interface Step {
            void take() throws IOException;
        }

        private static void write(Step step) {
            try {
                step.take();
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        }

        @Override
        public void begin(String namespace) {
            write(out::beginArray);
        }

        /** Not one that came up after its parent was written: it would contradict that. */
        @Override
        public boolean wants(Prefix prefix) {
            flush();
            closeBefore(prefix.cidr());
            Open parent = around.peekLast();
            boolean wanted = parent == null
                    ? prefix.parentId() == null
                    : parent.prefix.id().equals(prefix.parentId()) && parent.unwritten.remove(prefix.cidr()) != null;
            reading = wanted ? prefix : null;
            return wanted;
        }

        @Override
        public boolean wantsChildren() {
            return true;
        }

        @Override
        public void prefix(Exports.Standing now) {
            standing = now;
        }

        @Override
        public void children(List<Prefix> some) {
            some.forEach(child -> {
                children.put(child.cidr(), child);
                used.add(child.cidr().toString());
            });
        }

        @Override
        public void leaked(List<Cidr> blocks) {
            blocks.forEach(block -> used.add(block.toString()));
        }

        @Override
        public void allocations(List<Allocation> allocations) {
            allocations.forEach(allocation -> ips.add(allocation.address().toString()));
        }

        @Override
        public void gone() {
            if (reading != null && reading.parentId() != null) {
                writeGone(reading);
            }
            reading = null;
        }

        @Override
        public void end() {
            flush();
            while (!around.isEmpty()) {
                close(around.removeLast());
            }
            write(() -> {
                out.endArray();
                out.flush();
            });
        }

        private void flush() {
            Exports.Standing read = standing;
            standing = null;
            if (read == null) {
                return;
            }
            Prefix prefix = read.prefix();
            Cidr cidr = prefix.cidr();
            if (read.firstReserved()) {
                ips.add(cidr.first().toString());
            }
            if (read.lastReserved()) {
                ips.add(cidr.last().toString());
            }
            write(() ->
                    GoIpamElement.write(out, cidr, parentOf(prefix), used, read.givesPrefixes(), ips, read.revision()));
            around.addLast(new Open(prefix, new TreeMap<>(children)));
            ips.clear();
            used.clear();
            children.clear();
        }

        private void closeBefore(Cidr next) {
            while (!around.isEmpty() && !around.getLast().prefix.cidr().contains(next)) {
                close(around.removeLast());
            }
        }

        /** Children that were there and are no more were empty: so they are written, or their blocks would leak. */
        private void close(Open prefix) {
            prefix.unwritten.values().forEach(this::writeGone);
        }

        private void writeGone(Prefix prefix) {
            Cidr cidr = prefix.cidr();
            List<String> reserved = new ArrayList<>(2);
            if (prefix.reservation().reservesFirst()) {
                reserved.add(cidr.first().toString());
            }
            if (prefix.reservation().reservesLast(cidr)) {
                reserved.add(cidr.last().toString());
            }
            write(() -> GoIpamElement.write(out, cidr, parentOf(prefix), List.of(), false, reserved, 0));
        }

        private static String parentOf(Prefix prefix) {
            return prefix.parentCidr() == null ? "" : prefix.parentCidr().toString();
        }
    }
}
