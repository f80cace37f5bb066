package io.ipamer.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import io.ipamer.proto.v1.AcquireIpRequest;
import io.ipamer.proto.v1.AcquireIpResponse;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Calls that are not answered are sent again, as they were, while that may help. */
class RetryTest {
    private static final String PREFIX = "10.0.0.0/24";
    private static final String ADDRESS = "10.0.0.1";
    private static final RetryPolicy QUICK = new RetryPolicy(4, Duration.ZERO, Duration.ZERO);

    private final List<String> requestIds = new CopyOnWriteArrayList<>();
    private final List<Throwable> failures = new CopyOnWriteArrayList<>();
    private final CountDownLatch begun = new CountDownLatch(1);
    private final CountDownLatch cancelled = new CountDownLatch(1);
    private boolean silent;
    private FakeServer server;

    @BeforeEach
    void start() throws IOException {
        server = new FakeServer(new IpamerServiceGrpc.IpamerServiceImplBase() {
            @Override
            public void acquireIp(AcquireIpRequest request, StreamObserver<AcquireIpResponse> answers) {
                requestIds.add(request.getRequestId());
                if (!failures.isEmpty()) {
                    answers.onError(failures.remove(0));
                } else if (silent) {
                    Context.current().addListener(context -> cancelled.countDown(), Runnable::run);
                    begun.countDown();
                } else {
                    AcquireIpResponse.Builder answer = AcquireIpResponse.newBuilder();
                    answer.getAllocationBuilder().setAddress(ADDRESS);
                    answers.onNext(answer.build());
                    answers.onCompleted();
                }
            }
        });
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void aCallThatIsNotAnsweredIsSentAgainWithItsRequestId() {
        failures.add(Status.UNAVAILABLE.asRuntimeException());
        failures.add(refused(Status.Code.UNKNOWN, "OUTCOME_UNKNOWN", "ipamer.io"));
        assertThat(client().acquireIp(PREFIX).address()).isEqualTo(ADDRESS);
        assertThat(requestIds).hasSize(3).allMatch(id -> !id.isEmpty() && id.equals(requestIds.get(0)));
    }

    @Test
    void soIsOneThatNobodyWaitsFor() {
        failures.add(Status.UNAVAILABLE.asRuntimeException());
        failures.add(refused(Status.Code.UNKNOWN, "OUTCOME_UNKNOWN", "ipamer.io"));
        assertThat(client().async().acquireIp(PREFIX, Metadata.NONE).join().address())
                .isEqualTo(ADDRESS);
        assertThat(requestIds).hasSize(3).allMatch(id -> !id.isEmpty() && id.equals(requestIds.get(0)));
    }

    @Test
    void theCallersRequestIdIsSentAsItIs() {
        client().withRequestId("web-1").acquireIp(PREFIX);
        assertThat(requestIds).containsExactly("web-1");
    }

    @Test
    void twoCallsHaveTwoRequestIds() {
        Ipamer client = client();
        client.acquireIp(PREFIX);
        client.acquireIp(PREFIX);
        assertThat(requestIds).doesNotHaveDuplicates().hasSize(2);
    }

    @Test
    void theLastFailureIsToldWhenAllAttemptsFail() {
        for (int i = 1; i <= 4; i++) {
            failures.add(Status.UNAVAILABLE.withDescription("attempt " + i).asRuntimeException());
        }
        IpamerException failure = catchThrowableOfType(IpamerException.class, () -> client().acquireIp(PREFIX));
        assertThat(failure).hasMessage("attempt 4");
        assertThat(failure.getSuppressed())
                .singleElement()
                .satisfies(third ->
                        assertThat(third).hasMessage("attempt 3").hasSuppressedException(third.getSuppressed()[0]));
        assertThat(failure.requestId()).contains(requestIds.get(0));
        assertThat(requestIds).hasSize(4);
    }

    @Test
    void whatMayHaveBeenDoneIsUnknownUntilTheServerRefuses() {
        StatusRuntimeException neverSent =
                Status.UNAVAILABLE.withCause(new ConnectException()).asRuntimeException();
        StatusRuntimeException lost = Status.UNAVAILABLE.asRuntimeException();
        StatusRuntimeException full = refused(Status.Code.RESOURCE_EXHAUSTED, "NO_FREE_ADDRESS", "ipamer.io");
        assertThat(failure("id", neverSent, neverSent).outcomeUnknown()).isFalse();
        assertThat(failure("id", neverSent, lost).outcomeUnknown()).isTrue();
        assertThat(failure("id", lost, neverSent).outcomeUnknown()).isTrue();
        assertThat(failure("id", lost, full).outcomeUnknown()).isFalse();
        assertThat(failure("id", lost, refused(Status.Code.UNAVAILABLE, "OVERLOADED", "ipamer.io"))
                        .outcomeUnknown())
                .isTrue();
        assertThat(failure("id", full).outcomeUnknown()).isFalse();
        assertThat(failure("id", Status.DEADLINE_EXCEEDED.asRuntimeException()).outcomeUnknown())
                .isTrue();
        assertThat(failure("id", refused(Status.Code.UNKNOWN, "OUTCOME_UNKNOWN", "ipamer.io"))
                        .outcomeUnknown())
                .isTrue();
        assertThat(failure("", lost).outcomeUnknown())
                .as("of a call that changes nothing")
                .isFalse();
    }

    private static IpamerException failure(String requestId, StatusRuntimeException... attempts) {
        IpamerException last = null;
        for (StatusRuntimeException attempt : attempts) {
            last = IpamerException.of(attempt, requestId, last);
        }
        return last;
    }

    @Test
    void aRefusalIsFinal() {
        for (Status.Code code : Status.Code.values()) {
            if (code != Status.Code.OK && code != Status.Code.UNAVAILABLE) {
                requestIds.clear();
                failures.add(code.toStatus().asRuntimeException());
                assertThatExceptionOfType(IpamerException.class)
                        .isThrownBy(() -> client().acquireIp(PREFIX))
                        .extracting(IpamerException::code)
                        .isEqualTo(code);
                assertThat(requestIds).hasSize(1);
            }
        }
    }

    @Test
    void withoutRetriesOneFailureIsEnough() {
        failures.add(Status.UNAVAILABLE.asRuntimeException());
        Ipamer once = server.client().retry(RetryPolicy.NONE).build();
        assertThatExceptionOfType(IpamerException.class).isThrownBy(() -> once.acquireIp(PREFIX));
        assertThat(requestIds).hasSize(1);
    }

    @Test
    void aWaitThatTheDeadlineDoesNotAllowIsNotBegun() {
        failures.add(StatusProto.toStatusRuntimeException(com.google.rpc.Status.newBuilder()
                .setCode(Status.Code.UNAVAILABLE.value())
                .addDetails(Any.pack(RetryInfo.newBuilder()
                        .setRetryDelay(com.google.protobuf.Duration.newBuilder().setSeconds(3600))
                        .build()))
                .build()));
        long begin = System.nanoTime();
        assertThatExceptionOfType(IpamerException.class).isThrownBy(() -> client().acquireIp(PREFIX));
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(10));
        assertThat(requestIds).hasSize(1);
    }

    @Test
    void theDeadlineEndsACallThatIsNeverAnswered() {
        silent = true;
        assertThatExceptionOfType(IpamerException.class)
                .isThrownBy(() -> client().withDeadline(Duration.ofMillis(50)).acquireIp(PREFIX))
                .extracting(IpamerException::code)
                .isEqualTo(Status.Code.DEADLINE_EXCEEDED);
    }

    @Test
    void cancellingAFutureCancelsItsCall() throws InterruptedException {
        silent = true;
        CompletableFuture<Allocation> future = client().async().acquireIp(PREFIX, Metadata.NONE);
        assertThat(begun.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(future.cancel(true)).isTrue();
        assertThat(future).isCancelled();
        assertThat(cancelled.await(20, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void anInterruptedThreadStopsWaiting() {
        silent = true;
        Thread.currentThread().interrupt();
        assertThatExceptionOfType(IpamerException.class)
                .isThrownBy(() -> client().acquireIp(PREFIX))
                .extracting(IpamerException::code)
                .isEqualTo(Status.Code.CANCELLED);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void anInterruptEndsTheWaitBetweenTwoAttempts() {
        Ipamer patient = server.client()
                .retry(new RetryPolicy(2, Duration.ofHours(1), Duration.ofHours(1)))
                .deadline(Duration.ofDays(1))
                .build();
        Thread caller = Thread.currentThread();
        failures.add(Status.UNAVAILABLE.asRuntimeException());
        Thread interrupter = new Thread(() -> {
            while (requestIds.isEmpty() || caller.getState() != Thread.State.TIMED_WAITING) {
                Thread.onSpinWait();
            }
            caller.interrupt();
        });
        interrupter.start();
        assertThatExceptionOfType(IpamerException.class)
                .isThrownBy(() -> patient.acquireIp(PREFIX))
                .extracting(IpamerException::code)
                .isEqualTo(Status.Code.CANCELLED);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void aFutureFailsWithTheExceptionThatACallThrows() {
        failures.add(refused(Status.Code.NOT_FOUND, "PREFIX_NOT_FOUND", "ipamer.io"));
        CompletableFuture<Allocation> future = client().async().acquireIp(PREFIX, Metadata.NONE);
        assertThatExceptionOfType(CompletionException.class)
                .isThrownBy(future::join)
                .havingCause()
                .isInstanceOfSatisfying(
                        IpamerException.class,
                        failure -> assertThat(failure.reason()).isEqualTo(Reason.PREFIX_NOT_FOUND));
    }

    @Test
    void reasonsOfOtherServicesAreNotOurs() {
        failures.add(refused(Status.Code.PERMISSION_DENIED, "PREFIX_NOT_FOUND", "proxy.example"));
        assertThatExceptionOfType(IpamerException.class)
                .isThrownBy(() -> client().acquireIp(PREFIX))
                .extracting(IpamerException::reason)
                .isEqualTo(Reason.NONE);
    }

    @Test
    void aReasonThatIsNewerThanTheClientIsToldByItsName() {
        failures.add(refused(Status.Code.FAILED_PRECONDITION, "MOON_IN_WRONG_PHASE", "ipamer.io"));
        IpamerException failure = catchThrowableOfType(IpamerException.class, () -> client().acquireIp(PREFIX));
        assertThat(failure.reason()).isEqualTo(Reason.UNRECOGNIZED);
        assertThat(failure.reasonName()).isEqualTo("MOON_IN_WRONG_PHASE");
        assertThat(failure.code()).isEqualTo(Status.Code.FAILED_PRECONDITION);
        assertThat(failure.metadata()).containsEntry("phase", "full");
    }

    private Ipamer client() {
        return server.client().retry(QUICK).build();
    }

    private static StatusRuntimeException refused(Status.Code code, String reason, String domain) {
        return StatusProto.toStatusRuntimeException(com.google.rpc.Status.newBuilder()
                .setCode(code.value())
                .setMessage("no")
                .addDetails(Any.pack(ErrorInfo.newBuilder()
                        .setDomain(domain)
                        .setReason(reason)
                        .putMetadata("phase", "full")
                        .build()))
                .build());
    }
}
