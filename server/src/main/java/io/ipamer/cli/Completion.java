package io.ipamer.cli;

import io.ipamer.cli.terminal.Terminal;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Writes what makes shells complete commands and options; the distribution's files are made by it. */
@Command(
        name = "completion",
        description = "Print what makes a shell complete commands and options.",
        footer = {
            "",
            "bash, now:      source <(ipamer completion bash)",
            "bash, for good: ipamer completion bash > ~/.local/share/bash-completion/completions/ipamer",
            "zsh, now:       source <(ipamer completion zsh)",
            "zsh, for good:  ipamer completion zsh > FOLDER/_ipamer, with a FOLDER of $fpath"
        })
final class Completion implements Callable<Integer> {
    private final Terminal terminal;

    @Parameters(paramLabel = "SHELL", description = "Which shell: ${COMPLETION-CANDIDATES}.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Shell shell;

    /** Shells that know completion. */
    enum Shell {
        bash,
        zsh
    }

    Completion(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        String script = AutoComplete.bash("ipamer", Main.commandLine(terminal));
        terminal.out()
                .print(
                        switch (shell) {
                            case bash -> script;
                            // zsh runs what is meant for bash, and says so in the script. From a folder of $fpath it
                            // loads
                            // the file when something is to be completed for the first time: then that is to be done
                            // too.
                            case zsh ->
                                "#compdef ipamer\nfunction compopt { : }\n" + script
                                        + "\nif [ \"$funcstack[1]\" = \"_ipamer\" ]; then\n"
                                        + "  _bash_complete -o default -F _complete_ipamer\nfi\n";
                        });
        return Main.OK;
    }
}
