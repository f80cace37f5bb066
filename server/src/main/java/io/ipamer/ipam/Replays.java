package io.ipamer.ipam;

import io.ipamer.model.Allocation;
import io.ipamer.model.Allocations;
import io.ipamer.model.Answer;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Namespace;
import io.ipamer.model.Prefix;
import io.ipamer.model.Reason;
import io.ipamer.plan.Found;
import io.ipamer.plan.Read;
import io.ipamer.plan.Request;
import io.ipamer.plan.RequestRow;
import io.ipamer.plan.Scope;
import io.ipamer.store.Store;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Answers retries of calls that were done before. */
final class Replays {
    private final Store store;

    Replays(Store store) {
        this.store = store;
    }

    /**
     * Runs {@code otherwise} unless the call was done before under its request id; then answers as it was answered.
     *
     * @param scope of the call; null when it is gone
     */
    void answerOr(Caller<?> caller, @Nullable Scope scope, Runnable otherwise) {
        Request request = caller.request();
        if (request == null) {
            otherwise.run();
            return;
        }
        Promises.finish(
                store.requests(request.space(), List.of(request.id())),
                rows -> {
                    if (rows.isEmpty()) {
                        otherwise.run();
                    } else {
                        answer(caller, scope, rows.get(0));
                    }
                },
                failure -> caller.refuse(Failures.unavailable(failure)));
    }

    void answer(Caller<?> caller, @Nullable Scope scope, RequestRow row) {
        Request request = caller.request();
        if (request == null || !row.request().fingerprint().equals(request.fingerprint())) {
            caller.refuse(reused(row.request().id()));
            return;
        }
        Promises.finish(
                stands(row, scope),
                stands -> {
                    if (stands) {
                        caller.answer(row.answer(), row.revision(), true);
                    } else {
                        caller.refuse(gone(request.id()));
                    }
                },
                failure -> caller.refuse(Failures.unavailable(failure)));
    }

    private static IpamerException gone(String requestId) {
        return new IpamerException(
                Reason.ALLOCATION_GONE,
                "request " + requestId + " was done before, but what it gave out is gone since",
                Map.of("request_id", requestId));
    }

    static IpamerException reused(String requestId) {
        return new IpamerException(
                Reason.REQUEST_ID_REUSED,
                "request id " + requestId + " was used for another request before: use a new one for each request",
                Map.of("request_id", requestId));
    }

    /** Whether what was given out still is; what was taken back stays so. */
    private CompletableFuture<Boolean> stands(RequestRow row, @Nullable Scope scope) {
        Answer answer = row.answer();
        if (row.gives() && answer instanceof Prefix prefix) {
            return exists(Scope.of(prefix));
        } else if (row.gives() && answer instanceof Namespace namespace) {
            return exists(Scope.of(namespace));
        } else if (row.gives() && answer instanceof Allocations acquired) {
            return scope == null ? CompletableFuture.completedFuture(false) : held(scope, acquired.allocations());
        }
        return CompletableFuture.completedFuture(true);
    }

    private CompletableFuture<Boolean> exists(Scope scope) {
        return store.read(scope, List.of()).thenApply(Optional::isPresent);
    }

    private CompletableFuture<Boolean> held(Scope scope, List<Allocation> allocations) {
        List<Read> reads = new ArrayList<>(allocations.size());
        Set<UUID> wanted = new HashSet<>();
        for (Allocation allocation : allocations) {
            reads.add(new Read.AllocationsFrom(allocation.address(), 1));
            wanted.add(allocation.id());
        }
        return store.read(scope, reads).thenApply(extract -> {
            if (extract.isPresent()) {
                for (Found found : extract.get().found()) {
                    ((Found.Allocations) found).rows().forEach(row -> wanted.remove(row.id()));
                }
            }
            return wanted.isEmpty();
        });
    }
}
