package io.ipamer.cli.terminal;

import static java.util.stream.Collectors.joining;

import io.ipamer.address.AddressFamily;
import io.ipamer.address.AddressRange;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A prefix as a picture: rows of cells, each for as many addresses as the others, a power of two. A cell tells by its
 * glyph what is in it and how much of it is taken; where something is taken it never looks free, where something is
 * free it never looks full, however many addresses it stands for.
 *
 * <p>What is in the prefix is added in any order, piece by piece, so that it need not be held. All counts are exact.
 */
public final class BlockMap {
    private static final int MOST_CELLS_A_ROW_BITS = 7;
    private static final int LEAST_CELLS_A_ROW_BITS = 3;
    private static final int USUAL_CELLS_BITS = 10;
    private static final int USUAL_ROWS_BITS = 4;
    private static final int MOST_ROWS_BITS = 5;
    private static final int RULER_STEP = 8;
    private static final BigInteger THREE = BigInteger.valueOf(3);
    private static final BigInteger LONGEST_NUMBER = BigInteger.TEN.pow(15);

    /** What addresses are. What was not added is free. */
    public enum Kind {
        FREE("free"),
        RESERVED("reserved"),
        ACQUIRED("acquired"),
        CHILD("in children"),
        LEAKED("leaked: taken, by no child that is known");

        private final String meaning;

        Kind(String meaning) {
            this.meaning = meaning;
        }
    }

    /** What a cell looks like; the order is that of the legend. */
    private enum Glyph {
        ACQUIRED('█', '#', Style.GREEN),
        ACQUIRED_THIRD('░', ':', Style.GREEN),
        ACQUIRED_TWO_THIRDS('▒', '+', Style.GREEN),
        ACQUIRED_MOSTLY('▓', '*', Style.GREEN),
        CHILD('▚', '=', Style.CYAN),
        CHILD_NEXT('▞', '~', Style.BLUE),
        CHILDREN('▤', '@', Style.CYAN),
        CHILD_THIRD('▂', '_', Style.CYAN),
        CHILD_TWO_THIRDS('▄', 'o', Style.CYAN),
        CHILD_MOSTLY('▆', 'O', Style.CYAN),
        RESERVED('R', 'R', Style.YELLOW),
        RESERVED_PARTLY('r', 'r', Style.YELLOW),
        LEAKED('!', '!', Style.RED),
        FREE('·', '.', Style.DIM);

        private final char unicode;
        private final char ascii;
        private final Style style;

        Glyph(char unicode, char ascii, Style style) {
            this.unicode = unicode;
            this.ascii = ascii;
            this.style = style;
        }

        private char in(Terminal terminal) {
            return terminal.unicode() ? unicode : ascii;
        }
    }

    private static final List<Glyph> ACQUIRED_PARTS =
            List.of(Glyph.ACQUIRED_THIRD, Glyph.ACQUIRED_TWO_THIRDS, Glyph.ACQUIRED_MOSTLY);
    private static final List<Glyph> CHILD_PARTS =
            List.of(Glyph.CHILD_THIRD, Glyph.CHILD_TWO_THIRDS, Glyph.CHILD_MOSTLY);

    /** What is in one cell, apart from what is free. */
    private static final class Cell {
        private final Map<Kind, BigInteger> amounts = new EnumMap<>(Kind.class);
        private int children;
        private boolean nextChild;

        private BigInteger of(Kind kind) {
            return amounts.getOrDefault(kind, BigInteger.ZERO);
        }

        private Glyph glyph(BigInteger size) {
            if (amounts.containsKey(Kind.LEAKED)) {
                return Glyph.LEAKED;
            }
            BigInteger taken = amounts.values().stream().reduce(BigInteger.ZERO, BigInteger::add);
            boolean full = taken.compareTo(size) >= 0;
            if (!amounts.containsKey(Kind.ACQUIRED) && !amounts.containsKey(Kind.CHILD)) {
                return full ? Glyph.RESERVED : Glyph.RESERVED_PARTLY;
            }
            if (of(Kind.ACQUIRED).compareTo(of(Kind.CHILD)) >= 0) {
                return full ? Glyph.ACQUIRED : ACQUIRED_PARTS.get(thirds(taken, size));
            }
            if (!full) {
                return CHILD_PARTS.get(thirds(taken, size));
            }
            if (children > 1) {
                return Glyph.CHILDREN;
            }
            return nextChild ? Glyph.CHILD_NEXT : Glyph.CHILD;
        }

        /** How many thirds of the cell have been passed. */
        private static int thirds(BigInteger taken, BigInteger size) {
            BigInteger three = taken.multiply(THREE);
            if (three.compareTo(size) <= 0) {
                return 0;
            }
            return three.compareTo(size.shiftLeft(1)) <= 0 ? 1 : 2;
        }
    }

    private final Terminal terminal;
    private final Cidr prefix;
    private final BigInteger base;
    private final int cellBits;
    private final int rowBits;
    private final BigInteger cellSize;
    private final @Nullable Cell[] cells;
    private final Map<Kind, BigInteger> totals = new EnumMap<>(Kind.class);
    private boolean nextChild;

    /** An empty one that fits the terminal; its rows are never shorter than eight cells. */
    public BlockMap(Terminal terminal, Cidr prefix) {
        this.terminal = terminal;
        this.prefix = prefix;
        base = number(prefix.first());
        int bits = Math.min(prefix.hostBits(), MOST_CELLS_A_ROW_BITS);
        while (bits > LEAST_CELLS_A_ROW_BITS && labelWidth(prefix, bits) + 1 + (1 << bits) > terminal.width()) {
            bits--;
        }
        rowBits = bits;
        cellBits = cellBits(prefix, bits);
        cellSize = BigInteger.ONE.shiftLeft(cellBits);
        cells = new Cell[1 << (prefix.hostBits() - cellBits)];
    }

    /** How many addresses a cell has, as a power of two, when a row has 2^{@code rowBits} cells. */
    private static int cellBits(Cidr prefix, int rowBits) {
        int rows = Math.min(MOST_ROWS_BITS, Math.max(USUAL_ROWS_BITS, USUAL_CELLS_BITS - rowBits));
        return Math.max(0, prefix.hostBits() - rowBits - rows);
    }

    private static int labelWidth(Cidr prefix, int rowBits) {
        int addressesBits = rowBits + cellBits(prefix, rowBits);
        int width = 0;
        for (int row = 0; row < 1 << (prefix.hostBits() - addressesBits); row++) {
            width = Math.max(width, label(prefix, addressesBits, row).length());
        }
        return width;
    }

    /** The first address of a row. */
    private static String label(Cidr prefix, int addressesBits, int row) {
        IpAddress first = prefix.first();
        for (int bit = 0; row >> bit != 0; bit++) {
            first = (row >> bit & 1) == 0 ? first : first.withBitFlipped(addressesBits + bit);
        }
        return first.toString();
    }

    /**
     * Says what some addresses are. Children that lie side by side look different if they are added one after the other.
     *
     * @param range within the prefix, and with nothing in common with what was added before
     * @throws IllegalArgumentException if the range is not within the prefix
     */
    public void add(AddressRange range, Kind kind) {
        if (!prefix.contains(range.first()) || !prefix.contains(range.last())) {
            throw new IllegalArgumentException(range.first() + " to " + range.last() + " is not within " + prefix);
        }
        if (kind == Kind.FREE) {
            return;
        }
        totals.merge(kind, range.size(), BigInteger::add);
        BigInteger from = number(range.first()).subtract(base);
        BigInteger to = number(range.last()).subtract(base);
        int firstCell = from.shiftRight(cellBits).intValueExact();
        int lastCell = to.shiftRight(cellBits).intValueExact();
        for (int i = firstCell; i <= lastCell; i++) {
            BigInteger amount = cellSize;
            if (i == lastCell) {
                amount = to.subtract(start(i)).add(BigInteger.ONE);
            }
            if (i == firstCell) {
                amount = amount.subtract(from.subtract(start(i)));
            }
            Cell cell = cells[i];
            if (cell == null) {
                cell = new Cell();
                cells[i] = cell;
            }
            cell.amounts.merge(kind, amount, BigInteger::add);
            if (kind == Kind.CHILD) {
                cell.children++;
                cell.nextChild = nextChild;
            }
        }
        nextChild ^= kind == Kind.CHILD;
    }

    private BigInteger start(int cell) {
        return BigInteger.valueOf(cell).shiftLeft(cellBits);
    }

    private static BigInteger number(IpAddress address) {
        return new BigInteger(1, address.toBytes());
    }

    /** The picture: what it is of, the rows, and what the glyphs in them mean. */
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add(terminal.styled(Style.BOLD, prefix.toString()) + ": " + title());
        lines.add("");
        int labelWidth = labelWidth(prefix, rowBits);
        if (cellBits == 0 && 1 << rowBits > RULER_STEP) {
            lines.add(terminal.styled(Style.DIM, ruler(labelWidth)));
        }
        Set<Glyph> used = EnumSet.noneOf(Glyph.class);
        for (int row = 0; row < cells.length >> rowBits; row++) {
            String label = label(prefix, cellBits + rowBits, row);
            lines.add(label + " ".repeat(labelWidth - label.length() + 1) + cells(row, used));
        }
        lines.add("");
        lines.addAll(legend(used));
        return lines;
    }

    private String title() {
        String addresses = count(prefix.size()) + (prefix.hostBits() == 0 ? " address" : " addresses");
        if (cellBits == 0) {
            return addresses + ", one a cell";
        }
        int length = prefix.family().bits() - cellBits;
        return addresses + "; a cell is a /" + length + " of " + count(cellSize) + " addresses";
    }

    /** How far every eighth cell is from the first of its row, in the digits of the family. */
    private String ruler(int labelWidth) {
        StringBuilder ruler = new StringBuilder(" ".repeat(labelWidth + 1));
        int radix = prefix.family() == AddressFamily.IPV4 ? 10 : 16;
        for (int cell = RULER_STEP; cell < 1 << rowBits; cell += RULER_STEP) {
            ruler.append(" ".repeat(labelWidth + 1 + cell - ruler.length()))
                    .append('+')
                    .append(Integer.toString(cell, radix));
        }
        return ruler.toString();
    }

    /** The cells of a row; those that are alike share their colour's code. */
    private String cells(int row, Set<Glyph> used) {
        StringBuilder line = new StringBuilder();
        StringBuilder alike = new StringBuilder();
        Glyph before = null;
        for (int i = row << rowBits; i < (row + 1) << rowBits; i++) {
            Cell cell = cells[i];
            Glyph glyph = cell == null ? Glyph.FREE : cell.glyph(cellSize);
            used.add(glyph);
            if (before != null && before.style != glyph.style) {
                line.append(terminal.styled(before.style, alike.toString()));
                alike.setLength(0);
            }
            alike.append(glyph.in(terminal));
            before = glyph;
        }
        return line + (before == null ? "" : terminal.styled(before.style, alike.toString()));
    }

    private List<String> legend(Set<Glyph> used) {
        List<String> lines = new ArrayList<>();
        BigInteger size = prefix.size();
        Map<Kind, BigInteger> counts = new EnumMap<>(totals);
        BigInteger taken = totals.values().stream().reduce(BigInteger.ZERO, BigInteger::add);
        // Of a prefix that changes while it is read something may be in two places.
        counts.put(Kind.FREE, size.subtract(taken).max(BigInteger.ZERO));
        int width = counts.values().stream()
                .mapToInt(count -> count(count).length())
                .max()
                .orElse(0);
        counts.forEach((kind, count) -> {
            if (kind == Kind.FREE || count.signum() > 0) {
                String number = count(count);
                lines.add(mark(kind) + "  " + " ".repeat(width - number.length()) + number + "  " + percent(count, size)
                        + "  " + kind.meaning);
            }
        });
        if (used.contains(Glyph.CHILDREN)) {
            lines.add(glyph(Glyph.CHILDREN) + "   a cell of several children");
        }
        parts("acquired", ACQUIRED_PARTS, used, lines);
        parts("children", CHILD_PARTS, used, lines);
        if (used.contains(Glyph.RESERVED_PARTLY)) {
            lines.add(glyph(Glyph.RESERVED_PARTLY) + "   some reserved, the rest free");
        }
        return lines;
    }

    private void parts(String what, List<Glyph> parts, Set<Glyph> used, List<String> lines) {
        if (parts.stream().anyMatch(used::contains)) {
            lines.add(parts.stream().map(this::glyph).collect(joining()) + " " + what
                    + ", up to a third, two thirds, less than all of the cell taken");
        }
    }

    /** What a cell that is wholly of the kind looks like, two columns wide. */
    private String mark(Kind kind) {
        return switch (kind) {
            case FREE -> glyph(Glyph.FREE) + ' ';
            case RESERVED -> glyph(Glyph.RESERVED) + ' ';
            case ACQUIRED -> glyph(Glyph.ACQUIRED) + ' ';
            case CHILD -> glyph(Glyph.CHILD) + glyph(Glyph.CHILD_NEXT);
            case LEAKED -> glyph(Glyph.LEAKED) + ' ';
        };
    }

    private String glyph(Glyph glyph) {
        return terminal.styled(glyph.style, String.valueOf(glyph.in(terminal)));
    }

    /** Exact as far as people read numbers; beyond that powers of two are, and others have three digits. */
    private static String count(BigInteger count) {
        if (count.compareTo(LONGEST_NUMBER) < 0) {
            return String.format(Locale.ROOT, "%,d", count);
        }
        return count.bitCount() == 1
                ? "2^" + (count.bitLength() - 1)
                : String.format(Locale.ROOT, "%.2e", count.doubleValue()).replace("e+", "e");
    }

    /** Rounded; but nothing that is there is 0%, and nothing that lacks something is 100%. */
    private static String percent(BigInteger part, BigInteger whole) {
        BigInteger doubled = part.multiply(BigInteger.valueOf(2_000)).add(whole);
        int mills = doubled.divide(whole.shiftLeft(1)).intValueExact();
        if (mills == 0 && part.signum() > 0) {
            return " <0.1%";
        }
        if (mills == 1_000 && part.compareTo(whole) < 0) {
            return ">99.9%";
        }
        return String.format(Locale.ROOT, "%6s", mills / 10 + "." + mills % 10 + "%");
    }
}
