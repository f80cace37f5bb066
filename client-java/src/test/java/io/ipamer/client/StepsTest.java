package io.ipamer.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import io.ipamer.proto.v1.DeletePrefixRequest;
import io.ipamer.proto.v1.DeletePrefixResponse;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import io.ipamer.proto.v1.ReleaseIpsByOwnerRequest;
import io.ipamer.proto.v1.ReleaseIpsByOwnerResponse;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.IntPredicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Calls of many steps go on until the server says that nothing is left, and tell what all steps did. */
class StepsTest {
    private final List<DeletePrefixRequest> deletes = new CopyOnWriteArrayList<>();
    private final List<ReleaseIpsByOwnerRequest> releases = new CopyOnWriteArrayList<>();
    private final CountDownLatch secondStep = new CountDownLatch(2);
    private IntPredicate isLast = step -> step == 3;
    private String goneBeforeStep2 = "";
    private FakeServer server;

    @BeforeEach
    void start() throws IOException {
        server = new FakeServer(new IpamerServiceGrpc.IpamerServiceImplBase() {
            @Override
            public void deletePrefix(DeletePrefixRequest request, StreamObserver<DeletePrefixResponse> answers) {
                deletes.add(request);
                secondStep.countDown();
                if (deletes.size() == 2 && !goneBeforeStep2.isEmpty()) {
                    answers.onError(refusal(goneBeforeStep2));
                    return;
                }
                DeletePrefixResponse.Builder answer = DeletePrefixResponse.newBuilder()
                        .setDeletedPrefixes(2)
                        .setReleasedIps(1000)
                        .setInProgress(!isLast.test(deletes.size()));
                answer.getPrefixBuilder().setCidr(request.getCidr());
                answers.onNext(answer.build());
                answers.onCompleted();
            }

            @Override
            public void releaseIpsByOwner(
                    ReleaseIpsByOwnerRequest request, StreamObserver<ReleaseIpsByOwnerResponse> answers) {
                releases.add(request);
                answers.onNext(ReleaseIpsByOwnerResponse.newBuilder()
                        .setReleasedIps(1024)
                        .setInProgress(!isLast.test(releases.size()))
                        .build());
                answers.onCompleted();
            }
        });
    }

    @AfterEach
    void stop() {
        server.close();
    }

    /** The same delete by a caller that waits and by one that does not. */
    private record Caller(boolean waits) {
        ForcedDelete delete(Ipamer ipamer) {
            return waits
                    ? ipamer.deletePrefixWithContent(ArgumentsTest.PREFIX)
                    : ipamer.async()
                            .deletePrefixWithContent(ArgumentsTest.PREFIX)
                            .join();
        }

        long release(Ipamer ipamer) {
            return waits
                    ? ipamer.releaseIpsByOwner("team")
                    : ipamer.async().releaseIpsByOwner("team").join();
        }
    }

    static Stream<Caller> callers() {
        return Stream.of(new Caller(true), new Caller(false));
    }

    @ParameterizedTest
    @MethodSource("callers")
    void aDeleteOfAllGoesOnToItsEndAndNamesTheSamePrefixInEachStep(Caller caller) {
        ForcedDelete done = caller.delete(client());
        assertThat(done.prefix().cidr()).isEqualTo(ArgumentsTest.PREFIX.cidr());
        assertThat(done.deletedPrefixes()).isEqualTo(6);
        assertThat(done.releasedIps()).isEqualTo(3000);
        assertThat(deletes).hasSize(3).allSatisfy(step -> {
            assertThat(step.getPrefixId()).isEqualTo(ArgumentsTest.PREFIX.id());
            assertThat(step.getRequestId())
                    .as("the last step is the one that keeps it")
                    .isEqualTo("id");
        });
    }

    @ParameterizedTest
    @MethodSource("callers")
    void aReleaseByOwnerGoesOnToItsEnd(Caller caller) {
        assertThat(caller.release(client())).isEqualTo(3072);
        assertThat(releases).hasSize(3);
    }

    @ParameterizedTest
    @MethodSource("callers")
    void whatOthersFinishedIsFinished(Caller caller) {
        goneBeforeStep2 = "PREFIX_ID_MISMATCH";
        assertThat(caller.delete(client()).releasedIps()).isEqualTo(1000);
        assertThat(deletes).hasSize(2);
    }

    @Test
    void aStepThatFailsOtherwiseFailsTheCall() {
        goneBeforeStep2 = "INVALID_ID";
        assertThatExceptionOfType(IpamerException.class)
                .isThrownBy(() -> new Caller(true).delete(client()))
                .extracting(IpamerException::reason)
                .isEqualTo(Reason.INVALID_ID);
        deletes.clear();
        assertThat(client().async().deletePrefixWithContent(ArgumentsTest.PREFIX))
                .failsWithin(20, TimeUnit.SECONDS)
                .withThrowableThat()
                .withCauseInstanceOf(IpamerException.class);
    }

    @Test
    void cancellingTheFutureEndsTheSteps() throws InterruptedException {
        isLast = step -> false;
        CompletableFuture<ForcedDelete> future = client().async().deletePrefixWithContent(ArgumentsTest.PREFIX);
        assertThat(secondStep.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(future.cancel(true)).isTrue();
        int steps = -1;
        while (steps != deletes.size()) { // the one under way may still be counted
            steps = deletes.size();
            assertThatExceptionOfType(IpamerException.class).isThrownBy(client()::version); // a call later
        }
        assertThat(deletes).hasSize(steps);
    }

    private Ipamer client() {
        return server.client().build().withRequestId("id");
    }

    private static StatusRuntimeException refusal(String reason) {
        return StatusProto.toStatusRuntimeException(com.google.rpc.Status.newBuilder()
                .setCode(Status.Code.FAILED_PRECONDITION.value())
                .addDetails(Any.pack(ErrorInfo.newBuilder()
                        .setDomain("ipamer.io")
                        .setReason(reason)
                        .build()))
                .build());
    }
}
