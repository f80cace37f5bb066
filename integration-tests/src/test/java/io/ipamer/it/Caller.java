package io.ipamer.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.ipamer.proto.v1.AcquireChildPrefixRequest;
import io.ipamer.proto.v1.AcquireIpRequest;
import io.ipamer.proto.v1.AcquireIpResponse;
import io.ipamer.proto.v1.Allocation;
import io.ipamer.proto.v1.IpamerServiceGrpc.IpamerServiceBlockingStub;
import io.ipamer.proto.v1.Prefix;
import io.ipamer.proto.v1.ReleaseChildPrefixRequest;
import io.ipamer.proto.v1.ReleaseIpRequest;
import io.ipamer.proto.v1.ReleaseIpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Function;

/** Makes one call after the other, and knows what it holds. What is its own nobody else touches. */
abstract class Caller {
    final Random random;
    final List<Held> held = new ArrayList<>();
    final List<Prefix> children = new ArrayList<>();
    private final int number;
    private final Map<String, Integer> holders;
    private int requests;

    /** An address, and how it was come by. */
    record Held(AcquireIpRequest request, AcquireIpResponse answer) {
        Allocation allocation() {
            return answer.getAllocation();
        }
    }

    /** {@code holders}: who holds which address; one for all callers. */
    Caller(int number, Random random, Map<String, Integer> holders) {
        this.number = number;
        this.random = random;
        this.holders = holders;
    }

    /** Asks for something. Empty when it was refused for one of these reasons. */
    abstract <T> Optional<T> take(
            String requestId, Function<IpamerServiceBlockingStub, T> call, String... mayBeRefusedFor);

    /** Gives back what it holds. Empty when an earlier try had done so, which one of these refusals tells. */
    abstract <T> Optional<T> giveBack(
            String requestId, Function<IpamerServiceBlockingStub, T> call, String... refusalsOnceGone);

    final String newRequestId() {
        return "caller-" + number + "-" + requests++;
    }

    /** {@code address}: any when it is empty. */
    final Optional<AcquireIpResponse> acquire(String prefix, String address, String requestId) {
        AcquireIpRequest request = AcquireIpRequest.newBuilder()
                .setPrefixCidr(prefix)
                .setAddress(address)
                .setRequestId(requestId)
                .build();
        Optional<AcquireIpResponse> answer = take(
                requestId, stub -> stub.acquireIp(request), "NO_FREE_ADDRESS", "ADDRESS_TAKEN", "ADDRESS_RESERVED");
        answer.ifPresent(first -> {
            Allocation allocation = first.getAllocation();
            assertThat(holders.putIfAbsent(allocation.getAddress(), number))
                    .as("another holder of %s", allocation)
                    .isNull();
            held.add(new Held(request, first));
        });
        return answer;
    }

    /** Asks once more for an address that it holds and got under a request id. */
    final void acquireAgain(Held one) {
        AcquireIpRequest request = one.request;
        assertThat(take(request.getRequestId(), stub -> stub.acquireIp(request)))
                .contains(one.answer.toBuilder().setReplayed(true).build());
    }

    /** One of those that it holds; nothing when there is none. */
    final Optional<Allocation> release(String requestId) {
        if (held.isEmpty()) {
            return Optional.empty();
        }
        Allocation allocation = held.remove(random.nextInt(held.size())).allocation();
        holders.remove(allocation.getAddress());
        ReleaseIpRequest request = ReleaseIpRequest.newBuilder()
                .setPrefixCidr(allocation.getPrefixCidr())
                .setAddress(allocation.getAddress())
                .setAllocationId(allocation.getAllocationId())
                .setRequestId(requestId)
                .build();
        releaseIp(request)
                .ifPresent(answer -> assertThat(answer.getAllocation()).isEqualTo(allocation));
        if (!requestId.isEmpty() && random.nextBoolean()) {
            assertThat(releaseIp(request)).get().matches(ReleaseIpResponse::getReplayed, "replayed");
        }
        return Optional.of(allocation);
    }

    private Optional<ReleaseIpResponse> releaseIp(ReleaseIpRequest request) {
        return giveBack(
                request.getRequestId(),
                stub -> stub.releaseIp(request),
                "ALLOCATION_NOT_FOUND",
                "ALLOCATION_ID_MISMATCH");
    }

    final void acquireChild(String parent, int length, String requestId) {
        AcquireChildPrefixRequest request = AcquireChildPrefixRequest.newBuilder()
                .setParentCidr(parent)
                .setLength(length)
                .setRequestId(requestId)
                .build();
        take(requestId, stub -> stub.acquireChildPrefix(request), "NO_FREE_PREFIX")
                .ifPresent(answer -> children.add(answer.getPrefix()));
    }

    /** One of those that it holds; nothing when there is none. */
    final Optional<Prefix> releaseChild(String requestId) {
        if (children.isEmpty()) {
            return Optional.empty();
        }
        Prefix child = children.remove(random.nextInt(children.size()));
        ReleaseChildPrefixRequest request = ReleaseChildPrefixRequest.newBuilder()
                .setCidr(child.getCidr())
                .setPrefixId(child.getId())
                .setRequestId(requestId)
                .build();
        giveBack(requestId, stub -> stub.releaseChildPrefix(request), "PREFIX_NOT_FOUND", "PREFIX_ID_MISMATCH")
                .ifPresent(answer -> assertThat(answer.getPrefix()).isEqualTo(child));
        return Optional.of(child);
    }

    /** ipamer.v1's reason of a failure; empty when it is not one of the server's own. */
    static String reason(StatusRuntimeException failure) {
        return errorInfo(failure).getReason();
    }

    /** What the server says of a failure for programs; empty when it is not one of the server's own. */
    static ErrorInfo errorInfo(StatusRuntimeException failure) {
        com.google.rpc.Status status = StatusProto.fromThrowable(failure);
        if (status != null) {
            for (Any detail : status.getDetailsList()) {
                if (detail.is(ErrorInfo.class)) {
                    try {
                        return detail.unpack(ErrorInfo.class);
                    } catch (InvalidProtocolBufferException malformed) {
                        throw new AssertionError(malformed);
                    }
                }
            }
        }
        return ErrorInfo.getDefaultInstance();
    }
}
