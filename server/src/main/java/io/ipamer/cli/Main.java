package io.ipamer.cli;

import io.ipamer.app.Build;
import io.ipamer.app.ConfigException;
import io.ipamer.bench.BenchException;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/** The program. Exit codes: 0 fine, 1 failed, 2 wrong use, a setting that cannot be, or an address that is taken. */
@Command(
        name = "ipamer",
        description = "IP address management: hands out prefixes and addresses, and never the same one twice.",
        footer = {"", "Start with: ipamer serve", "More on a command: ipamer COMMAND --help"},
        subcommands = {Serve.class, Migrate.class, CheckConfig.class, BenchCommand.class},
        versionProvider = Main.Version.class,
        mixinStandardHelpOptions = true,
        usageHelpWidth = 100,
        scope = ScopeType.INHERIT,
        synopsisSubcommandLabel = "COMMAND")
public final class Main {
    static final int OK = 0;
    private static final int FAILED = 1;
    private static final int WRONG_USE = 2;

    private Main() {}

    public static void main(String[] args) {
        System.exit(run(args));
    }

    static int run(String... args) {
        CommandLine commandLine = new CommandLine(new Main());
        commandLine.setParameterExceptionHandler((wrong, given) -> {
            complain(wrong.getCommandLine(), wrong.getMessage() + suggestion(wrong) + "; see ipamer --help");
            return WRONG_USE;
        });
        commandLine.setExecutionExceptionHandler((failure, command, parsed) -> {
            if (failure instanceof ConfigException) {
                complain(command, String.valueOf(failure.getMessage()));
                return WRONG_USE;
            }
            if (failure instanceof BenchException) {
                complain(command, String.valueOf(failure.getMessage()));
                return FAILED;
            }
            failure.printStackTrace(command.getErr());
            return FAILED;
        });
        if (args.length == 0) {
            commandLine.usage(commandLine.getOut());
            return WRONG_USE;
        }
        return commandLine.execute(args);
    }

    private static String suggestion(ParameterException wrong) {
        List<String> likely =
                wrong instanceof UnmatchedArgumentException unmatched ? unmatched.getSuggestions() : List.of();
        return likely.isEmpty() ? "" : " (did you mean " + likely.get(0) + "?)";
    }

    /** One line, whatever the message. */
    private static void complain(CommandLine command, String message) {
        command.getErr().println("ipamer: " + message.replaceAll("\\s*\\R\\s*", " "));
        command.getErr().flush();
    }

    /** What {@code --version} prints. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"ipamer " + Build.description()};
        }
    }
}
