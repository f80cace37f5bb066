package io.ipamer.ipam;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.function.Function;

/** How the lanes go on when a store has answered: at once where it has already, so that one in memory costs no hop. */
final class Promises {
    private Promises() {}

    /** The next step, upon what a future brings. What a step throws ends up in the future that is returned. */
    @SuppressWarnings("FutureReturnValueIgnored") // the nested future is unwrapped in the next line
    static <T, R> CompletableFuture<R> then(
            CompletableFuture<T> future,
            Function<T, CompletableFuture<R>> next,
            Function<Throwable, CompletableFuture<R>> failed) {
        if (future.isDone() && !future.isCompletedExceptionally()) {
            return next.apply(future.join());
        }
        CompletableFuture<CompletableFuture<R>> step =
                future.handle((value, failure) -> failure == null ? next.apply(value) : failed.apply(cause(failure)));
        return step.thenCompose(Function.identity());
    }

    /** The last step; what it throws goes to {@code failed} too, so that whoever waits is told. */
    @SuppressWarnings("FutureReturnValueIgnored") // nothing comes after the last step
    static <T> void finish(CompletableFuture<T> future, Consumer<T> last, Consumer<Throwable> failed) {
        future.whenComplete((value, failure) -> {
            if (failure != null) {
                failed.accept(cause(failure));
                return;
            }
            try {
                last.accept(value);
            } catch (RuntimeException | Error defect) {
                failed.accept(defect);
            }
        });
    }

    static Throwable cause(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }
}
