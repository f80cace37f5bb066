package io.ipamer.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import com.google.protobuf.UnknownFieldSet;
import io.grpc.stub.StreamObserver;
import io.ipamer.proto.v1.ErrorReason;
import io.ipamer.proto.v1.GetPrefixUsageRequest;
import io.ipamer.proto.v1.GetPrefixUsageResponse;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import io.ipamer.proto.v1.ListNamespacesRequest;
import io.ipamer.proto.v1.ListNamespacesResponse;
import io.ipamer.proto.v1.PrefixUsage;
import io.ipamer.proto.v1.ReleaseIpsRequest;
import io.ipamer.proto.v1.ReleaseIpsResponse;
import java.io.IOException;
import java.math.BigInteger;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What goes in and comes out, also with a server of another version. */
class ValuesTest {
    @Test
    void everyReasonOfTheContractIsKnown() {
        Stream<String> contract = Arrays.stream(ErrorReason.values())
                .filter(reason -> reason != ErrorReason.UNRECOGNIZED && reason != ErrorReason.ERROR_REASON_UNSPECIFIED)
                .map(reason -> reason.name().substring("ERROR_REASON_".length()));
        assertThat(Arrays.stream(Reason.values())
                        .filter(reason -> reason != Reason.UNRECOGNIZED && reason != Reason.NONE)
                        .map(Enum::name))
                .containsExactlyInAnyOrderElementsOf(contract.toList());
    }

    @Test
    void whatANewerServerAddsDoesNotStandInTheWay() throws IOException {
        try (FakeServer server = new FakeServer(new IpamerServiceGrpc.IpamerServiceImplBase() {
            @Override
            public void getPrefixUsage(GetPrefixUsageRequest request, StreamObserver<GetPrefixUsageResponse> answers) {
                answers.onNext(GetPrefixUsageResponse.newBuilder()
                        .setUsage(PrefixUsage.newBuilder()
                                .setCidr(request.getCidr())
                                .setModeValue(99)
                                .setSize("340282366920938463463374607431768211456")
                                .setUnknownFields(UnknownFieldSet.newBuilder()
                                        .addField(
                                                777,
                                                UnknownFieldSet.Field.newBuilder()
                                                        .addVarint(1)
                                                        .build())
                                        .build()))
                        .build());
                answers.onCompleted();
            }

            @Override
            public void releaseIps(ReleaseIpsRequest request, StreamObserver<ReleaseIpsResponse> answers) {
                ReleaseIpsResponse.Builder answer = ReleaseIpsResponse.newBuilder();
                answer.addResultsBuilder().getErrorBuilder().setReasonValue(999).setMessage("no");
                answers.onNext(answer.build());
                answers.onCompleted();
            }
        })) {
            Ipamer client = server.client().build();
            io.ipamer.client.PrefixUsage usage = client.usage("::/0");
            assertThat(usage.mode()).isEqualTo(PrefixMode.UNRECOGNIZED);
            assertThat(usage.size()).isEqualTo(BigInteger.TWO.pow(128));
            assertThat(usage.free()).as("left out by an older one").isZero();
            assertThat(client.releaseIps("::/0", List.of("::7")))
                    .containsExactly(new ReleaseResult.Refused("::7", Reason.UNRECOGNIZED, "no"));
            assertThatExceptionOfType(IpamerException.class)
                    .as("a call that an older one does not have")
                    .isThrownBy(client::version)
                    .extracting(IpamerException::code)
                    .isEqualTo(io.grpc.Status.Code.UNIMPLEMENTED);
        }
    }

    @Test
    void anAnswerThatCannotBeReadFailsCallsThatWaitAndThoseThatDoNot() throws IOException {
        try (FakeServer server = new FakeServer(new IpamerServiceGrpc.IpamerServiceImplBase() {
            @Override
            public void getPrefixUsage(GetPrefixUsageRequest request, StreamObserver<GetPrefixUsageResponse> answers) {
                GetPrefixUsageResponse.Builder answer = GetPrefixUsageResponse.newBuilder();
                answer.getUsageBuilder().setSize("1e3");
                answers.onNext(answer.build());
                answers.onCompleted();
            }

            @Override
            public void releaseIps(ReleaseIpsRequest request, StreamObserver<ReleaseIpsResponse> answers) {
                answers.onNext(ReleaseIpsResponse.getDefaultInstance());
                answers.onCompleted();
            }
        })) {
            Ipamer client = server.client().build();
            assertThatExceptionOfType(IpamerException.class)
                    .isThrownBy(() -> client.usage("::/0"))
                    .withMessageContaining("cannot be read")
                    .matches(failure -> !failure.outcomeUnknown());
            assertThatExceptionOfType(IpamerException.class)
                    .isThrownBy(() -> client.releaseIps("::/0", List.of("::7")))
                    .withMessageContaining("0 results for 1 addresses")
                    .matches(IpamerException::outcomeUnknown);
            assertThat(client.async().usage("::/0"))
                    .failsWithin(20, TimeUnit.SECONDS)
                    .withThrowableThat()
                    .withCauseInstanceOf(IpamerException.class);
        }
    }

    @Test
    void aPageIsAskedForWhenTheOneBeforeIsUsedUp() throws IOException {
        AtomicInteger calls = new AtomicInteger();
        try (FakeServer server = new FakeServer(new IpamerServiceGrpc.IpamerServiceImplBase() {
            @Override
            public void listNamespaces(ListNamespacesRequest request, StreamObserver<ListNamespacesResponse> answers) {
                int page = calls.getAndIncrement();
                assertThat(request.getPageToken()).isEqualTo(page == 0 ? "" : "after" + (page - 1));
                ListNamespacesResponse.Builder answer = ListNamespacesResponse.newBuilder();
                if (page != 1) { // a page may be empty before the end
                    answer.addNamespacesBuilder().setName("n" + page);
                }
                answers.onNext(
                        answer.setNextPageToken(page < 3 ? "after" + page : "").build());
                answers.onCompleted();
            }
        })) {
            Ipamer client = server.client().build();
            assertThat(client.namespaces().findFirst()).map(Namespace::name).contains("n0");
            assertThat(calls).hasValue(1);
            calls.set(0);
            assertThat(client.namespaces().map(Namespace::name)).containsExactly("n0", "n2", "n3");
            assertThat(calls).hasValue(4);
        }
    }

    @Test
    void anUpdateNamesWhatItChanges() {
        MetadataUpdate update = MetadataUpdate.NOTHING.owner("").label("a", "1").withoutLabel("b");
        assertThat(update.paths()).containsExactly("labels.a", "labels.b", "owner");
        assertThat(update.values()).isEqualTo(new Metadata("", Map.of("a", "1"), ""));
        MetadataUpdate all = update.labels(Map.of("c", "3")).label("d", "4");
        assertThat(all.paths()).containsExactly("labels", "owner");
        assertThat(all.values().labels()).isEqualTo(Map.of("c", "3", "d", "4"));
        assertThat(all.description("x").paths()).containsExactly("description", "labels", "owner");
    }

    @Test
    void whatADryRunGaveCannotBeReleased() {
        try (IpamerClient client = IpamerClient.builder().plaintext().build()) {
            Allocation imagined = new Allocation("", "10.0.0.1", "root", "10.0.0.0/24", "", Map.of(), "");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> client.releaseIp(imagined))
                    .withMessageContaining("dry run");
        }
    }

    @Test
    void aDryRunRefusesWhatItCouldOnlyDo() {
        try (IpamerClient client = IpamerClient.builder().plaintext().build()) {
            assertThatExceptionOfType(UnsupportedOperationException.class)
                    .isThrownBy(() -> client.dryRun().deletePrefix("10.0.0.0/24"));
            assertThatExceptionOfType(UnsupportedOperationException.class)
                    .isThrownBy(() -> client.dryRun().newPrefix("10.0.0.0/24"));
        }
    }

    @Test
    void settingsThatDoNotGoTogetherAreRefused() throws IOException {
        try (FakeServer server = new FakeServer(new IpamerServiceGrpc.IpamerServiceImplBase() {})) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> server.client().plaintext().build());
        }
        assertThatIllegalStateException()
                .isThrownBy(
                        () -> IpamerClient.builder().plaintext().token("secret").build())
                .withMessageContaining("TLS");
        for (String token : List.of("", "two words", "a line\n", "secr\u00e4t")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> IpamerClient.builder().token(token))
                    .withMessageContaining("printable ASCII")
                    .withMessageNotContaining("secr");
        }
        for (Duration deadline : List.of(Duration.ZERO, Duration.ofMillis(-1), Duration.ofDays(366))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> IpamerClient.builder()
                            .plaintext()
                            .deadline(deadline)
                            .build())
                    .withMessageContaining("deadline");
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new RetryPolicy(0, Duration.ZERO, Duration.ZERO))
                .withMessageContaining("attempts");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new RetryPolicy(1, Duration.ofSeconds(2), Duration.ofSeconds(1)))
                .withMessageContaining("maxBackoff");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new RetryPolicy(2, Duration.ZERO, Duration.ofDays(2)))
                .withMessageContaining("maxBackoff");
    }

    @Test
    void aChannelThatWasHandedInStaysOpen() throws IOException {
        try (FakeServer server = new FakeServer(new IpamerServiceGrpc.IpamerServiceImplBase() {})) {
            server.client().build().close();
            assertThat(server.channel().isShutdown()).isFalse();
        }
    }
}
