package io.ipamer.bench;

import static java.util.stream.Collectors.joining;

import com.google.protobuf.MessageLite;
import io.grpc.MethodDescriptor;
import io.ipamer.address.IpAddress;
import io.ipamer.proto.v1.AcquireChildPrefixRequest;
import io.ipamer.proto.v1.AcquireIpRequest;
import io.ipamer.proto.v1.AcquireIpsRequest;
import io.ipamer.proto.v1.AcquireIpsResponse;
import io.ipamer.proto.v1.Allocation;
import io.ipamer.proto.v1.CreateNamespaceRequest;
import io.ipamer.proto.v1.CreatePrefixRequest;
import io.ipamer.proto.v1.DeleteNamespaceRequest;
import io.ipamer.proto.v1.DeletePrefixRequest;
import io.ipamer.proto.v1.GetPrefixRequest;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import io.ipamer.proto.v1.ReleaseChildPrefixRequest;
import io.ipamer.proto.v1.ReleaseIpRequest;
import io.ipamer.proto.v1.ReleaseIpsItem;
import io.ipamer.proto.v1.ReleaseIpsRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/** {@code ipamer.v1.IpamerService}. */
final class IpamerV1 implements Contract {
    private static final int MAX_BATCH = 4096;

    private final String namespace;
    private final boolean requestIds;
    private final AtomicLong lastId = new AtomicLong();

    /**
     * Makes the calls for a namespace.
     *
     * @param requestIds whether calls that are measured and change something carry one
     */
    IpamerV1(String namespace, boolean requestIds) {
        this.namespace = namespace;
        this.requestIds = requestIds;
    }

    /** Unique in the namespace, which is this run's own, and as long as a UUID; "" for none. */
    private String requestId() {
        return requestIds ? namespace + "-" + lastId.incrementAndGet() : "";
    }

    private static <Q extends MessageLite, A> Call<Q, A> other(MethodDescriptor<Q, A> method, Q request) {
        return new Call<>(OTHER, method, request, answer -> "");
    }

    @Override
    public Call<?, ?> createNamespace() {
        return other(
                IpamerServiceGrpc.getCreateNamespaceMethod(),
                CreateNamespaceRequest.newBuilder().setName(namespace).build());
    }

    @Override
    public Call<?, ?> deleteNamespace() {
        return other(
                IpamerServiceGrpc.getDeleteNamespaceMethod(),
                DeleteNamespaceRequest.newBuilder().setName(namespace).build());
    }

    @Override
    public Call<?, ?> createPrefix(String cidr) {
        return new Call<>(
                CREATE_PREFIX,
                IpamerServiceGrpc.getCreatePrefixMethod(),
                CreatePrefixRequest.newBuilder()
                        .setNamespace(namespace)
                        .setCidr(cidr)
                        .setRequestId(requestId())
                        .build(),
                answer -> answer.getPrefix().getCidr());
    }

    @Override
    public Call<?, ?> deletePrefix(String cidr) {
        return other(
                IpamerServiceGrpc.getDeletePrefixMethod(),
                DeletePrefixRequest.newBuilder()
                        .setNamespace(namespace)
                        .setCidr(cidr)
                        .build());
    }

    @Override
    public Supplier<Call<?, ?>> readPrefix(String cidr) {
        Call<?, ?> call = new Call<>(
                READ,
                IpamerServiceGrpc.getGetPrefixMethod(),
                GetPrefixRequest.newBuilder()
                        .setNamespace(namespace)
                        .setCidr(cidr)
                        .build(),
                answer -> answer.getPrefix().getCidr());
        return () -> call;
    }

    @Override
    public Supplier<Call<?, ?>> acquireChild(String parent, int length) {
        var call = new Call<>(
                CHILD,
                IpamerServiceGrpc.getAcquireChildPrefixMethod(),
                AcquireChildPrefixRequest.newBuilder()
                        .setNamespace(namespace)
                        .setParentCidr(parent)
                        .setLength(length)
                        .build(),
                answer -> answer.getPrefix().getCidr());
        return requestIds
                ? () -> call.with(
                        call.request().toBuilder().setRequestId(requestId()).build())
                : () -> call;
    }

    @Override
    public Call<?, ?> releaseChild(String cidr) {
        return other(
                IpamerServiceGrpc.getReleaseChildPrefixMethod(),
                ReleaseChildPrefixRequest.newBuilder()
                        .setNamespace(namespace)
                        .setCidr(cidr)
                        .build());
    }

    @Override
    public Supplier<Call<?, ?>> acquire(String prefix) {
        var call = new Call<>(
                ACQUIRE,
                IpamerServiceGrpc.getAcquireIpMethod(),
                AcquireIpRequest.newBuilder()
                        .setNamespace(namespace)
                        .setPrefixCidr(prefix)
                        .build(),
                answer -> answer.getAllocation().getAddress());
        return requestIds
                ? () -> call.with(
                        call.request().toBuilder().setRequestId(requestId()).build())
                : () -> call;
    }

    @Override
    public Call<?, ?> release(String prefix, IpAddress address) {
        return new Call<>(
                RELEASE,
                IpamerServiceGrpc.getReleaseIpMethod(),
                ReleaseIpRequest.newBuilder()
                        .setNamespace(namespace)
                        .setPrefixCidr(prefix)
                        .setAddress(address.toString())
                        .setRequestId(requestId())
                        .build(),
                answer -> answer.getAllocation().getAddress());
    }

    @Override
    public List<Call<?, ?>> acquireMany(String prefix, int count) {
        List<Call<?, ?>> calls = new ArrayList<>();
        for (int left = count; left > 0; left -= MAX_BATCH) {
            calls.add(new Call<>(
                    OTHER,
                    IpamerServiceGrpc.getAcquireIpsMethod(),
                    AcquireIpsRequest.newBuilder()
                            .setNamespace(namespace)
                            .setPrefixCidr(prefix)
                            .setCount(Math.min(left, MAX_BATCH))
                            .build(),
                    IpamerV1::addresses));
        }
        return calls;
    }

    private static String addresses(AcquireIpsResponse answer) {
        return answer.getAllocationsList().stream().map(Allocation::getAddress).collect(joining(","));
    }

    @Override
    public List<Call<?, ?>> releaseMany(String prefix, List<IpAddress> addresses) {
        ReleaseIpsRequest.Builder request =
                ReleaseIpsRequest.newBuilder().setNamespace(namespace).setPrefixCidr(prefix);
        for (IpAddress address : addresses) {
            request.addItems(ReleaseIpsItem.newBuilder().setAddress(address.toString()));
        }
        return List.of(other(IpamerServiceGrpc.getReleaseIpsMethod(), request.build()));
    }
}
