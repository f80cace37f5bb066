package io.ipamer.cli.remote;

import com.google.gson.stream.JsonWriter;
import io.ipamer.cli.terminal.Printable;
import io.ipamer.cli.terminal.Table;
import io.ipamer.cli.terminal.Terminal;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Iterator;
import java.util.Map;
import java.util.stream.Stream;

/** Shows answers: as tables and sentences for people, or as JSON for programs. */
final class Output {
    private static final int ROWS_BETWEEN_LOOKS = 500;
    private static final String INDENT = "  ";

    private final Terminal terminal;
    private final boolean json;

    Output(Terminal terminal, boolean json) {
        this.terminal = terminal;
        this.json = json;
    }

    boolean json() {
        return json;
    }

    /** An answer that is one thing: a row, or an object. */
    <T> void one(Shape<T> shape, T thing) throws IOException {
        if (json) {
            object(writer -> shape.write(writer, thing));
            return;
        }
        Table table = shape.columns(new Table(terminal));
        table.row(shape.cells(thing));
        table.end();
    }

    /** An answer that is one thing, in all detail: a line a fact, or an object. */
    <T> void detail(Shape<T> shape, T thing, Map<String, String> facts) throws IOException {
        if (json) {
            object(writer -> shape.write(writer, thing));
        } else {
            facts(facts);
        }
    }

    /** An answer that says what was done: a sentence, or an object. */
    void done(String sentence, Body body) throws IOException {
        if (json) {
            object(body);
        } else {
            terminal.out().println(Printable.of(sentence));
        }
    }

    /** Lines of names and values. */
    void facts(Map<String, String> facts) {
        int width = 0;
        for (String name : facts.keySet()) {
            width = Math.max(width, name.length());
        }
        for (Map.Entry<String, String> fact : facts.entrySet()) {
            String name = fact.getKey();
            String value = fact.getValue().isEmpty() ? "-" : Printable.of(fact.getValue());
            terminal.out().println(name + " ".repeat(width - name.length()) + INDENT + value);
        }
    }

    /** An answer that is a list: rows, or an array. Takes no more memory for more of them. */
    <T> void list(Shape<T> shape, Stream<T> things) throws IOException {
        Listing<T> listing = listing(shape);
        Iterator<T> left = things.iterator();
        while (left.hasNext()) {
            if (!listing.add(left.next())) {
                return;
            }
        }
        listing.end();
    }

    /** The same, for things that come by and by. After a failure it is left without its end: it is not whole. */
    <T> Listing<T> listing(Shape<T> shape) {
        return new Listing<>(shape);
    }

    void object(Body body) throws IOException {
        JsonWriter writer = new JsonWriter(new HarmlessJson(terminal.out()));
        writer.setIndent(INDENT);
        body.write(writer);
        terminal.out().println();
    }

    /** Writes one object. */
    interface Body {
        void write(JsonWriter json) throws IOException;
    }

    /** A list that is being shown. */
    final class Listing<T> {
        private final Shape<T> shape;
        private final Table table;
        private long count;

        Listing(Shape<T> shape) {
            this.shape = shape;
            this.table = new Table(terminal);
            if (json) {
                terminal.out().print('[');
            } else {
                shape.columns(table);
            }
        }

        /** False if nobody reads on, as when {@code head} has what it wanted. */
        boolean add(T thing) throws IOException {
            if (json) {
                PrintWriter out = terminal.out();
                out.println(count == 0 ? "" : ",");
                JsonWriter writer = new JsonWriter(new HarmlessJson(out));
                shape.write(writer, thing);
            } else {
                table.row(shape.cells(thing));
            }
            count++;
            return count % ROWS_BETWEEN_LOOKS != 0 || !terminal.out().checkError();
        }

        void end() {
            if (json) {
                if (count > 0) {
                    terminal.out().println();
                }
                terminal.out().println(']');
            } else {
                table.end();
            }
        }
    }
}
