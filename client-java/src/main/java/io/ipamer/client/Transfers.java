package io.ipamer.client;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ClientResponseObserver;
import io.ipamer.proto.v1.ExportRequest;
import io.ipamer.proto.v1.ExportResponse;
import io.ipamer.proto.v1.ImportHeader;
import io.ipamer.proto.v1.ImportRequest;
import io.ipamer.proto.v1.ImportResponse;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Iterator;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Whole namespaces as text, there and back. */
final class Transfers {
    /** A part of the text in one message; the server takes up to 4 MiB. */
    private static final int PART_BYTES = 256 << 10;

    private Transfers() {}

    static void write(Channel channel, View view, ExportFormat format, OutputStream out) throws IOException {
        ExportRequest request = ExportRequest.newBuilder()
                .setNamespace(view.namespace())
                .setFormat(format(format))
                .build();
        Context.CancellableContext context = Context.current().withCancellation();
        try {
            Iterator<ExportResponse> parts = begin(context, channel, view, request);
            while (parts.hasNext()) {
                parts.next().getData().writeTo(out);
            }
        } catch (StatusRuntimeException failed) {
            throw IpamerException.of(failed, false);
        } finally {
            context.cancel(null); // of one that has ended it does nothing
        }
    }

    /** The context is that of the call alone, and not of what the caller does with its parts. */
    private static Iterator<ExportResponse> begin(Context context, Channel channel, View view, ExportRequest request) {
        Context before = context.attach();
        try {
            return ClientCalls.blockingServerStreamingCall(
                    channel, IpamerServiceGrpc.getExportMethod(), options(view), request);
        } finally {
            context.detach(before);
        }
    }

    static ImportProgress read(
            Channel channel, View view, ExportFormat format, InputStream in, Consumer<ImportProgress> listener)
            throws IOException {
        Importing importing = new Importing(listener, !view.dry());
        ClientCalls.asyncBidiStreamingCall(
                channel.newCall(IpamerServiceGrpc.getImportMethod(), options(view)), importing);
        try {
            importing.send(ImportRequest.newBuilder()
                    .setHeader(ImportHeader.newBuilder()
                            .setNamespace(view.namespace())
                            .setFormat(format(format))
                            .setDryRun(view.dry()))
                    .build());
            byte[] part = in.readNBytes(PART_BYTES);
            while (part.length > 0 && importing.send(text(part))) {
                part = in.readNBytes(PART_BYTES);
            }
            return importing.end();
        } finally {
            importing.abandon();
        }
    }

    /** The bytes are not used again. */
    private static ImportRequest text(byte[] part) {
        ByteString data = UnsafeByteOperations.unsafeWrap(part);
        return ImportRequest.newBuilder().setData(data).build();
    }

    private static CallOptions options(View view) {
        return view.bounded()
                ? CallOptions.DEFAULT.withDeadlineAfter(view.deadline().toNanos(), TimeUnit.NANOSECONDS)
                : CallOptions.DEFAULT;
    }

    private static io.ipamer.proto.v1.ExportFormat format(ExportFormat format) {
        return switch (format) {
            case IPAMER -> io.ipamer.proto.v1.ExportFormat.EXPORT_FORMAT_IPAMER;
            case GO_IPAM -> io.ipamer.proto.v1.ExportFormat.EXPORT_FORMAT_GO_IPAM;
        };
    }

    /** An import under way: sends no faster than the server takes. */
    private static final class Importing implements ClientResponseObserver<ImportRequest, ImportResponse> {
        private final Consumer<ImportProgress> listener;
        private final boolean changes;

        // Set before the call begins, and then only used by the thread that sends.
        @SuppressWarnings("NullAway.Init")
        private ClientCallStreamObserver<ImportRequest> stream;

        // What follows is guarded by this.
        private @Nullable ImportProgress progress;
        private @Nullable Throwable failure;
        private @Nullable RuntimeException thrownByListener;
        private boolean ended;

        Importing(Consumer<ImportProgress> listener, boolean changes) {
            this.listener = listener;
            this.changes = changes;
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<ImportRequest> requests) {
            stream = requests;
            requests.setOnReadyHandler(this::wake);
        }

        /** Whether the server wants to hear more. */
        boolean send(ImportRequest request) {
            await(stream::isReady);
            if (hasEnded()) {
                return false;
            }
            stream.onNext(request);
            return true;
        }

        ImportProgress end() {
            if (!hasEnded()) {
                stream.onCompleted();
            }
            await(() -> false);
            synchronized (this) {
                if (thrownByListener != null) {
                    throw thrownByListener;
                }
                if (failure != null) {
                    throw IpamerException.of(failure, changes);
                }
                if (progress == null) {
                    throw IpamerException.of(
                            Status.INTERNAL
                                    .withDescription("the server ended the import without a word")
                                    .asRuntimeException(),
                            "",
                            null);
                }
                return progress;
            }
        }

        /** Of one that has ended it does nothing. */
        void abandon() {
            if (!hasEnded()) {
                stream.cancel("the import was abandoned", null);
            }
        }

        private synchronized boolean hasEnded() {
            return ended;
        }

        private synchronized void wake() {
            notifyAll();
        }

        /** Waits until it has ended, or this holds. */
        private synchronized void await(BooleanSupplier ready) {
            try {
                while (!ended && !ready.getAsBoolean()) {
                    wait();
                }
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
                throw IpamerException.of(
                        Status.CANCELLED
                                .withDescription("interrupted during the import")
                                .asRuntimeException(),
                        "",
                        null);
            }
        }

        @Override
        public void onNext(ImportResponse answer) {
            ImportProgress now = Answers.progress(answer);
            synchronized (this) {
                progress = now;
            }
            try {
                listener.accept(now);
            } catch (RuntimeException thrown) {
                synchronized (this) {
                    thrownByListener = thrown;
                }
                if (!now.done()) {
                    stream.cancel("the listener threw", thrown);
                }
            }
        }

        @Override
        public synchronized void onError(Throwable thrown) {
            failure = thrown;
            ended = true;
            notifyAll();
        }

        @Override
        public synchronized void onCompleted() {
            ended = true;
            notifyAll();
        }
    }
}
