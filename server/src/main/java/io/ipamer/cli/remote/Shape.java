package io.ipamer.cli.remote;

import com.google.gson.stream.JsonWriter;
import io.ipamer.cli.terminal.Table;
import java.io.IOException;

/** How one kind of thing is shown: as a row for people, as an object for programs. */
interface Shape<T> {
    /** Adds the columns. */
    Table columns(Table table);

    /** As many as columns. */
    String[] cells(T thing);

    /** Writes the object, whole. */
    void write(JsonWriter json, T thing) throws IOException;
}
