package io.ipamer.cli.remote;

import io.ipamer.cli.remote.Failures.OutcomeUnknown;
import io.ipamer.cli.terminal.Terminal;
import io.ipamer.client.Ipamer;
import io.ipamer.client.IpamerException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A command that asks a server. */
abstract class RemoteCommand implements Callable<Integer> {
    static final int OK = 0;

    final Terminal terminal;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    CommandSpec spec;

    /** What was changed, if the answer that would have told of it cannot be written. */
    private String done = "";

    @Mixin
    private final ServerOptions server = new ServerOptions();

    RemoteCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public final Integer call() {
        Target target = server.target(spec, System::getenv);
        try (Line line = Line.to(target)) {
            int exitCode = run(target, line.client(), new Output(terminal, server.json()));
            StandardOutput.requireTaken(terminal, done);
            return exitCode;
        } catch (IpamerException failed) {
            throw Failures.of(failed, target, this::argument);
        } catch (OutcomeUnknown unknown) {
            CommandFailure failure = Failures.of(unknown.failure(), target, this::argument);
            throw new CommandFailure(failure.exitCode(), failure.getMessage() + "; " + unknown.hint(), unknown);
        } catch (IOException failed) {
            throw new CommandFailure(
                    CommandFailure.REFUSED, "the answer cannot be written: " + failed.getMessage() + done, failed);
        }
    }

    /** From here on a failure to write the answer says this, too: what was changed, and how to see it. */
    final void wasDone(String sentence) {
        done = "; " + sentence;
    }

    /** Asks; the exit code. */
    abstract int run(Target target, Ipamer ipamer, Output output) throws IOException;

    /** What a field of the contract is on the command line. */
    String argument(String field) {
        return switch (field) {
            case "namespace" -> "--namespace";
            case "name" -> "NAME";
            case "prefix_cidr", "cidr" -> "PREFIX";
            case "parent_cidr" -> "PARENT";
            case "address" -> "ADDRESS";
            case "owner" -> "--owner";
            case "labels" -> "--label";
            case "update_mask" -> "--remove-label";
            case "description" -> "--description";
            case "request_id" -> "--request-id";
            case "length" -> "--length";
            case "count" -> "--count";
            case "depth" -> "--depth";
            case "from_address" -> "--from";
            case "to_address" -> "--to";
            default -> field;
        };
    }

    /** Reads what picocli would take for too much when it cannot be read. */
    final <T> List<T> read(String name, ITypeConverter<T> converter, List<String> texts) {
        List<T> values = new ArrayList<>();
        for (String text : texts) {
            try {
                values.add(converter.convert(text));
            } catch (Exception malformed) {
                throw wrongUse(name + ": " + malformed.getMessage());
            }
        }
        return values;
    }

    /** Before anything is begun: each step of a change adds its number to the request id. */
    final void requireShortEnough(RequestIdOption request, int lastStep) {
        if (!request.given()) {
            return;
        }
        int most = RequestIdOption.MOST_CHARACTERS
                - (request.ofStep(lastStep).length() - request.id().length());
        if (lastStep > 0 && request.id().length() > most) {
            throw wrongUse("--request-id must have at most " + most + " characters when more than "
                    + Wording.number(BulkAcquire.STEP) + " addresses are meant: each step adds its number");
        }
    }

    final ParameterException wrongUse(String sentence) {
        return new ParameterException(spec.commandLine(), sentence);
    }
}
