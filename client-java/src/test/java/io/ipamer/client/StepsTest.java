package io.ipamer.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.stub.StreamObserver;
import io.ipamer.proto.v1.DeletePrefixRequest;
import io.ipamer.proto.v1.DeletePrefixResponse;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import io.ipamer.proto.v1.ReleaseIpsByOwnerRequest;
import io.ipamer.proto.v1.ReleaseIpsByOwnerResponse;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Calls of many steps go on until the server says that nothing is left, and tell what all steps did. */
class StepsTest {
    private final List<String> requestIds = new CopyOnWriteArrayList<>();
    private FakeServer server;

    @BeforeEach
    void start() throws IOException {
        server = new FakeServer(new IpamerServiceGrpc.IpamerServiceImplBase() {
            @Override
            public void deletePrefix(DeletePrefixRequest request, StreamObserver<DeletePrefixResponse> answers) {
                requestIds.add(request.getRequestId());
                DeletePrefixResponse.Builder answer = DeletePrefixResponse.newBuilder()
                        .setDeletedPrefixes(2)
                        .setReleasedIps(1000)
                        .setInProgress(requestIds.size() < 3);
                answer.getPrefixBuilder().setCidr(request.getCidr());
                answers.onNext(answer.build());
                answers.onCompleted();
            }

            @Override
            public void releaseIpsByOwner(
                    ReleaseIpsByOwnerRequest request, StreamObserver<ReleaseIpsByOwnerResponse> answers) {
                requestIds.add(request.getRequestId());
                answers.onNext(ReleaseIpsByOwnerResponse.newBuilder()
                        .setReleasedIps(1024)
                        .setInProgress(requestIds.size() < 3)
                        .build());
                answers.onCompleted();
            }
        });
    }

    @AfterEach
    void stop() {
        server.close();
        assertThat(requestIds)
                .as("the last step is the one that keeps it")
                .hasSize(3)
                .containsOnly("id");
    }

    @Test
    void aDeleteOfAllGoesOnToItsEnd() {
        ForcedDelete done = client().deletePrefixWithContent("10.0.0.0/8");
        assertThat(done.prefix().cidr()).isEqualTo("10.0.0.0/8");
        assertThat(done.deletedPrefixes()).isEqualTo(6);
        assertThat(done.releasedIps()).isEqualTo(3000);
    }

    @Test
    void soDoesOneThatNobodyWaitsFor() {
        ForcedDelete done =
                client().async().deletePrefixWithContent("10.0.0.0/8").join();
        assertThat(done.deletedPrefixes()).isEqualTo(6);
        assertThat(done.releasedIps()).isEqualTo(3000);
    }

    @Test
    void aReleaseByOwnerGoesOnToItsEnd() {
        assertThat(client().releaseIpsByOwner("team")).isEqualTo(3072);
    }

    private Ipamer client() {
        return server.client().build().withRequestId("id");
    }
}
