package io.ipamer.cli.remote;

import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.cli.terminal.Terminal;
import io.ipamer.client.Ipamer;
import io.ipamer.client.ReleaseResult;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Releases the addresses that were named, and tells of each. */
final class BulkRelease {
    /** The most that one call takes. */
    private static final int STEP = 4_096;

    private final Terminal terminal;
    private final Cidr prefix;
    private final RequestIdOption request;

    BulkRelease(Terminal terminal, Cidr prefix, RequestIdOption request) {
        this.terminal = terminal;
        this.prefix = prefix;
        this.request = request;
    }

    void run(Ipamer ipamer, List<IpAddress> addresses, Output output) throws IOException {
        List<String> names = new ArrayList<>();
        addresses.forEach(address -> names.add(address.toString()));
        List<ReleaseResult> results = new ArrayList<>();
        request.once(
                terminal, ipamer, "some addresses may be released and others not; the same command goes on", view -> {
                    for (int from = 0; from < names.size(); from += STEP) {
                        List<String> some = names.subList(from, Math.min(names.size(), from + STEP));
                        Ipamer step = from == 0 ? view : ipamer.withRequestId(request.id() + '/' + from / STEP);
                        results.addAll(step.releaseIps(prefix.toString(), some));
                    }
                    return results;
                });
        output.list(new ReleaseShape(), results.stream());
        requireAll(results);
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
                            : refused + " of " + results.size() + " addresses were not released, the first: "
                                    + first.message());
        }
    }
}
