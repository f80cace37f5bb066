package io.ipamer.cli.remote;

import io.ipamer.cli.remote.Converters.NotEmpty;
import io.ipamer.cli.remote.Failures.OutcomeUnknown;
import io.ipamer.client.Ipamer;
import io.ipamer.client.IpamerException;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Makes a change happen once, however often its command is run. */
final class RequestIdOption {
    static final int MOST_CHARACTERS = 128;

    @Option(
            names = "--request-id",
            paramLabel = "ID",
            converter = NotEmpty.class,
            description =
                    "Do it once: the same command with the same id again gets the same answer (for 24 hours, unless"
                            + " the server is set otherwise).")
    private @Nullable String id;

    boolean given() {
        return id != null;
    }

    /** The one that was given, else a new one. */
    String id() {
        if (id == null) {
            id = UUID.randomUUID().toString();
        }
        return id;
    }

    /** The id of a step of a change that takes several calls; it follows from that of the whole. */
    String ofStep(int step) {
        return id() + '/' + step;
    }

    /** Whoever stops it, or gets no answer, is told how to go on. */
    <T> T once(RemoteCommand command, Ipamer ipamer, Function<Ipamer, T> change) {
        return once(
                command,
                ipamer,
                "whether it was done is not known; the same command with --request-id " + Wording.typed(id())
                        + " does it once",
                change);
    }

    /** The same, with what is to be said then. */
    <T> T once(RemoteCommand command, Ipamer ipamer, String unfinished, Function<Ipamer, T> change) {
        Interruption interruption = Interruption.says(command.terminal, () -> "stopped: " + unfinished);
        try {
            T answer = change.apply(ipamer.withRequestId(id()));
            command.wasDone(
                    "it was done: the same command with --request-id " + Wording.typed(id()) + " shows it again");
            return answer;
        } catch (IpamerException failed) {
            throw failed.outcomeUnknown() ? new OutcomeUnknown(failed, unfinished) : failed;
        } finally {
            interruption.over();
        }
    }
}
