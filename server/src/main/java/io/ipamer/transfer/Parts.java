package io.ipamer.transfer;

import io.ipamer.model.IpamerException;
import io.ipamer.model.Reason;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A text on its way from a caller to the thread that reads it: that one waits for parts, the other is told when there is
 * room for one. Reading fails with {@link IpamerException}.
 */
public final class Parts extends InputStream {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

    private final Runnable wanted;
    private final long patienceNanos;

    // Guarded by this.
    private final Queue<byte[]> coming = new ArrayDeque<>();
    private boolean ended;
    private @Nullable IpamerException failure;

    // Of the reading thread.
    private byte[] part = {};
    private int position;
    private boolean begun;

    /** {@code wanted}: is told each time that one more part may come; must be quick. */
    public Parts(Runnable wanted) {
        this(wanted, PATIENCE_NANOS);
    }

    Parts(Runnable wanted, long patienceNanos) {
        this.wanted = wanted;
        this.patienceNanos = patienceNanos;
    }

    public synchronized void add(byte[] next) {
        coming.add(next);
        notifyAll();
    }

    /** That was all. */
    public synchronized void end() {
        ended = true;
        notifyAll();
    }

    /** Nobody waits for what comes of it any more, or what came cannot be. */
    public synchronized void fail(IpamerException why) {
        failure = failure == null ? why : failure;
        notifyAll();
    }

    /** Fails if it was failed. */
    synchronized void check() {
        if (failure != null) {
            throw failure;
        }
    }

    @Override
    public int read() {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int offset, int length) {
        if (length == 0) {
            return 0;
        }
        while (position == part.length) {
            if (!begun) {
                begun = true;
                wanted.run();
            }
            byte[] next = await();
            if (next == null) {
                return -1;
            }
            part = next;
            position = 0;
            wanted.run(); // the next one comes while this one is read
        }
        int count = Math.min(length, part.length - position);
        System.arraycopy(part, position, into, offset, count);
        position += count;
        return count;
    }

    /** Null when there are no more. */
    private synchronized byte @Nullable [] await() {
        long end = System.nanoTime() + patienceNanos;
        while (true) {
            check();
            byte[] next = coming.poll();
            if (next != null || ended) {
                return next;
            }
            long left = end - System.nanoTime();
            if (left <= 0) {
                throw new IpamerException(
                        Reason.IMPORT_EXPIRED,
                        "nothing came for " + TimeUnit.NANOSECONDS.toSeconds(patienceNanos)
                                + " s: begin the import again");
            }
            try {
                TimeUnit.NANOSECONDS.timedWait(this, left);
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
                throw stopped();
            }
        }
    }

    static IpamerException stopped() {
        return new IpamerException(Reason.CANCELLED, "the server stops");
    }
}
