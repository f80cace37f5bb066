package io.ipamer.api.v1;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.ipamer.api.Unary;
import io.ipamer.ipam.Surroundings;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Reason;
import io.ipamer.proto.v1.ImportHeader;
import io.ipamer.proto.v1.ImportIssue;
import io.ipamer.proto.v1.ImportRequest;
import io.ipamer.proto.v1.ImportResponse;
import io.ipamer.transfer.Issue;
import io.ipamer.transfer.Parts;
import io.ipamer.transfer.Report;
import io.ipamer.transfer.Transfers;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * An Import on its way from its caller, who is asked for each part when there is room for it, and told once a second how far
 * it is. Its caller's messages come one at a time.
 */
final class ImportCall implements StreamObserver<ImportRequest> {
    private static final int MAX_PART_BYTES = 4 << 20;
    private static final long TOLD_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final ServerCallStreamObserver<ImportResponse> observer;
    private final Transfers transfers;
    private final Surroundings.Timer timer;
    private final Report report = new Report();
    private final Parts parts;
    private boolean begun;

    // Guarded by this.
    private boolean ended;

    private ImportCall(
            ServerCallStreamObserver<ImportResponse> observer, Transfers transfers, Surroundings.Timer timer) {
        this.observer = observer;
        this.transfers = transfers;
        this.timer = timer;
        this.parts = new Parts(() -> observer.request(1));
    }

    static ImportCall start(
            ServerCallStreamObserver<ImportResponse> observer, Transfers transfers, Surroundings.Timer timer) {
        ImportCall call = new ImportCall(observer, transfers, timer);
        observer.disableAutoRequest();
        observer.setOnCancelHandler(call::leave);
        observer.setOnCloseHandler(call::leave);
        observer.request(1);
        return call;
    }

    /** Whoever has left is told nothing. */
    private void leave() {
        synchronized (this) {
            ended = true;
        }
        parts.fail(new IpamerException(Reason.CANCELLED, "the caller cancelled the call"));
    }

    @Override
    public void onNext(ImportRequest request) {
        try {
            switch (request.getPartCase()) {
                case HEADER -> begin(request.getHeader());
                case DATA -> {
                    requireBegun();
                    int size = request.getData().size();
                    if (size > MAX_PART_BYTES) {
                        throw Fields.wrongCount("data", size, "bytes are too many for a part", 0, MAX_PART_BYTES);
                    }
                    parts.add(request.getData().toByteArray());
                }
                case PART_NOT_SET -> throw Fields.missing("data", "a part of the text, or first a header,");
            }
        } catch (IpamerException refusal) {
            refuse(refusal);
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // its caller is told
    private void begin(ImportHeader header) {
        if (begun) {
            throw Fields.wrongCount("header", 2, "headers came: it must be first and only once", 1, 1);
        }
        begun = true;
        String namespace = Fields.namespaceOrRoot("header.namespace", header.getNamespace());
        transfers
                .importFrom(
                        parts,
                        namespace,
                        Fields.format("header.format", header.getFormat(), header.getFormatValue()),
                        header.getDryRun(),
                        report)
                .whenComplete((done, failure) -> end(!header.getDryRun(), failure));
        timer.after(TOLD_NANOS, this::tell);
    }

    private void requireBegun() {
        if (!begun) {
            throw Fields.missing("header", "first of all the header");
        }
    }

    private void refuse(IpamerException refusal) {
        parts.fail(refusal);
        if (!begun || refusal.metadata().getOrDefault("field", "").startsWith("header.")) {
            end(false, refusal);
        }
    }

    @Override
    public void onError(Throwable cancelled) {
        leave();
    }

    @Override
    public void onCompleted() {
        try {
            requireBegun();
            parts.end();
        } catch (IpamerException refusal) {
            refuse(refusal);
        }
    }

    private synchronized void tell() {
        if (!ended) {
            if (observer.isReady()) {
                observer.onNext(message(false));
            }
            timer.after(TOLD_NANOS, this::tell);
        }
    }

    private synchronized void end(boolean visible, @Nullable Throwable failure) {
        if (ended) {
            return;
        }
        ended = true;
        if (begun) {
            observer.onNext(message(visible && failure == null));
        }
        if (failure == null) {
            observer.onCompleted();
        } else {
            observer.onError(Statuses.of(Unary.refusal(failure)));
        }
    }

    private ImportResponse message(boolean done) {
        Report.News news = report.news();
        ImportResponse.Builder message = ImportResponse.newBuilder()
                .setPrefixes(news.prefixes())
                .setIps(news.addresses())
                .setLeaked(news.leaked())
                .setMended(news.mended())
                .setRefused(news.refused())
                .setDone(done);
        for (Issue issue : news.issues()) {
            message.addIssues(ImportIssue.newBuilder()
                    .setLine(issue.line())
                    .setMended(issue.mended())
                    .setReason(Statuses.reason(issue.reason()))
                    .setMessage(issue.message()));
        }
        return message.build();
    }
}
