package io.ipamer.transfer;

import com.google.gson.stream.JsonWriter;
import io.ipamer.address.Cidr;
import io.ipamer.ipam.Exports;
import io.ipamer.model.Allocation;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Metadata;
import io.ipamer.model.Reason;
import io.ipamer.model.Reservation;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Ipamer's own text of a whole namespace: lines of JSON, see docs/export-format.md. */
final class IpamerText {
    static final int VERSION = 1;

    private IpamerText() {}

    /** Brings the rows of a text to an import. What is wrong with a line is told, and the next one looked at. */
    static void read(InputStream in, Intake intake, Report report) {
        new Reading(new Lines(in), intake, report).run();
    }

    private static final class Reading {
        private final Lines lines;
        private final Intake intake;
        private final Report report;
        private final Deque<Intake.Place> around = new ArrayDeque<>();

        /** Where leaked blocks and addresses go; null when that line cannot be understood. */
        private Intake.@Nullable Place place;

        private boolean begun;
        private long prefixes;
        private long leaked;
        private long addresses;
        private IpamerLine.@Nullable End end;

        Reading(Lines lines, Intake intake, Report report) {
            this.lines = lines;
            this.intake = intake;
            this.report = report;
        }

        void run() {
            if (!lines.advance()) {
                report.refused(
                        Math.max(1, lines.number()),
                        Reason.INVALID_DUMP,
                        "the text is empty: not even its first line is there");
                return;
            }
            if (!header()) {
                return;
            }
            while (lines.advance()) {
                IpamerLine line;
                String text = "";
                try {
                    text = lines.text();
                    line = IpamerLine.read(text);
                } catch (IpamerException wrong) {
                    report.refused(lines.number(), wrong.reason(), wrong.getMessage());
                    passOver(text);
                    continue;
                }
                if (end != null) {
                    report.refused(lines.number(), Reason.INVALID_DUMP, "there is a line behind the last");
                } else {
                    take(line);
                }
            }
            check(end);
        }

        private boolean header() {
            try {
                if (IpamerLine.read(lines.text()) instanceof IpamerLine.Header header) {
                    if (header.version() == VERSION) {
                        return true;
                    }
                    throw IpamerLine.invalid("the text is of version " + header.version() + ": only version " + VERSION
                            + " is understood");
                }
                throw IpamerLine.invalid("the first line must be {\"ipamer\":" + VERSION + ",...}");
            } catch (IpamerException wrong) {
                report.refused(lines.number(), Reason.INVALID_DUMP, wrong.getMessage());
                return false;
            }
        }

        /** What follows a line that may have begun a prefix has no place. */
        private void passOver(String text) {
            if (text.isEmpty() || IpamerLine.beginsPrefix(text)) {
                begun = true;
                place = null;
            }
        }

        private void take(IpamerLine line) {
            if (line instanceof IpamerLine.Prefix prefix) {
                prefixes++;
                begun = true;
                place = place(prefix);
            } else if (line instanceof IpamerLine.Leaked one) {
                leaked++;
                if (isInPrefix()) {
                    if (one.masked()) {
                        mended("host bits of the leaked block are cleared: " + one.block());
                    }
                    if (place != null) {
                        intake.leaked(place, lines.number(), one.block());
                    }
                }
            } else if (line instanceof IpamerLine.Address one) {
                addresses++;
                if (isInPrefix() && place != null) {
                    intake.address(place, lines.number(), one.item(), lines.bytes());
                }
            } else if (line instanceof IpamerLine.End last) {
                end = last;
            } else {
                report.refused(lines.number(), Reason.INVALID_DUMP, "there is a second first line");
            }
        }

        private void mended(String message) {
            report.mended(lines.number(), Reason.INVALID_CIDR, message);
        }

        private boolean isInPrefix() {
            if (!begun) {
                report.refused(lines.number(), Reason.INVALID_DUMP, "the line comes before that of its prefix");
            }
            return begun;
        }

        private Intake.Place place(IpamerLine.Prefix prefix) {
            Cidr cidr = prefix.cidr();
            if (prefix.masked()) {
                mended("host bits are cleared: " + cidr);
            }
            while (!around.isEmpty() && !isInside(cidr, around.getLast().cidr())) {
                around.removeLast();
            }
            Intake.Row row = new Intake.Row(
                    lines.number(),
                    cidr,
                    prefix.reservation(),
                    prefix.firstReserved(),
                    prefix.lastReserved(),
                    prefix.metadata());
            Intake.Place made = prefix.parent() == null ? intake.prefix(row) : placeIn(prefix.parent(), row);
            if (prefix.parentOnly()) {
                intake.parentOnly(made, lines.number());
            }
            around.addLast(made);
            return made;
        }

        private static boolean isInside(Cidr inner, Cidr outer) {
            return outer.length() < inner.length() && outer.contains(inner);
        }

        private Intake.Place placeIn(Cidr parentCidr, Intake.Row row) {
            for (Intake.Place outer : around) {
                if (outer.cidr().equals(parentCidr)) {
                    return intake.prefix(row, outer);
                }
            }
            Intake.Place parent = intake.find(parentCidr);
            return parent == null ? intake.orphan(row, parentCidr) : intake.prefix(row, parent);
        }

        private void check(IpamerLine.@Nullable End last) {
            if (last == null) {
                report.refused(
                        lines.number(),
                        Reason.INVALID_DUMP,
                        "the text is cut off: its last line, with end, is missing");
                return;
            }
            count("prefixes", last.prefixes(), prefixes);
            count("leaked", last.leaked(), leaked);
            count("addresses", last.addresses(), addresses);
        }

        private void count(String what, long said, long found) {
            if (said != found && report.refused() == 0) {
                report.refused(
                        lines.number(),
                        Reason.INVALID_DUMP,
                        "the last line says " + said + " " + what + ", but there are " + found);
            }
        }
    }

    /** Writes lines; not closed, as whoever gave the text will do that. */
    static final class Writing implements NamespaceWriter {
        private final Writer out;

        /** Those written that the next one may lie in, outermost first. */
        private final Deque<Exports.Standing> around = new ArrayDeque<>();

        private long prefixes;
        private long leaked;
        private long addresses;

        Writing(Writer out) {
            this.out = out;
        }

        private interface Members {
            void write(JsonWriter json) throws IOException;
        }

        private void line(Members members) {
            try {
                JsonWriter json = new JsonWriter(out);
                json.beginObject();
                members.write(json);
                json.endObject();
                out.write('\n');
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        }

        @Override
        public void begin(String namespace) {
            line(json -> json.name("ipamer").value(VERSION).name("namespace").value(namespace));
        }

        @Override
        public boolean wantsChildren() {
            return false;
        }

        @Override
        public void children(List<io.ipamer.model.Prefix> children) {
            throw new IllegalStateException("children write their own lines");
        }

        /** Not one that came up after what it overlaps was written: it would contradict that. */
        @Override
        public boolean wants(io.ipamer.model.Prefix prefix) {
            while (!around.isEmpty() && !around.getLast().prefix().cidr().contains(prefix.cidr())) {
                around.removeLast();
            }
            Exports.Standing outer = around.peekLast();
            return outer == null
                    ? prefix.parentId() == null
                    : outer.givesPrefixes() && outer.prefix().id().equals(prefix.parentId());
        }

        @Override
        public void prefix(Exports.Standing standing) {
            prefixes++;
            around.addLast(standing);
            io.ipamer.model.Prefix prefix = standing.prefix();
            Reservation reservation = prefix.reservation();
            line(json -> {
                json.name("cidr").value(prefix.cidr().toString());
                if (prefix.parentCidr() != null) {
                    json.name("parent").value(prefix.parentCidr().toString());
                }
                if (reservation == Reservation.NONE) {
                    json.name("reservation").value("none");
                }
                if (standing.firstReserved() != reservation.reservesFirst()) {
                    json.name("reserved_first").value(standing.firstReserved());
                }
                if (standing.lastReserved() != reservation.reservesLast(prefix.cidr())) {
                    json.name("reserved_last").value(standing.lastReserved());
                }
                if (standing.parentOnly()) {
                    json.name("parent_only").value(true);
                }
                json.name("id").value(prefix.id().toString());
                write(json, prefix.metadata());
            });
        }

        @Override
        public void leaked(List<Cidr> blocks) {
            leaked += blocks.size();
            blocks.forEach(block -> line(json -> json.name("leaked").value(block.toString())));
        }

        @Override
        public void allocations(List<Allocation> allocations) {
            addresses += allocations.size();
            for (Allocation allocation : allocations) {
                line(json -> {
                    json.name("address").value(allocation.address().toString());
                    json.name("allocation_id").value(allocation.id().toString());
                    write(json, allocation.metadata());
                });
            }
        }

        private static void write(JsonWriter json, Metadata metadata) throws IOException {
            if (!metadata.owner().isEmpty()) {
                json.name("owner").value(metadata.owner());
            }
            if (!metadata.labels().isEmpty()) {
                json.name("labels").beginObject();
                for (var label : metadata.labels().entrySet()) {
                    json.name(label.getKey()).value(label.getValue());
                }
                json.endObject();
            }
            if (!metadata.description().isEmpty()) {
                json.name("description").value(metadata.description());
            }
        }

        @Override
        public void gone() {
            // It had no line yet.
        }

        @Override
        public void end() {
            line(json -> {
                json.name("end").beginObject();
                json.name("prefixes").value(prefixes);
                json.name("leaked").value(leaked);
                json.name("addresses").value(addresses);
                json.endObject();
            });
        }
    }
}
