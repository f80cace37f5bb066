package io.ipamer.cli;

import io.ipamer.app.Config;
import io.ipamer.app.ConfigException;
import io.ipamer.app.DatabaseSchema;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Changes the schema of the database as an operator, so that servers need not have the right to. */
@Command(
        name = "migrate",
        description = "Bring the database's schema to this program's version, and end. Servers may run meanwhile.",
        footer = {
            "",
            "Takes the settings of serve. Waits for a database that is not there for half a minute.",
            "",
            "Exit code: 0 when the schema has this program's version or serves it, 2 when that cannot be."
        })
final class Migrate implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Mixin
    private final Settings settings = new Settings();

    @Override
    public Integer call() throws ConfigException {
        Config config = settings.read(System.getenv());
        String schema = DatabaseSchema.migrate(config);
        PrintWriter out = spec.commandLine().getOut();
        out.println("schema: " + schema);
        out.flush();
        return Main.OK;
    }
}
