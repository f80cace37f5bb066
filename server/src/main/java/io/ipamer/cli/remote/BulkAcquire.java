package io.ipamer.cli.remote;

import io.ipamer.address.Cidr;
import io.ipamer.cli.remote.Failures.OutcomeUnknown;
import io.ipamer.cli.remote.Shapes.AllocationShape;
import io.ipamer.cli.terminal.ProgressBar;
import io.ipamer.cli.terminal.ProgressBar.Unit;
import io.ipamer.cli.terminal.Terminal;
import io.ipamer.client.Allocation;
import io.ipamer.client.Ipamer;
import io.ipamer.client.IpamerException;
import io.ipamer.client.Metadata;
import java.io.IOException;
import java.math.BigInteger;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Acquires more addresses than one call may, step by step. Each step has a request id of its own that follows from that
 * of the command: the same command again gets what was acquired, and goes on from there.
 */
final class BulkAcquire {
    /** The most that one call takes. */
    static final int STEP = 4_096;

    private static final String PERHAPS_MORE = ", and perhaps up to " + Wording.number(STEP) + " more";

    private final RemoteCommand command;
    private final Cidr prefix;
    private final Metadata metadata;
    private final RequestIdOption request;
    private final AtomicLong acquired = new AtomicLong();

    BulkAcquire(RemoteCommand command, Cidr prefix, Metadata metadata, RequestIdOption request) {
        this.command = command;
        this.prefix = prefix;
        this.metadata = metadata;
        this.request = request;
    }

    void run(Ipamer ipamer, int wanted, Output output) throws IOException {
        Terminal terminal = command.terminal;
        command.requireShortEnough(request, (wanted - 1) / STEP);
        if (!request.given()) {
            requireRoom(ipamer, wanted);
        }
        Output.Listing<Allocation> listing = output.listing(new AllocationShape());
        ProgressBar progress = ProgressBar.of(terminal, "addresses", Unit.THINGS, wanted, System::nanoTime);
        Interruption interruption = Interruption.says(terminal, () -> {
            progress.close();
            return "stopped: " + unfinished(wanted) + PERHAPS_MORE + goOn();
        });
        try (progress) {
            for (int step = 0; acquired.get() < wanted; step++) {
                int size = (int) Math.min(STEP, wanted - acquired.get());
                List<Allocation> some =
                        ipamer.withRequestId(request.ofStep(step)).acquireIps(prefix.toString(), size, metadata);
                acquired.addAndGet(some.size());
                command.wasDone(unfinished(wanted) + goOn());
                if (!addAll(some, listing) && acquired.get() < wanted) {
                    throw notTaken(wanted);
                }
                if (!terminal.onTerminal()) {
                    progress.at(acquired.get());
                }
            }
        } catch (IpamerException failed) {
            if (failed.outcomeUnknown()) {
                throw new OutcomeUnknown(failed, unfinished(wanted) + PERHAPS_MORE + goOn());
            }
            if (acquired.get() > 0) {
                throw new OutcomeUnknown(failed, unfinished(wanted) + goOn());
            }
            throw failed;
        } finally {
            interruption.over();
        }
        listing.end();
    }

    /** False if nobody takes them. */
    private static boolean addAll(List<Allocation> some, Output.Listing<Allocation> listing) throws IOException {
        boolean taken = true;
        for (Allocation one : some) {
            taken &= listing.add(one);
        }
        return taken;
    }

    /** Something is left undone: that is told, even if the reader has what it wanted. */
    private CommandFailure notTaken(int wanted) {
        String why = String.valueOf(StandardOutput.failure(command.terminal));
        return new CommandFailure(
                CommandFailure.REFUSED,
                (StandardOutput.readerHasGone(why)
                                ? "nobody reads the answer any more: "
                                : "the answer cannot be written: " + why + "; ")
                        + unfinished(wanted)
                        + goOn());
    }

    /** What cannot be had is not begun. Whoever goes on with a request id has a part of it already. */
    private void requireRoom(Ipamer ipamer, int wanted) {
        BigInteger free = ipamer.usage(prefix.toString()).free();
        if (free.compareTo(BigInteger.valueOf(wanted)) < 0) {
            throw new CommandFailure(
                    CommandFailure.REFUSED,
                    "not " + Wording.number(wanted) + " free addresses in " + prefix + ": " + free
                            + " free; none was acquired");
        }
    }

    private String unfinished(int wanted) {
        return Wording.number(acquired.get()) + " of " + Wording.number(wanted) + " addresses are acquired";
    }

    private String goOn() {
        return "; the same command with --request-id " + Wording.typed(request.id()) + " lists them and goes on";
    }
}
