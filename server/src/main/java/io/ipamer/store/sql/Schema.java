package io.ipamer.store.sql;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The tables that a program needs, as migrations from nothing: {@code schema/1.sql}, {@code schema/2.sql} and so on. */
final class Schema {
    private static final Pattern SERVES_FROM = Pattern.compile("-- serves-from: ([1-9][0-9]*)\n.*", Pattern.DOTALL);
    private static final Pattern TABLE = Pattern.compile("CREATE TABLE IF NOT EXISTS ([a-z_]+) \\(");
    private static final Pattern ADDED_COLUMN =
            Pattern.compile("ALTER TABLE ([a-z_]+) ADD COLUMN IF NOT EXISTS ([a-z_]+) ");
    private static final Pattern COLUMN = Pattern.compile("^  ([a-z_]+) +[A-Z]", Pattern.MULTILINE);

    private final List<Migration> migrations;

    /**
     * A step from the version before.
     *
     * @param version from 1, without a gap
     * @param servesFrom the lowest version whose programs can work with what this step leaves, while it is done too
     * @param statements each may be run again, also when an earlier run of all of them got further
     */
    record Migration(int version, int servesFrom, List<String> statements) {
        /** Of the statements alone: comments may be put better. */
        String checksum() {
            try {
                byte[] text = String.join("", statements).getBytes(StandardCharsets.UTF_8);
                return HexFormat.of()
                        .formatHex(MessageDigest.getInstance("SHA-256").digest(text));
            } catch (NoSuchAlgorithmException missing) {
                throw new IllegalStateException("every Java platform has SHA-256", missing);
            }
        }
    }

    /** A migration that was begun, as the database knows it. */
    record Begun(int version, int servesFrom, String checksum, boolean finished) {}

    /**
     * The columns of a table of ours.
     *
     * @param first those that it was made with
     * @param later those that it was given by other statements
     */
    private record Table(Set<String> first, Set<String> later) {
        boolean canHave(Set<String> columns) {
            return columns.containsAll(first)
                    && columns.stream().allMatch(name -> first.contains(name) || later.contains(name));
        }
    }

    /** {@code migrations}: by version, 1 first. */
    Schema(List<Migration> migrations) {
        this.migrations = List.copyOf(migrations);
    }

    /** What this program needs. */
    static Schema ofProgram() {
        List<Migration> migrations = new ArrayList<>();
        for (int version = 1; ; version++) {
            String text = text("schema/" + version + ".sql");
            if (text == null) {
                return new Schema(migrations);
            }
            migrations.add(migration(version, text));
        }
    }

    static Migration migration(int version, String text) {
        Matcher servesFrom = SERVES_FROM.matcher(text);
        if (!servesFrom.matches()) {
            throw new IllegalStateException("migration " + version + " does not begin with -- serves-from: VERSION");
        }
        return new Migration(version, Integer.parseInt(servesFrom.group(1)), statements("migration " + version, text));
    }

    /** What makes the table of the migrations that were done. */
    static List<String> history() {
        String text = text("schema/history.sql");
        if (text == null) {
            throw new IllegalStateException("schema/history.sql is missing from the program");
        }
        return statements("schema/history.sql", text);
    }

    /** One statement each: CockroachDB changes a schema by one at a time. */
    private static List<String> statements(String name, String text) {
        List<String> statements = new ArrayList<>();
        StringBuilder statement = new StringBuilder();
        for (String line : text.split("\n")) {
            if (line.startsWith("--") || line.isBlank()) {
                continue;
            }
            statement.append(line).append('\n');
            int end = line.indexOf(';');
            if (end >= 0 && end < line.length() - 1) {
                throw new IllegalStateException(name + " has a ; that is not at the end of its line: " + line);
            }
            if (end >= 0) {
                statements.add(statement.toString());
                statement.setLength(0);
            }
        }
        if (statement.length() > 0) {
            throw new IllegalStateException(name + " does not end in ;");
        }
        return List.copyOf(statements);
    }

    private static @Nullable String text(String name) {
        try (InputStream file = Schema.class.getResourceAsStream(name)) {
            return file == null ? null : new String(file.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    List<Migration> migrations() {
        return migrations;
    }

    int version() {
        return migrations.size();
    }

    /** The last one that was finished. */
    static int version(List<Begun> history) {
        return history.stream()
                .filter(Begun::finished)
                .mapToInt(Begun::version)
                .max()
                .orElse(0);
    }

    /** The lowest version whose programs can work with what is there; 0 when there is nothing. */
    static int servesFrom(List<Begun> history) {
        return history.stream().mapToInt(Begun::servesFrom).max().orElse(0);
    }

    /** Why a program with this schema must leave a database with that history alone; empty when it need not. */
    Optional<String> objection(List<Begun> history) {
        for (Begun begun : history) {
            if (begun.version() <= version()
                    && !begun.checksum()
                            .equals(migrations.get(begun.version() - 1).checksum())) {
                return Optional.of("version " + begun.version() + " of its schema was made by another text than this"
                        + " program's: only the build that made it can use it");
            }
        }
        List<Begun> newer =
                history.stream().filter(begun -> begun.version() > version()).toList();
        if (servesFrom(newer) <= version()) {
            return Optional.empty();
        }
        Begun newest = newer.get(newer.size() - 1);
        return Optional.of("its schema " + (newest.finished() ? "has" : "is on its way to") + " version "
                + newest.version() + ", which serves programs from version " + servesFrom(newer)
                + " on, and this program has version " + version() + ": start a newer Ipamer");
    }

    /**
     * A table that has the name of one of ours, but is not that one: ours has all columns that it was made with, and no
     * others but those that it was given later, of which some may be missing yet.
     *
     * @param columns of the tables that are there, by table
     */
    Optional<String> foreignTable(Map<String, Set<String>> columns) {
        Map<String, Table> ours = tables();
        return columns.entrySet().stream()
                .filter(found -> {
                    Table table = ours.get(found.getKey());
                    return table != null && !table.canHave(found.getValue());
                })
                .map(Map.Entry::getKey)
                .sorted()
                .findFirst();
    }

    private Map<String, Table> tables() {
        Map<String, Table> tables = new HashMap<>();
        for (Migration migration : migrations) {
            for (String statement : migration.statements()) {
                Matcher made = TABLE.matcher(statement);
                Matcher added = ADDED_COLUMN.matcher(statement);
                if (made.lookingAt()) {
                    Set<String> columns = COLUMN.matcher(statement)
                            .results()
                            .map(column -> column.group(1))
                            .collect(Collectors.toSet());
                    tables.put(made.group(1), new Table(columns, new HashSet<>()));
                } else if (added.lookingAt()) {
                    Objects.requireNonNull(tables.get(added.group(1)), statement)
                            .later()
                            .add(added.group(2));
                }
            }
        }
        return tables;
    }
}
