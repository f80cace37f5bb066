package io.ipamer.cli;

import io.ipamer.app.Config;
import io.ipamer.app.ConfigException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Shows the settings that a server would run with. */
@Command(
        name = "check-config",
        description = "Show the settings that serve would use and where each came from; exit 2 when one cannot be.")
final class CheckConfig implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Mixin
    private final Settings settings = new Settings();

    @Override
    public Integer call() throws ConfigException {
        Config config = settings.read(System.getenv());
        PrintWriter out = spec.commandLine().getOut();
        for (Config.Setting setting : Config.Setting.values()) {
            Config.Origin origin = config.origin(setting);
            out.printf("%s=%s  (%s)%n", setting.key(), origin.value(), origin.source());
        }
        out.flush();
        return Main.OK;
    }
}
