package io.ipamer.cli.remote;

import io.ipamer.client.Ipamer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which namespace a command is about. */
final class NamespaceOption {
    @Option(
            names = {"-n", "--namespace"},
            paramLabel = "NAME",
            converter = NotEmpty.class,
            description = "The namespace. Default: IPAMER_NAMESPACE, else root.")
    private @Nullable String namespace;

    Ipamer of(Ipamer ipamer, UnaryOperator<@Nullable String> variables) {
        return ipamer.inNamespace(name(variables));
    }

    String name(UnaryOperator<@Nullable String> variables) {
        if (namespace != null) {
            return namespace;
        }
        String variable = ServerOptions.given(variables.apply("IPAMER_NAMESPACE"));
        return variable == null ? "root" : variable;
    }
}
