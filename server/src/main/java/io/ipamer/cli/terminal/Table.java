package io.ipamer.cli.terminal;

import java.util.ArrayList;
import java.util.List;

/**
 * Rows in columns, for people. Columns are as wide as the first rows need, so that any number of rows can pass through:
 * those that come later stand as well as they can.
 *
 * <p>A table that is wider than the terminal has its free text cut; addresses and numbers never are, and nothing is
 * where there is no terminal. Cells are texts of others: {@link Printable} makes them harmless.
 */
public final class Table {
    private static final int ROWS_MEASURED = 1_000;
    private static final int LEAST_TEXT = 8;
    private static final String GAP = "  ";

    private enum Kind {
        NAME,
        NUMBER,
        TEXT
    }

    private record Column(String header, Kind kind) {}

    private final Terminal terminal;
    private final List<Column> columns = new ArrayList<>();
    private final List<String[]> waiting = new ArrayList<>();
    private int[] widths = new int[0];
    private boolean begun;

    public Table(Terminal terminal) {
        this.terminal = terminal;
    }

    /** Adds a column that is never cut, such as addresses. */
    public Table column(String header) {
        return add(header, Kind.NAME);
    }

    /** Adds a column that is aligned to the right and never cut. */
    public Table number(String header) {
        return add(header, Kind.NUMBER);
    }

    /** Adds a column of free text, which is cut where a terminal is too narrow. */
    public Table text(String header) {
        return add(header, Kind.TEXT);
    }

    private Table add(String header, Kind kind) {
        columns.add(new Column(header, kind));
        return this;
    }

    /** Adds a row; the first ones are shown when there are enough to tell how wide columns are, or at the end. */
    public void row(String... cells) {
        if (cells.length != columns.size()) {
            throw new IllegalArgumentException(cells.length + " cells for " + columns.size() + " columns");
        }
        String[] row = new String[cells.length];
        for (int i = 0; i < cells.length; i++) {
            row[i] = Printable.of(cells[i]);
        }
        if (begun) {
            print(row, false);
            return;
        }
        waiting.add(row);
        if (waiting.size() == ROWS_MEASURED) {
            begin();
        }
    }

    /** Shows what is not shown yet. A table without rows is its headers. */
    public void end() {
        if (!begun) {
            begin();
        }
        terminal.out().flush();
    }

    private void begin() {
        begun = true;
        widths = columns.stream()
                .mapToInt(column -> Printable.width(column.header()))
                .toArray();
        for (String[] row : waiting) {
            for (int i = 0; i < row.length; i++) {
                widths[i] = Math.max(widths[i], Printable.width(row[i]));
            }
        }
        if (terminal.onTerminal()) {
            narrow();
        }
        print(columns.stream().map(Column::header).toArray(String[]::new), true);
        waiting.forEach(row -> print(row, false));
        waiting.clear();
    }

    /** Takes columns from the widest texts, one at a time, until the table fits or no text can give any more. */
    private void narrow() {
        int over = -terminal.width();
        for (int i = 0; i < widths.length; i++) {
            over += widths[i] + (i == 0 ? 0 : GAP.length());
        }
        for (; over > 0; over--) {
            int widest = -1;
            for (int i = 0; i < widths.length; i++) {
                boolean gives = columns.get(i).kind() == Kind.TEXT
                        && widths[i]
                                > Math.max(
                                        LEAST_TEXT,
                                        Printable.width(columns.get(i).header()));
                if (gives && (widest < 0 || widths[i] > widths[widest])) {
                    widest = i;
                }
            }
            if (widest < 0) {
                return;
            }
            widths[widest]--;
        }
    }

    private void print(String[] cells, boolean header) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < cells.length; i++) {
            Column column = columns.get(i);
            boolean cuts = terminal.onTerminal() && column.kind() == Kind.TEXT;
            String cell = cuts ? Printable.cut(cells[i], widths[i], terminal.unicode() ? "…" : "~") : cells[i];
            String padding = " ".repeat(Math.max(0, widths[i] - Printable.width(cell)));
            line.append(i == 0 ? "" : GAP);
            line.append(column.kind() == Kind.NUMBER ? padding + cell : cell + padding);
        }
        String text = line.toString().stripTrailing();
        terminal.out().println(header ? terminal.styled(Style.BOLD, text) : text);
    }
}
