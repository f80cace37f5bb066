package io.ipamer.cli;

import io.ipamer.bench.Bench;
import io.ipamer.bench.BenchException;
import io.ipamer.bench.BenchSettings;
import io.ipamer.bench.ContractKind;
import io.ipamer.bench.Progress;
import io.ipamer.bench.Report;
import io.ipamer.bench.Scenario;
import io.ipamer.cli.remote.Converters.Time;
import io.ipamer.cli.terminal.Terminal;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Measures a server. */
@Command(
        name = "bench",
        description =
                "Measure a server that speaks ipamer.v1 or go-ipam's api.v1, and check its answers meanwhile: exit"
                        + " 1 when it gives out what is held already, or a call fails. Works in a namespace of its own, which"
                        + " it removes at the end.",
        footer = {
            "",
            "acquire          takes addresses",
            "acquire-release  each caller takes an address and gives it back, in turn",
            "child            takes /64 prefixes out of a /32",
            "create-prefix    creates top-level prefixes",
            "read             reads a prefix",
            "fill             as acquire-release, beside 10, 100, 1,000 ... acquired ones"
        })
final class BenchCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Parameters(paramLabel = "SCENARIO", description = "What the callers do: ${COMPLETION-CANDIDATES}.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Scenario scenario;

    @Option(
            names = "--target",
            paramLabel = "HOST:PORT[,...]",
            defaultValue = "127.0.0.1:9090",
            description = "The server, without TLS; or several that share a database, separated by commas. Default:"
                    + " ${DEFAULT-VALUE}.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String target;

    @Option(
            names = "--contract",
            paramLabel = "NAME",
            defaultValue = "ipamer.v1",
            description = "What to speak: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private ContractKind contract;

    @Option(
            names = "--prefixes",
            paramLabel = "N",
            defaultValue = "1",
            description = "Prefixes that the calls are spread over at random. Default: ${DEFAULT-VALUE}.")
    private int prefixes;

    @Option(
            names = "--callers",
            paramLabel = "N",
            defaultValue = "64",
            description = "Calls under way at a time, at most. Default: ${DEFAULT-VALUE}.")
    private int callers;

    @Option(
            names = "--channels",
            paramLabel = "N",
            defaultValue = "1",
            description = "Connections that the callers share. Default: ${DEFAULT-VALUE}.")
    private int channels;

    @Option(
            names = "--duration",
            paramLabel = "TIME",
            defaultValue = "10s",
            converter = Time.class,
            description = "How long to measure (500ms, 10s, 5m); with fill at each level. Default: ${DEFAULT-VALUE}.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Duration duration;

    @Option(
            names = "--warm-up",
            paramLabel = "TIME",
            defaultValue = "5s",
            converter = Time.class,
            description = "How long to call before that without measuring. Default: ${DEFAULT-VALUE}.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Duration warmUp;

    @Option(
            names = "--rate",
            paramLabel = "N",
            defaultValue = "0",
            description = {
                "Calls a second, however slow the answers: latencies count from when a call was due.",
                "Default: 0, each caller calls again when it has its answer."
            })
    private double rate;

    @Option(
            names = "--request-ids",
            description = "Send a request id with each call that changes something (ipamer.v1 only).")
    private boolean requestIds;

    @Option(
            names = "--fill-to",
            paramLabel = "N",
            defaultValue = "100000",
            description = "Scenario fill: the last level. Default: ${DEFAULT-VALUE}.")
    private int fillTo;

    @Option(
            names = "--tolerate-errors",
            description = "Exit 0 also when some calls failed; not when all did. The report counts them in any case.")
    private boolean tolerateErrors;

    @Option(names = "--keep", description = "Leave namespace, prefixes and addresses at the end.")
    private boolean keep;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "Seed of the choice among prefixes. Default: ${DEFAULT-VALUE}.")
    private long seed;

    BenchCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    /** How the report is written. */
    enum Output {
        text,
        json
    }

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORM",
            defaultValue = "text",
            description = "How to report: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Output output;

    @Override
    public Integer call() throws BenchException, InterruptedException {
        BenchSettings settings;
        try {
            settings = new BenchSettings(
                    target,
                    contract,
                    scenario,
                    prefixes,
                    callers,
                    channels,
                    duration,
                    warmUp,
                    rate,
                    requestIds,
                    fillTo,
                    tolerateErrors,
                    keep,
                    seed);
        } catch (IllegalArgumentException wrongUse) {
            throw new ParameterException(spec.commandLine(), wrongUse.getMessage(), wrongUse);
        }
        Report report = Bench.run(settings, new Progress(terminal.err(), terminal.errOnTerminal()));
        PrintWriter out = terminal.out();
        out.print(output == Output.json ? report.toJson() + System.lineSeparator() : report.toText());
        out.flush();
        String failure = report.failure();
        if (failure != null) {
            throw new BenchException(failure);
        }
        return Main.OK;
    }
}
