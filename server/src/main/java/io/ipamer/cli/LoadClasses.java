package io.ipamer.cli;

import io.ipamer.app.IpamerServer;
import io.ipamer.cli.terminal.Terminal;
import java.io.PrintWriter;
import java.io.Writer;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/**
 * Runs what other commands run, against a server of its own and with nobody to see it, so that all classes are loaded
 * that they need. The launcher has the JVM archive them.
 */
@Command(name = "load-classes", hidden = true, description = "Load the classes of the other commands.")
final class LoadClasses implements Callable<Integer> {
    /** Command lines that use what there is; {@code TARGET} is the server. */
    private static final List<String> LINES =
            List.of("--help", "bench acquire --duration 100ms --warm-up 0s --target TARGET");

    @Override
    public Integer call() {
        PrintWriter nowhere = new PrintWriter(Writer.nullWriter());
        Terminal terminal = new Terminal(nowhere, nowhere, true, true, true, Terminal.USUAL_WIDTH, true, null);
        int worst = Main.OK;
        try (IpamerServer server = IpamerServer.inMemory()) {
            for (String line : LINES) {
                String[] words =
                        line.replace("TARGET", "127.0.0.1:" + server.grpcPort()).split(" ");
                worst = Math.max(worst, Main.run(terminal, words));
            }
        }
        return worst;
    }
}
