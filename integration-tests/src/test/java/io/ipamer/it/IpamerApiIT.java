package io.ipamer.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import io.grpc.ManagedChannel;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.StatusProto;
import io.ipamer.app.IpamerServer;
import io.ipamer.proto.v1.AcquireChildPrefixRequest;
import io.ipamer.proto.v1.AcquireIpRequest;
import io.ipamer.proto.v1.AcquireIpResponse;
import io.ipamer.proto.v1.AcquireIpsRequest;
import io.ipamer.proto.v1.Allocation;
import io.ipamer.proto.v1.CheckOverlapRequest;
import io.ipamer.proto.v1.CreatePrefixRequest;
import io.ipamer.proto.v1.DeletePrefixRequest;
import io.ipamer.proto.v1.ErrorReason;
import io.ipamer.proto.v1.GetPrefixUsageRequest;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import io.ipamer.proto.v1.IpamerServiceGrpc.IpamerServiceBlockingStub;
import io.ipamer.proto.v1.PrefixMode;
import io.ipamer.proto.v1.PrefixUsage;
import io.ipamer.proto.v1.ReleaseChildPrefixRequest;
import io.ipamer.proto.v1.ReleaseIpRequest;
import io.ipamer.proto.v1.ReleaseIpsItem;
import io.ipamer.proto.v1.ReleaseIpsRequest;
import io.ipamer.proto.v1.ReleaseIpsResponse;
import io.ipamer.proto.v1.ReservationPolicy;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** {@code ipamer.v1} over a real channel. */
class IpamerApiIT {
    private IpamerServer server;
    private ManagedChannel channel;
    private IpamerServiceBlockingStub ipamer;

    IpamerServer serve() {
        return IpamerServer.inMemory();
    }

    @BeforeEach
    void start() {
        server = serve();
        channel = NettyChannelBuilder.forAddress("127.0.0.1", server.grpcPort())
                .usePlaintext()
                .build();
        ipamer = IpamerServiceGrpc.newBlockingStub(channel);
    }

    @AfterEach
    void stop() {
        channel.shutdownNow();
        server.close();
    }

    @Test
    void theArticlesFirstProgram() {
        create("192.168.0.0/24");
        Allocation first = acquire("192.168.0.0/24", "").getAllocation();
        assertThat(first.getAddress()).isEqualTo("192.168.0.1");
        assertThat(catchRefusal(() -> delete("192.168.0.0/24")))
                .isEqualTo(ErrorReason.ERROR_REASON_PREFIX_HAS_ADDRESSES);
        ipamer.releaseIp(ReleaseIpRequest.newBuilder()
                .setPrefixCidr("192.168.0.0/24")
                .setAddress("192.168.0.1")
                .setAllocationId(first.getAllocationId())
                .build());
        delete("192.168.0.0/24");
    }

    @Test
    void theArticlesSecondProgram() {
        create("2001:aabb::/48");
        assertThat(child("2001:aabb::/48", 64)).isEqualTo("2001:aabb::/64");
        assertThat(child("2001:aabb::/48", 72)).isEqualTo("2001:aabb:0:1::/72");
        assertThat(acquire("2001:aabb:0:1::/72", "").getAllocation().getAddress())
                .isEqualTo("2001:aabb:0:1::1");
    }

    @Test
    void fiftyCallersOnASlash20GetDistinctAddresses() throws Exception {
        create("10.0.0.0/20");
        assertThat(distinct(inParallel(
                        50,
                        2_000,
                        i -> acquire("10.0.0.0/20", "request-" + i)
                                .getAllocation()
                                .getAddress())))
                .hasSize(2_000);
    }

    @Test
    void aThousandCallersOnASlash16GetDistinctAddressesAndRetriesTheSame() throws Exception {
        create("10.0.0.0/16");
        List<String> given = inParallel(
                1_000,
                1_000,
                i -> acquire("10.0.0.0/16", "request-" + i).getAllocation().getAllocationId());
        assertThat(distinct(given)).hasSize(1_000);

        List<String> again = inParallel(64, 1_000, i -> {
            AcquireIpResponse reply = acquire("10.0.0.0/16", "request-" + i);
            assertThat(reply.getReplayed()).isTrue();
            return reply.getAllocation().getAllocationId();
        });

        assertThat(again).isEqualTo(given);
        assertThat(usage("10.0.0.0/16").getAcquired()).isEqualTo(1_000);
    }

    @Test
    void aHundredCallersOnChildPrefixesGetDistinctOnes() throws Exception {
        create("2001:db8::/40");
        Set<String> children = distinct(inParallel(100, 400, i -> child("2001:db8::/40", 64)));
        assertThat(children).hasSize(400);
        List<String> all = List.copyOf(children);
        inParallel(
                100,
                400,
                i -> ipamer.releaseChildPrefix(ReleaseChildPrefixRequest.newBuilder()
                                .setCidr(all.get(i))
                                .build())
                        .getPrefix()
                        .getCidr());
        assertThat(usage("2001:db8::/40").getMode()).isEqualTo(PrefixMode.PREFIX_MODE_NONE);
    }

    @Test
    void aRequestIdIsNotForTwoRequests() {
        create("10.0.0.0/24");
        create("10.1.0.0/24");
        acquire("10.0.0.0/24", "mine");
        assertThat(catchRefusal(() -> acquire("10.1.0.0/24", "mine")))
                .isEqualTo(ErrorReason.ERROR_REASON_REQUEST_ID_REUSED);
    }

    @Test
    void aReplayOfWhatIsGoneSaysSo() {
        create("10.0.0.0/24");
        AcquireIpResponse first = acquire("10.0.0.0/24", "mine");
        release("10.0.0.0/24", first.getAllocation());
        acquire("10.0.0.0/24", "yours");
        assertThat(catchRefusal(() -> acquire("10.0.0.0/24", "mine")))
                .isEqualTo(ErrorReason.ERROR_REASON_ALLOCATION_GONE);
    }

    @Test
    void aReleaseThatNamesAnEarlierAllocationFails() {
        create("10.0.0.0/24");
        Allocation first = acquire("10.0.0.0/24", "").getAllocation();
        release("10.0.0.0/24", first);
        assertThat(acquire("10.0.0.0/24", "").getAllocation().getAddress()).isEqualTo(first.getAddress());
        assertThat(catchRefusal(() -> release("10.0.0.0/24", first)))
                .isEqualTo(ErrorReason.ERROR_REASON_ALLOCATION_ID_MISMATCH);
    }

    @Test
    void manyAddressesComeAllOrNoneAndAdjacentIfWanted() {
        create("10.0.0.0/28");
        ipamer.acquireIp(AcquireIpRequest.newBuilder()
                .setPrefixCidr("10.0.0.0/28")
                .setAddress("10.0.0.4")
                .build());
        assertThat(many(5, true)).containsExactly("10.0.0.5", "10.0.0.6", "10.0.0.7", "10.0.0.8", "10.0.0.9");
        assertThat(catchRefusal(() -> many(9, false))).isEqualTo(ErrorReason.ERROR_REASON_NO_FREE_ADDRESS);
        assertThat(many(4, false)).containsExactly("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.10");
    }

    @Test
    void manyReleasesAreJudgedOneByOne() {
        create("10.0.0.0/28");
        many(2, false);
        ReleaseIpsResponse response = ipamer.releaseIps(ReleaseIpsRequest.newBuilder()
                .setPrefixCidr("10.0.0.0/28")
                .addItems(ReleaseIpsItem.newBuilder().setAddress("10.0.0.1"))
                .addItems(ReleaseIpsItem.newBuilder().setAddress("10.0.0.9"))
                .addItems(ReleaseIpsItem.newBuilder().setAddress("10.0.0.2"))
                .build());
        assertThat(response.getResults(0).getReleased().getAddress()).isEqualTo("10.0.0.1");
        assertThat(response.getResults(1).getError().getReason())
                .isEqualTo(ErrorReason.ERROR_REASON_ALLOCATION_NOT_FOUND);
        assertThat(response.getResults(2).hasReleased()).isTrue();
    }

    @Test
    void withoutReservationEveryAddressIsUsable() {
        ipamer.createPrefix(CreatePrefixRequest.newBuilder()
                .setCidr("10.0.0.0/31")
                .setReservation(ReservationPolicy.RESERVATION_POLICY_NONE)
                .build());
        assertThat(acquire("10.0.0.0/31", "").getAllocation().getAddress()).isEqualTo("10.0.0.0");
        assertThat(acquire("10.0.0.0/31", "").getAllocation().getAddress()).isEqualTo("10.0.0.1");
    }

    @Test
    void usageIsExactToTwoToThe128() {
        create("::/0");
        PrefixUsage usage = usage("::/0");
        assertThat(usage.getSize()).isEqualTo("340282366920938463463374607431768211456");
        assertThat(usage.getFree()).isEqualTo("340282366920938463463374607431768211455");
        assertThat(child("::/0", 1)).isEqualTo("::/1");
        assertThat(usage("::/0").getFree()).isEqualTo("170141183460469231731687303715884105728");
        assertThat(usage("::/0").getLargestFreeBlock()).isEqualTo("8000::/1");
    }

    @Test
    void overlapsAreFoundAmongTheGivenAndWithTheExisting() {
        create("10.0.0.0/8");
        var conflicts = ipamer.checkOverlap(CheckOverlapRequest.newBuilder()
                        .addCidrs("10.1.0.0/16")
                        .addCidrs("192.168.0.0/16")
                        .addCidrs("192.168.7.0/24")
                        .build())
                .getConflictsList();
        assertThat(conflicts)
                .extracting(conflict ->
                        conflict.getCidr() + " " + conflict.getConflictsWith() + " " + conflict.getExisting())
                .containsExactly("10.1.0.0/16 10.0.0.0/8 true", "192.168.0.0/16 192.168.7.0/24 false");
    }

    @Test
    void aRefusalNamesTheFieldWhatCameAndWhatWouldBeRight() throws InvalidProtocolBufferException {
        StatusRuntimeException refusal =
                catchThrowableOfType(StatusRuntimeException.class, () -> create("10.0.0.5/24"));
        assertThat(refusal.getStatus().getCode()).isEqualTo(Code.INVALID_ARGUMENT);
        assertThat(refusal.getStatus().getDescription()).contains("cidr \"10.0.0.5/24\"", "10.0.0.0/24");
        List<Any> details = StatusProto.fromThrowable(refusal).getDetailsList();
        ErrorInfo info = details.get(0).unpack(ErrorInfo.class);
        assertThat(info.getReason()).isEqualTo("INVALID_CIDR");
        assertThat(info.getDomain()).isEqualTo("ipamer.io");
        assertThat(info.getMetadataMap()).containsEntry("field", "cidr").containsEntry("canonical", "10.0.0.0/24");
        assertThat(details.get(1).unpack(BadRequest.class).getFieldViolations(0).getField())
                .isEqualTo("cidr");
    }

    @Test
    void anExhaustedPrefixSaysHowItStands() throws InvalidProtocolBufferException {
        create("10.0.0.0/30");
        acquire("10.0.0.0/30", "");
        acquire("10.0.0.0/30", "");
        StatusRuntimeException refusal =
                catchThrowableOfType(StatusRuntimeException.class, () -> acquire("10.0.0.0/30", ""));
        assertThat(refusal.getStatus().getCode()).isEqualTo(Code.RESOURCE_EXHAUSTED);
        ErrorInfo info = StatusProto.fromThrowable(refusal).getDetails(0).unpack(ErrorInfo.class);
        assertThat(info.getMetadataMap())
                .containsEntry("acquired", "2")
                .containsEntry("reserved", "2")
                .containsEntry("free", "0");
    }

    @Test
    void absurdNumbersAreRefused() {
        create("10.0.0.0/16");
        for (int count : new int[] {0, -1, 4_097, Integer.MAX_VALUE}) {
            assertThat(catchRefusal(() -> many("10.0.0.0/16", count)))
                    .isEqualTo(ErrorReason.ERROR_REASON_INVALID_COUNT);
        }
        for (int length : new int[] {0, 16, 33, 129, -1}) {
            assertThat(catchRefusal(() -> child("10.0.0.0/16", length)))
                    .isEqualTo(ErrorReason.ERROR_REASON_LENGTH_OUT_OF_RANGE);
        }
    }

    private void create(String cidr) {
        ipamer.createPrefix(CreatePrefixRequest.newBuilder().setCidr(cidr).build());
    }

    private void delete(String cidr) {
        ipamer.deletePrefix(DeletePrefixRequest.newBuilder().setCidr(cidr).build());
    }

    private String child(String parent, int length) {
        return ipamer.acquireChildPrefix(AcquireChildPrefixRequest.newBuilder()
                        .setParentCidr(parent)
                        .setLength(length)
                        .build())
                .getPrefix()
                .getCidr();
    }

    private AcquireIpResponse acquire(String prefix, String requestId) {
        return ipamer.acquireIp(AcquireIpRequest.newBuilder()
                .setPrefixCidr(prefix)
                .setRequestId(requestId)
                .build());
    }

    private void release(String prefix, Allocation allocation) {
        ipamer.releaseIp(ReleaseIpRequest.newBuilder()
                .setPrefixCidr(prefix)
                .setAddress(allocation.getAddress())
                .setAllocationId(allocation.getAllocationId())
                .build());
    }

    private List<String> many(int count, boolean contiguous) {
        return ipamer
                .acquireIps(AcquireIpsRequest.newBuilder()
                        .setPrefixCidr("10.0.0.0/28")
                        .setCount(count)
                        .setContiguous(contiguous)
                        .build())
                .getAllocationsList()
                .stream()
                .map(Allocation::getAddress)
                .toList();
    }

    private void many(String prefix, int count) {
        ipamer.acquireIps(AcquireIpsRequest.newBuilder()
                .setPrefixCidr(prefix)
                .setCount(count)
                .build());
    }

    private PrefixUsage usage(String cidr) {
        return ipamer.getPrefixUsage(
                        GetPrefixUsageRequest.newBuilder().setCidr(cidr).build())
                .getUsage();
    }

    private static ErrorReason catchRefusal(Runnable call) {
        StatusRuntimeException refusal = catchThrowableOfType(StatusRuntimeException.class, call::run);
        try {
            String reason = StatusProto.fromThrowable(refusal)
                    .getDetails(0)
                    .unpack(ErrorInfo.class)
                    .getReason();
            return ErrorReason.valueOf("ERROR_REASON_" + reason);
        } catch (InvalidProtocolBufferException malformed) {
            throw new AssertionError(malformed);
        }
    }

    private static Set<String> distinct(List<String> values) {
        Set<String> distinct = new HashSet<>();
        values.forEach(value ->
                assertThat(distinct.add(value)).as("%s is given once", value).isTrue());
        return distinct;
    }

    private static List<String> inParallel(int callers, int calls, IntFunction<String> call) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(callers);
        try {
            List<Callable<String>> tasks = new ArrayList<>();
            for (int i = 0; i < calls; i++) {
                int index = i;
                tasks.add(() -> call.apply(index));
            }
            List<String> values = new ArrayList<>();
            for (Future<String> result : threads.invokeAll(tasks)) {
                values.add(result.get());
            }
            return values;
        } finally {
            threads.shutdownNow();
        }
    }
}
