package io.ipamer.cli.remote;

import io.ipamer.cli.remote.Options.NamespaceOption;
import io.ipamer.cli.terminal.Terminal;
import io.ipamer.client.Ipamer;
import java.io.IOException;
import picocli.CommandLine.Mixin;

/** A command about what is in one namespace. */
abstract class NamespacedCommand extends RemoteCommand {
    @Mixin
    private final NamespaceOption namespace = new NamespaceOption();

    NamespacedCommand(Terminal terminal) {
        super(terminal);
    }

    @Override
    final int run(Target target, Ipamer ipamer, Output output) throws IOException {
        return run(namespace.of(ipamer, System::getenv), output);
    }

    /** Asks; the exit code. {@code ipamer} is a view of the namespace. */
    abstract int run(Ipamer ipamer, Output output) throws IOException;

    final String namespace() {
        return namespace.name(System::getenv);
    }
}
