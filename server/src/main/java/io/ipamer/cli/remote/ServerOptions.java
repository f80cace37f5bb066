package io.ipamer.cli.remote;

import io.ipamer.cli.remote.Converters.NotEmpty;
import io.ipamer.cli.remote.Converters.Time;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Which server is asked and how its answer is shown: the same for every command that asks one. */
final class ServerOptions {
    @Option(
            names = "--server",
            paramLabel = "HOST:PORT",
            description = "The server; https:// before it means --tls. Default: IPAMER_SERVER, else 127.0.0.1:9090.")
    private @Nullable String server;

    @Option(
            names = "--tls",
            description = "Speak TLS, with a server whose certificate is trusted on this machine or by --ca.")
    private boolean tls;

    @Option(
            names = "--ca",
            paramLabel = "FILE",
            converter = NotEmpty.File.class,
            description = "Trust the PEM certificates of this file in place of the machine's. Means --tls.")
    private @Nullable Path ca;

    @Option(
            names = "--timeout",
            paramLabel = "TIME",
            converter = Time.class,
            description =
                    "How long to wait for each answer (500ms, 20s, 2m). Default: 20s. dump and load take what they"
                            + " take: it does not end them.")
    private @Nullable Duration timeout;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORM",
            defaultValue = "table",
            description = "How to answer: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Form form;

    /** How answers are written. */
    enum Form {
        table,
        json
    }

    boolean json() {
        return form == Form.json;
    }

    /** {@code variables}: the environment. What is set to nothing is not set. */
    Target target(CommandSpec spec, UnaryOperator<@Nullable String> variables) {
        String variable = given(variables.apply("IPAMER_SERVER"));
        String name = server == null && variable != null ? "IPAMER_SERVER" : "--server";
        String text = server != null ? server : variable != null ? variable : "127.0.0.1:9090";
        try {
            return Target.read(name, text, tls, ca, given(variables.apply("IPAMER_TOKEN")), timeout);
        } catch (IllegalArgumentException wrongUse) {
            throw new ParameterException(spec.commandLine(), wrongUse.getMessage(), wrongUse);
        }
    }

    static @Nullable String given(@Nullable String value) {
        return value == null || value.isEmpty() ? null : value;
    }
}
