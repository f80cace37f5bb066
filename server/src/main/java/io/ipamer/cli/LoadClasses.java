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
    private static final List<String> LINES = List.of(
            "--help",
            "bench acquire --duration 100ms --warm-up 0s --target TARGET",
            "prefix create 10.0.0.0/16 --owner a --label a=b --server TARGET",
            "prefix list --server TARGET",
            "prefix get 10.0.0.0/16 -o json --server TARGET",
            "child acquire 10.0.0.0/16 --length 24 --server TARGET",
            "ip acquire 10.0.0.0/24 --owner a --label a=b --server TARGET",
            "ip acquire 10.0.0.0/24 --count 2 -o json --server TARGET",
            "ip list 10.0.0.0/24 --server TARGET",
            "ip release 10.0.0.0/24 10.0.0.1 --server TARGET",
            "lookup 10.0.0.2 --server TARGET",
            "usage --server TARGET",
            "usage 10.0.0.0/24 --server TARGET",
            "free 10.0.0.0/24 --server TARGET",
            "map 10.0.0.0/24 --server TARGET",
            "overlap 10.0.0.0/8 --server TARGET",
            "dump --server TARGET",
            "namespace list --server TARGET",
            "health --server TARGET");

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
