package io.ipamer.api;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.stub.StreamObserver;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.slf4j.LoggerFactory;

/** From promises to answers, and what callers are told of failures. */
@Isolated // it turns a log off
class UnaryTest {
    private static final Logger LOG = (Logger) LoggerFactory.getLogger(Unary.class);

    /** The log tells of each defect that these tests make with its stack trace. */
    @BeforeAll
    static void hush() {
        LOG.setLevel(Level.OFF);
    }

    @AfterAll
    static void speak() {
        LOG.setLevel(null);
    }

    private final IpamerException refusal =
            new IpamerException(Reason.PREFIX_NOT_FOUND, "prefix 10.0.0.0/24 does not exist", Map.of("cidr", "x"));

    /** Writes down what it is told. */
    private static final class Heard implements StreamObserver<String> {
        private final List<Object> events = new ArrayList<>();

        @Override
        public void onNext(String answer) {
            events.add(answer);
        }

        @Override
        public void onError(Throwable failure) {
            events.add(failure);
        }

        @Override
        public void onCompleted() {
            events.add("end");
        }

        IpamerException refusal() {
            assertThat(events).singleElement().isInstanceOf(IpamerException.class);
            return (IpamerException) events.get(0);
        }
    }

    private static Heard answer(Supplier<CompletableFuture<Integer>> call) {
        return answer(call, number -> "number " + number);
    }

    private static Heard answer(Supplier<CompletableFuture<Integer>> call, Function<Integer, String> message) {
        Heard heard = new Heard();
        Unary.answer(heard, call, message, Function.identity());
        return heard;
    }

    @Test
    void aValueIsOneAnswerAndTheEnd() {
        assertThat(answer(() -> CompletableFuture.completedFuture(7)).events).containsExactly("number 7", "end");
    }

    @Test
    void nothingIsToldBeforeThePromiseIsKept() {
        CompletableFuture<Integer> promise = new CompletableFuture<>();
        Heard heard = answer(() -> promise);
        assertThat(heard.events).isEmpty();
        promise.complete(7);
        assertThat(heard.events).containsExactly("number 7", "end");
    }

    @Test
    void aRefusalIsToldAsItIs() {
        assertThat(answer(() -> {
                            throw refusal;
                        })
                        .refusal())
                .isSameAs(refusal);
        assertThat(answer(() -> CompletableFuture.failedFuture(refusal)).refusal())
                .isSameAs(refusal);
        assertThat(answer(() -> CompletableFuture.failedFuture(new CompletionException(refusal)))
                        .refusal())
                .isSameAs(refusal);
        assertThat(answer(() -> CompletableFuture.completedFuture(7), number -> {
                            throw refusal;
                        })
                        .refusal())
                .isSameAs(refusal);
    }

    @Test
    void aDefectIsAnIncidentWhereverItHappens() {
        IllegalStateException defect = new IllegalStateException("password=secret");
        assertIncident(answer(() -> {
            throw defect;
        }));
        assertIncident(answer(() -> CompletableFuture.failedFuture(defect)));
        assertIncident(answer(() -> CompletableFuture.failedFuture(new CompletionException(defect))));
        assertIncident(answer(() -> CompletableFuture.completedFuture(7), number -> {
            throw defect;
        }));
        assertIncident(answer(() -> CompletableFuture.failedFuture(
                new IpamerException(Reason.INTERNAL, "password=secret", Map.of("fact", "secret"), defect))));
    }

    private static void assertIncident(Heard heard) {
        IpamerException told = heard.refusal();
        assertThat(told.reason()).isEqualTo(Reason.INTERNAL);
        assertThat(told.metadata().get("incident")).matches("[0-9a-f]{8}");
        assertThat(told.metadata()).containsOnlyKeys("incident");
        assertThat(told.getMessage())
                .isEqualTo("internal error, incident " + told.metadata().get("incident")
                        + ": the server's log has the cause");
    }

    @Test
    void everyIncidentHasItsOwnNumber() {
        IllegalStateException defect = new IllegalStateException("again");
        assertThat(Unary.incident(defect).metadata())
                .isNotEqualTo(Unary.incident(defect).metadata());
    }

    @Test
    void aCancelledPromiseIsToldAsCancelled() {
        CompletableFuture<Integer> promise = new CompletableFuture<>();
        Heard heard = answer(() -> promise);
        promise.cancel(false);
        assertThat(heard.refusal().reason()).isEqualTo(Reason.CANCELLED);
    }

    @Test
    void withoutADeadlineThereIsNone() {
        assertThat(Unary.deadline()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void theCallersDeadlineIsOnTheClockOfTheLanes() throws Exception {
        ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
        Context.CancellableContext context = Context.current().withDeadline(Deadline.after(1, TimeUnit.HOURS), timer);
        try {
            long left = context.call(Unary::deadline) - System.nanoTime();
            assertThat(TimeUnit.NANOSECONDS.toMinutes(left)).isBetween(58L, 60L);
        } finally {
            context.cancel(null);
            timer.shutdownNow();
        }
    }
}
