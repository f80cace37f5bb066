package io.ipamer.cli.remote;

import com.google.gson.stream.JsonWriter;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.cli.remote.Failures.OutcomeUnknown;
import io.ipamer.cli.terminal.Table;
import io.ipamer.client.Ipamer;
import io.ipamer.client.IpamerException;
import io.ipamer.client.ReleaseResult;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Releases the addresses that were named, and tells of each. */
final class BulkRelease {
    private final RemoteCommand command;
    private final Cidr prefix;
    private final RequestIdOption request;

    BulkRelease(RemoteCommand command, Cidr prefix, RequestIdOption request) {
        this.command = command;
        this.prefix = prefix;
        this.request = request;
    }

    void run(Ipamer ipamer, List<IpAddress> addresses, Output output) throws IOException {
        List<String> names = new ArrayList<>();
        addresses.forEach(address -> names.add(address.toString()));
        command.requireShortEnough(request, (names.size() - 1) / BulkAcquire.STEP);
        List<ReleaseResult> results = new ArrayList<>();
        try {
            request.once(
                    command,
                    ipamer,
                    "some addresses may be released and others not; the same command goes on",
                    view -> {
                        releaseAll(view, names, results);
                        return results;
                    });
        } catch (IpamerException | OutcomeUnknown failed) {
            if (!results.isEmpty()) {
                output.list(new ReleaseShape(), results.stream());
                throw unfinished(failed, results.size(), names.size());
            }
            throw failed;
        }
        output.list(new ReleaseShape(), results.stream());
        requireAll(results);
    }

    private void releaseAll(Ipamer view, List<String> names, List<ReleaseResult> results) {
        for (int from = 0; from < names.size(); from += BulkAcquire.STEP) {
            List<String> some = names.subList(from, Math.min(names.size(), from + BulkAcquire.STEP));
            Ipamer step = from == 0 ? view : view.withRequestId(request.ofStep(from / BulkAcquire.STEP));
            results.addAll(step.releaseIps(prefix.toString(), some));
        }
    }

    /** What was answered before is listed, and this says where the list ends. */
    private OutcomeUnknown unfinished(RuntimeException failed, int done, int wanted) {
        IpamerException failure =
                failed instanceof OutcomeUnknown unknown ? unknown.failure() : (IpamerException) failed;
        return new OutcomeUnknown(
                failure,
                "what became of the first " + Wording.number(done) + " of " + Wording.number(wanted)
                        + " addresses is listed"
                        + (failure.outcomeUnknown() ? ", of the next ones some may be released" : "")
                        + "; the same command with --request-id " + Wording.typed(request.id()) + " goes on");
    }

    private static void requireAll(List<ReleaseResult> results) {
        ReleaseResult.Refused first = null;
        int refused = 0;
        for (ReleaseResult result : results) {
            if (result instanceof ReleaseResult.Refused one) {
                first = first == null ? one : first;
                refused++;
            }
        }
        if (first != null) {
            throw new CommandFailure(
                    CommandFailure.REFUSED,
                    results.size() == 1
                            ? first.message()
                            : Wording.number(refused) + " of " + Wording.number(results.size()) + " addresses "
                                    + (refused == 1 ? "was" : "were") + " not released, the first: "
                                    + first.message());
        }
    }

    /** What became of addresses that were to be released. */
    private static final class ReleaseShape implements Shape<ReleaseResult> {
        @Override
        public Table columns(Table table) {
            return table.column("ADDRESS").text("RESULT");
        }

        @Override
        public String[] cells(ReleaseResult result) {
            return new String[] {
                result.address(), result instanceof ReleaseResult.Refused refused ? refused.message() : "released"
            };
        }

        @Override
        public void write(JsonWriter json, ReleaseResult result) throws IOException {
            ReleaseResult.Refused refused = result instanceof ReleaseResult.Refused one ? one : null;
            json.beginObject();
            json.name("address").value(result.address());
            json.name("released").value(refused == null);
            json.name("reason").value(refused == null ? null : refused.reason().name());
            json.name("message").value(refused == null ? null : refused.message());
            json.endObject();
        }
    }
}
