package io.ipamer.cli.remote;

import io.ipamer.cli.terminal.Terminal;
import picocli.CommandLine.Option;

/** Asks before something that cannot be undone. */
final class Confirmation {
    @Option(
            names = {"-y", "--yes"},
            description = "Do it without asking.")
    private boolean yes;

    /** Comes back only if it is to be done. {@code question}: without a question mark. */
    void require(Terminal terminal, String question) {
        if (!yes && !terminal.confirm(question)) {
            throw new CommandFailure(CommandFailure.REFUSED, "not confirmed: nothing was done");
        }
    }
}
