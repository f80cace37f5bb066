package io.ipamer.store.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ipamer.store.sql.Schema.Begun;
import io.ipamer.store.sql.Schema.Migration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Which history a program can work with. */
class SchemaTest {
    private static final Migration ONE = migration(1, 1, "one");
    private static final Migration TWO = migration(2, 1, "two");
    private static final Schema SCHEMA = new Schema(List.of(ONE, TWO));

    private static Migration migration(int version, int servesFrom, String table) {
        return Schema.migration(
                version,
                "-- serves-from: " + servesFrom + "\n-- What it is for.\nCREATE TABLE IF NOT EXISTS " + table
                        + " (\n  id UUID NOT NULL\n);\n\nDELETE FROM one;\n");
    }

    private static Begun done(Migration migration) {
        return new Begun(migration.version(), migration.servesFrom(), migration.checksum(), true);
    }

    @Test
    void theProgramsMigrationsAreNumberedFromOneAndServeNobodyNewer() {
        List<Migration> migrations = Schema.ofProgram().migrations();
        assertThat(migrations).isNotEmpty();
        for (int i = 0; i < migrations.size(); i++) {
            assertThat(migrations.get(i).version()).isEqualTo(i + 1);
            assertThat(migrations.get(i).servesFrom()).isBetween(1, i + 1);
        }
    }

    @Test
    void aMigrationIsItsStatementsWithoutItsComments() {
        assertThat(ONE.statements())
                .containsExactly("CREATE TABLE IF NOT EXISTS one (\n  id UUID NOT NULL\n);\n", "DELETE FROM one;\n");
        assertThat(Schema.migration(1, "-- serves-from: 1\n" + String.join("-- Put better.\n", ONE.statements())))
                .isEqualTo(ONE);
    }

    @Test
    void aMigrationMustSayWhomItServes() {
        assertThatThrownBy(() -> Schema.migration(2, "-- What it is for.\n-- serves-from: 1\nDELETE FROM one;\n"))
                .hasMessage("migration 2 does not begin with -- serves-from: VERSION");
    }

    @Test
    void anOlderHistoryOfTheSameTextsIsFine() {
        assertThat(SCHEMA.objection(List.of())).isEmpty();
        assertThat(SCHEMA.objection(List.of(done(ONE)))).isEmpty();
        assertThat(SCHEMA.objection(List.of(done(ONE), done(TWO)))).isEmpty();
    }

    @Test
    void aNewerOneIsFineWhenItServesTheProgram() {
        assertThat(SCHEMA.objection(
                        List.of(done(ONE), done(TWO), new Begun(3, 2, "x", true), new Begun(4, 2, "y", true))))
                .isEmpty();
    }

    @Test
    void aNewerOneThatDoesNotIsRefused() {
        assertThat(SCHEMA.objection(
                        List.of(done(ONE), done(TWO), new Begun(3, 1, "x", true), new Begun(4, 3, "y", true))))
                .hasValue("its schema has version 4, which serves programs from version 3 on, and this program has"
                        + " version 2: start a newer Ipamer");
    }

    @Test
    void anotherTextIsRefused() {
        assertThat(SCHEMA.objection(List.of(done(ONE), new Begun(2, 1, "x", true))))
                .hasValue("version 2 of its schema was made by another text than this program's: only the build that"
                        + " made it can use it");
    }

    @Test
    void aTableOfThatNameIsOursOnlyWithAllItsColumnsAndNoOther() {
        Schema schema = Schema.ofProgram();
        assertThat(schema.foreignTable(Map.of("namespace", Set.of("ns_id", "name"), "others", Set.of("id"))))
                .isEmpty();
        assertThat(schema.foreignTable(Map.of("namespace", Set.of("ns_id", "name", "id"))))
                .hasValue("namespace");
        assertThat(schema.foreignTable(Map.of("namespace", Set.of("ns_id")))).hasValue("namespace");
        assertThat(schema.foreignTable(Map.of("secret", Set.of("name", "value"))))
                .isEmpty();
        assertThat(schema.foreignTable(Map.of("secret", Set.of("name", "word"))))
                .hasValue("secret");
    }

    @Test
    void ofTheColumnsThatATableWasGivenLaterAnyMayBeThere() {
        Schema schema = new Schema(List.of(
                Schema.migration(
                        1,
                        "-- serves-from: 1\nCREATE TABLE IF NOT EXISTS one (\n  id UUID NOT NULL,\n  name TEXT NULL\n);\n"),
                Schema.migration(2, "-- serves-from: 1\nALTER TABLE one ADD COLUMN IF NOT EXISTS note TEXT NULL;\n"),
                Schema.migration(
                        3, "-- serves-from: 1\nALTER TABLE one ADD COLUMN IF NOT EXISTS many BIGINT NULL;\n")));

        for (Set<String> ours : List.of(
                Set.of("id", "name"),
                Set.of("id", "name", "note"),
                Set.of("id", "name", "many"),
                Set.of("id", "name", "note", "many"))) {
            assertThat(schema.foreignTable(Map.of("one", ours)))
                    .as(ours.toString())
                    .isEmpty();
        }
        for (Set<String> theirs : List.of(
                Set.of("id"),
                Set.of("id", "note", "many"),
                Set.of("note", "many"),
                Set.of("id", "name", "note", "many", "more"),
                Set.of("id", "name", "more"))) {
            assertThat(schema.foreignTable(Map.of("one", theirs)))
                    .as(theirs.toString())
                    .hasValue("one");
        }
    }

    @Test
    void aNewerOneRefusesFromItsBeginningOnWhomItDoesNotServe() {
        List<Begun> history = List.of(done(ONE), done(TWO), new Begun(3, 3, "x", false), new Begun(4, 1, "y", false));

        assertThat(SCHEMA.objection(history))
                .hasValue("its schema is on its way to version 4, which serves programs from version 3 on, and this"
                        + " program has version 2: start a newer Ipamer");
        assertThat(Schema.version(history)).isEqualTo(2);
    }

    @Test
    void everyStatementEndsAtTheEndOfALine() {
        assertThatThrownBy(() -> Schema.migration(2, "-- serves-from: 1\nDELETE FROM one;\nDELETE FROM two\n"))
                .hasMessage("migration 2 does not end in ;");
        assertThatThrownBy(() -> Schema.migration(2, "-- serves-from: 1\nDELETE FROM one; \nDELETE FROM two;\n"))
                .hasMessage("migration 2 has a ; that is not at the end of its line: DELETE FROM one; ");
    }
}
