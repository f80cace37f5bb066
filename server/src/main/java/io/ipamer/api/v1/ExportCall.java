package io.ipamer.api.v1;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.stub.ServerCallStreamObserver;
import io.ipamer.api.Unary;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Reason;
import io.ipamer.proto.v1.ExportRequest;
import io.ipamer.proto.v1.ExportResponse;
import io.ipamer.transfer.Format;
import io.ipamer.transfer.Transfers;
import java.io.OutputStream;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * An Export on its way to its caller, as a stream that the text is written to: in parts, each when the caller is ready for
 * it. Whoever writes waits for that, and no longer than 10 s, as it holds a connection to the database.
 */
final class ExportCall extends OutputStream {
    private static final int PART_BYTES = 64 << 10;
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final ServerCallStreamObserver<ExportResponse> observer;
    private byte[] part = new byte[PART_BYTES];
    private int filled;

    // Guarded by this.
    private boolean left;

    private ExportCall(ServerCallStreamObserver<ExportResponse> observer) {
        this.observer = observer;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // its caller is told
    static void start(ExportRequest request, ServerCallStreamObserver<ExportResponse> observer, Transfers transfers) {
        ExportCall call = new ExportCall(observer);
        observer.setOnReadyHandler(call::wake);
        observer.setOnCancelHandler(call::leave);
        try {
            String namespace = Fields.namespaceOrRoot("namespace", request.getNamespace());
            Format format = Fields.format("format", request.getFormat(), request.getFormatValue());
            transfers.exportTo(call, namespace, format).whenComplete((done, failure) -> call.end(failure));
        } catch (RuntimeException refusal) {
            call.end(refusal);
        }
    }

    private synchronized void wake() {
        notifyAll();
    }

    private synchronized void leave() {
        left = true;
        notifyAll();
    }

    @Override
    public void write(int one) {
        write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
        int from = offset;
        while (from < offset + length) {
            int count = Math.min(PART_BYTES - filled, offset + length - from);
            System.arraycopy(bytes, from, part, filled, count);
            filled += count;
            from += count;
            if (filled == PART_BYTES) {
                awaitReady();
                send();
            }
        }
    }

    private void send() {
        ByteString data = UnsafeByteOperations.unsafeWrap(part, 0, filled); // nobody writes to it any more
        part = new byte[PART_BYTES];
        filled = 0;
        observer.onNext(ExportResponse.newBuilder().setData(data).build());
    }

    private synchronized void awaitReady() {
        long end = System.nanoTime() + PATIENCE_NANOS;
        while (!left && !observer.isReady()) {
            long wait = end - System.nanoTime();
            if (wait <= 0) {
                throw new IpamerException(
                        Reason.OVERLOADED,
                        "the caller has not read on for " + TimeUnit.NANOSECONDS.toSeconds(PATIENCE_NANOS)
                                + " s: the export is cut off");
            }
            try {
                TimeUnit.NANOSECONDS.timedWait(this, wait);
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
                throw new IpamerException(Reason.CANCELLED, "the server stops");
            }
        }
        if (left) {
            throw new IpamerException(Reason.CANCELLED, "the caller cancelled the call");
        }
    }

    private void end(@Nullable Throwable failure) {
        if (failure != null) {
            observer.onError(Statuses.of(Unary.refusal(failure)));
            return;
        }
        if (filled > 0) {
            send();
        }
        observer.onCompleted();
    }
}
