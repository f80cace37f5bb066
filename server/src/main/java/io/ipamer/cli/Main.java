package io.ipamer.cli;

import io.ipamer.app.Build;
import io.ipamer.app.ConfigException;
import io.ipamer.bench.BenchException;
import io.ipamer.cli.remote.CommandFailure;
import io.ipamer.cli.remote.RemoteCommands;
import io.ipamer.cli.remote.StandardOutput;
import io.ipamer.cli.terminal.LostText;
import io.ipamer.cli.terminal.NoAnswerException;
import io.ipamer.cli.terminal.Printable;
import io.ipamer.cli.terminal.Terminal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The program. Exit codes: 0 fine, 1 failed or refused by the server, 2 wrong use, a setting that cannot be, or an
 * address that is taken, 3 the server cannot be reached, 130 Ctrl-C, which the JVM sees to.
 */
@Command(
        name = "ipamer",
        description = "IP address management: hands out prefixes and addresses, and never the same one twice.",
        footer = {"", "Start with: ipamer serve", "More on a command: ipamer COMMAND --help"},
        versionProvider = Main.Version.class,
        mixinStandardHelpOptions = true,
        scope = ScopeType.INHERIT,
        synopsisSubcommandLabel = "COMMAND")
public final class Main {
    static final int OK = 0;
    private static final int FAILED = 1;
    private static final int WRONG_USE = 2;

    private static final int NARROWEST_HELP = 60;
    private static final int WIDEST_HELP = 100;

    /** By name and in the order of the help. Classes are named behind suppliers: what is not run is not loaded. */
    private static final Map<String, Supplier<Class<?>>> COMMANDS = new LinkedHashMap<>();

    static {
        COMMANDS.put("serve", () -> Serve.class);
        COMMANDS.put("migrate", () -> Migrate.class);
        COMMANDS.put("check-config", () -> CheckConfig.class);
        COMMANDS.put("bench", () -> BenchCommand.class);
        COMMANDS.putAll(RemoteCommands.byName());
        COMMANDS.put("completion", () -> Completion.class);
        COMMANDS.put("load-classes", () -> LoadClasses.class);
    }

    private Main() {}

    public static void main(String[] args) {
        System.exit(run(Terminal.ofProcess(), args));
    }

    static int run(Terminal terminal, String... typed) {
        String[] args = withoutHelpCommand(typed);
        Supplier<Class<?>> only = args.length == 0 ? null : COMMANDS.get(args[0]);
        CommandLine commandLine = only == null ? commandLine(terminal) : commandLine(terminal, Map.of(args[0], only));
        try {
            if (args.length == 0) {
                commandLine.usage(terminal.out());
                return WRONG_USE;
            }
            String lost = LostText.complaint(System.getProperty("sun.jnu.encoding"), args);
            if (lost != null) {
                complain(terminal, lost);
                return WRONG_USE;
            }
            int exitCode = commandLine.execute(args);
            if (exitCode == OK) {
                StandardOutput.requireTaken(terminal);
            }
            return exitCode;
        } catch (CommandFailure notTaken) {
            return failed(terminal, notTaken);
        } finally {
            terminal.out().flush();
            terminal.err().flush();
        }
    }

    /** {@code ipamer help ip acquire} is what {@code ipamer ip acquire --help} is. */
    private static String[] withoutHelpCommand(String... args) {
        if (args.length == 0 || !args[0].equals("help")) {
            return args;
        }
        List<String> about = new ArrayList<>(List.of(args).subList(1, args.length));
        if (about.isEmpty() || COMMANDS.containsKey(about.get(0))) {
            about.add("--help");
        }
        return about.toArray(String[]::new);
    }

    /** The program with all of its commands. */
    static CommandLine commandLine(Terminal terminal) {
        return commandLine(terminal, COMMANDS);
    }

    /** The program with some of its commands: to look at what a command can be told takes time, and only one is run. */
    private static CommandLine commandLine(Terminal terminal, Map<String, Supplier<Class<?>>> chosen) {
        Commands commands = new Commands(terminal);
        CommandLine commandLine = new CommandLine(new Main(), commands);
        chosen.forEach((name, type) -> commandLine.addSubcommand(name, new CommandLine(type.get(), commands)));
        return commandLine
                .setExpandAtFiles(false) // an owner or description may begin with @: no file is read for it
                .setOut(terminal.out())
                .setErr(terminal.err())
                .setColorScheme(CommandLine.Help.defaultColorScheme(terminal.colours() ? Ansi.ON : Ansi.OFF))
                .setUsageHelpWidth(
                        terminal.onTerminal()
                                ? Math.max(NARROWEST_HELP, Math.min(terminal.width(), WIDEST_HELP))
                                : WIDEST_HELP)
                .setParameterExceptionHandler((wrong, given) -> {
                    boolean optionsFirst = given.length > 0
                            && given[0].startsWith("-")
                            && Arrays.stream(given).anyMatch(COMMANDS::containsKey);
                    complain(
                            terminal,
                            optionsFirst
                                    ? "options stand behind the command; see ipamer --help"
                                    : named(String.valueOf(wrong.getMessage())) + suggestion(wrong) + "; see "
                                            + wrong.getCommandLine()
                                                    .getCommandSpec()
                                                    .qualifiedName() + " --help");
                    return WRONG_USE;
                })
                .setExecutionExceptionHandler((failure, command, parsed) -> failed(terminal, failure));
    }

    /** Says what went wrong; the exit code. A failure that nobody thought of shows where it happened. */
    private static int failed(Terminal terminal, Exception failure) {
        int exitCode;
        if (failure instanceof ConfigException || failure instanceof NoAnswerException) {
            exitCode = WRONG_USE;
        } else if (failure instanceof BenchException) {
            exitCode = FAILED;
        } else if (failure instanceof CommandFailure command) {
            exitCode = command.exitCode();
        } else {
            failure.printStackTrace(terminal.err());
            return FAILED;
        }
        complain(terminal, String.valueOf(failure.getMessage()));
        return exitCode;
    }

    /** Says what is wrong by the name that people typed, where picocli counts positions. */
    private static String named(String message) {
        return message.replaceFirst("^Invalid value for positional parameter at index \\S+ \\((.*?)\\): ", "$1: ")
                .replaceFirst("^Invalid value for option '(\\S+)'( \\(.*?\\))?: ", "$1: ")
                .replaceFirst("'(.*)' is not an int$", "it must be a whole number of at most 2147483647, not \"$1\"");
    }

    private static String suggestion(ParameterException wrong) {
        if (!(wrong instanceof UnmatchedArgumentException unmatched)) {
            return "";
        }
        // Picocli finds something like everything; who mistypes a word mostly has its first letter and its length
        // right.
        String typed = unmatched.getUnmatched().get(0);
        String start = typed.replaceFirst("^(-*.).*", "$1");
        return unmatched.getSuggestions().stream()
                .filter(likely -> likely.startsWith(start) && Math.abs(likely.length() - typed.length()) <= 2)
                .findFirst()
                .map(likely -> " (did you mean " + likely + "?)")
                .orElse("");
    }

    /** One line, whatever the message. */
    private static void complain(Terminal terminal, String message) {
        terminal.out().flush();
        terminal.err().println("ipamer: " + Printable.of(message.replaceAll("\\s*\\R\\s*", " ")));
    }

    /** What {@code --version} prints. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"ipamer " + Build.description()};
        }
    }
}
