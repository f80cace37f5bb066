package io.ipamer.store.sql;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A statement of {@link Sql} or of the schema. */
record SqlText(String name, String sql) {
    private static final Pattern PARAMETER = Pattern.compile("(?<!:):([a-z]\\w*)(?:::([A-Z0-9]+\\[]))?");

    /** As which type the driver sends a parameter that is not cast. */
    private static final Map<String, String> TYPES = new HashMap<>();

    static {
        TYPES.putAll(Map.of("scope_id", "UUID", "space_id", "UUID", "ns_id", "UUID", "after", "UUID"));
        TYPES.putAll(Map.of("seq", "INT8", "after_seq", "INT8"));
        TYPES.putAll(Map.of("limit", "INT4", "af", "INT4", "plen", "INT4", "first", "BYTEA", "name", "VARCHAR"));
        TYPES.putAll(Map.of("addr", "BYTEA", "last", "BYTEA", "last_af", "INT4", "after_plen", "INT4"));
        TYPES.putAll(Map.of("tag_key", "VARCHAR", "tag_value", "VARCHAR", "after_name", "VARCHAR"));
        TYPES.putAll(Map.of("version", "INT4", "serves_from", "INT4", "checksum", "VARCHAR"));
    }

    /** All that is ever sent, by name. */
    static List<SqlText> all() {
        List<SqlText> texts = new ArrayList<>();
        for (Field field : Sql.class.getDeclaredFields()) {
            // Private ones are parts of others.
            if (field.getType() == String.class && !Modifier.isPrivate(field.getModifiers())) {
                try {
                    texts.add(new SqlText(field.getName(), (String) Objects.requireNonNull(field.get(null))));
                } catch (IllegalAccessException unreadable) {
                    throw new AssertionError(unreadable);
                }
            }
        }
        return texts;
    }

    /** All that makes the tables, in order. */
    static List<String> schemaStatements() {
        List<String> statements = new ArrayList<>(Schema.history());
        Schema.ofProgram().migrations().forEach(migration -> statements.addAll(migration.statements()));
        return statements;
    }

    static List<SqlText> schema() {
        List<SqlText> texts = new ArrayList<>();
        for (String statement : schemaStatements()) {
            texts.add(new SqlText(
                    "SCHEMA_" + (texts.size() + 1), statement.strip().replaceAll(";$", "")));
        }
        return texts;
    }

    /** Begins or ends a transaction, which is executed and never prepared. */
    boolean isOfTransactions() {
        return sql.startsWith("BEGIN") || sql.equals("COMMIT") || sql.equals("ROLLBACK");
    }

    /** Prepares it with the types and numbers that the driver gives its parameters. */
    String prepareAs(String statement) {
        List<String> types = new ArrayList<>();
        Matcher parameter = PARAMETER.matcher(sql);
        String numbered = parameter.replaceAll(found -> {
            String cast = found.group(2);
            types.add(cast == null ? Objects.requireNonNull(TYPES.get(found.group(1)), found.group(1)) : cast);
            return "\\$" + types.size() + (cast == null ? "" : "::" + cast);
        });
        return "PREPARE " + statement + (types.isEmpty() ? "" : "(" + String.join(", ", types) + ")") + " AS "
                + numbered;
    }

    String execute(String statement) {
        int count = (int) PARAMETER.matcher(sql).results().count();
        String[] nulls = new String[count];
        Arrays.fill(nulls, "NULL");
        return "EXECUTE " + statement + (count == 0 ? "" : "(" + String.join(", ", nulls) + ")");
    }

    @Override
    public String toString() {
        return name;
    }
}
