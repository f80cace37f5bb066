package io.ipamer.it;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Commands that a page shows, each with what it prints.
 *
 * @param line where it begins in the page, from 1
 */
record ConsoleBlock(int line, List<Command> commands) {
    private static final String FENCE = "```";
    private static final String PROMPT = "$ ";
    private static final String CONTINUED = "\\";

    /** Where a word is a command: at the beginning, behind a pipe or a semicolon, in parentheses, in a loop. */
    private static final Pattern PROGRAM =
            Pattern.compile("(?:^|[|;(&]|\\b(?:do|then)\\b)\\s*([A-Za-z][\\w.-]*)(?=\\s|$)");

    /** Those that ask a server; a block with one of them is for the test to run. */
    private static final Set<String> CLIENTS = Set.of("grpcurl", "curl", "buf");

    /**
     * @param text what is typed behind the prompt
     * @param shown what the page says that it prints
     */
    record Command(String text, List<String> shown) {
        Set<String> programs() {
            Set<String> programs = new TreeSet<>();
            for (Matcher matcher = PROGRAM.matcher(text); matcher.find(); ) {
                programs.add(matcher.group(1));
            }
            return programs;
        }
    }

    /**
     * The blocks of a page that ask a server, in order. Such commands in a block of another kind, which would have nothing
     * to be compared with, are an error of the page.
     */
    static List<ConsoleBlock> of(Path page) throws IOException {
        List<ConsoleBlock> blocks = new ArrayList<>();
        List<String> lines = Files.readAllLines(page);
        for (int i = 0; i < lines.size(); i++) {
            if (!lines.get(i).startsWith(FENCE)) {
                continue;
            }
            int begin = i++;
            while (!lines.get(i).equals(FENCE)) {
                i++;
            }
            List<String> content = lines.subList(begin + 1, i);
            if (lines.get(begin).equals(FENCE + "console")) {
                ConsoleBlock block = new ConsoleBlock(begin + 1, commands(content));
                if (block.asksAServer()) {
                    blocks.add(block);
                }
            } else if (content.stream().anyMatch(line -> asksAServer(new Command(line, List.of())))) {
                throw new AssertionError(page + ":" + (begin + 1) + ": show this as a console block with its output");
            }
        }
        return blocks;
    }

    private static List<Command> commands(List<String> lines) {
        List<Command> commands = new ArrayList<>();
        for (int i = 0; i < lines.size(); ) {
            StringBuilder text = new StringBuilder(lines.get(i++).substring(PROMPT.length()));
            while (text.toString().endsWith(CONTINUED)) {
                text.append('\n').append(lines.get(i++));
            }
            List<String> shown = new ArrayList<>();
            while (i < lines.size() && !lines.get(i).startsWith(PROMPT)) {
                shown.add(lines.get(i++));
            }
            commands.add(new Command(text.toString(), List.copyOf(shown)));
        }
        return commands;
    }

    private boolean asksAServer() {
        return commands.stream().anyMatch(ConsoleBlock::asksAServer);
    }

    private static boolean asksAServer(Command command) {
        return command.programs().stream().anyMatch(CLIENTS::contains);
    }

    /** What must be on the machine to run it. */
    Set<String> programs() {
        Set<String> programs = new TreeSet<>();
        commands.forEach(command -> programs.addAll(command.programs()));
        programs.removeAll(Arrays.asList("while", "do", "done", "echo", "read"));
        return programs;
    }
}
