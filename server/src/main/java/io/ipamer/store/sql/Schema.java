package io.ipamer.store.sql;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The tables, as {@code schema.sql} has them. */
final class Schema {
    private Schema() {}

    /** One statement each: CockroachDB changes a schema by one at a time. */
    static List<String> statements() {
        List<String> statements = new ArrayList<>();
        StringBuilder statement = new StringBuilder();
        for (String line : text().split("\n")) {
            if (line.startsWith("--") || line.isBlank()) {
                continue;
            }
            statement.append(line).append('\n');
            if (line.endsWith(";")) {
                statements.add(statement.toString());
                statement.setLength(0);
            }
        }
        return statements;
    }

    private static String text() {
        try (InputStream file = Schema.class.getResourceAsStream("schema.sql")) {
            if (file == null) {
                throw new IllegalStateException("schema.sql is missing from the program");
            }
            return new String(file.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
