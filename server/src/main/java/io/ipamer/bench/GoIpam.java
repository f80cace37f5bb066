package io.ipamer.bench;

import com.google.protobuf.MessageLite;
import io.grpc.MethodDescriptor;
import io.ipamer.address.IpAddress;
import io.ipamer.proto.goipam.AcquireChildPrefixRequest;
import io.ipamer.proto.goipam.AcquireIPRequest;
import io.ipamer.proto.goipam.CreateNamespaceRequest;
import io.ipamer.proto.goipam.CreatePrefixRequest;
import io.ipamer.proto.goipam.DeleteNamespaceRequest;
import io.ipamer.proto.goipam.DeletePrefixRequest;
import io.ipamer.proto.goipam.GetPrefixRequest;
import io.ipamer.proto.goipam.IpamServiceGrpc;
import io.ipamer.proto.goipam.ReleaseChildPrefixRequest;
import io.ipamer.proto.goipam.ReleaseIPRequest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Supplier;

/** go-ipam's {@code api.v1.IpamService}. */
final class GoIpam implements Contract {
    private final String namespace;

    /** Makes the calls for a namespace. */
    GoIpam(String namespace) {
        this.namespace = namespace;
    }

    private static <Q extends MessageLite, A> Call<Q, A> other(MethodDescriptor<Q, A> method, Q request) {
        return new Call<>(OTHER, method, request, answer -> "");
    }

    @Override
    public Call<?, ?> createNamespace() {
        return other(
                IpamServiceGrpc.getCreateNamespaceMethod(),
                CreateNamespaceRequest.newBuilder().setNamespace(namespace).build());
    }

    @Override
    public Call<?, ?> deleteNamespace() {
        return other(
                IpamServiceGrpc.getDeleteNamespaceMethod(),
                DeleteNamespaceRequest.newBuilder().setNamespace(namespace).build());
    }

    @Override
    public Call<?, ?> createPrefix(String cidr) {
        return new Call<>(
                CREATE_PREFIX,
                IpamServiceGrpc.getCreatePrefixMethod(),
                CreatePrefixRequest.newBuilder()
                        .setNamespace(namespace)
                        .setCidr(cidr)
                        .build(),
                answer -> answer.getPrefix().getCidr());
    }

    @Override
    public Call<?, ?> deletePrefix(String cidr) {
        return other(
                IpamServiceGrpc.getDeletePrefixMethod(),
                DeletePrefixRequest.newBuilder()
                        .setNamespace(namespace)
                        .setCidr(cidr)
                        .build());
    }

    @Override
    public Supplier<Call<?, ?>> readPrefix(String cidr) {
        Call<?, ?> call = new Call<>(
                READ,
                IpamServiceGrpc.getGetPrefixMethod(),
                GetPrefixRequest.newBuilder()
                        .setNamespace(namespace)
                        .setCidr(cidr)
                        .build(),
                answer -> answer.getPrefix().getCidr());
        return () -> call;
    }

    @Override
    public Supplier<Call<?, ?>> acquireChild(String parent, int length) {
        Call<?, ?> call = new Call<>(
                CHILD,
                IpamServiceGrpc.getAcquireChildPrefixMethod(),
                AcquireChildPrefixRequest.newBuilder()
                        .setNamespace(namespace)
                        .setCidr(parent)
                        .setLength(length)
                        .build(),
                answer -> answer.getPrefix().getCidr());
        return () -> call;
    }

    @Override
    public Call<?, ?> releaseChild(String cidr) {
        return other(
                IpamServiceGrpc.getReleaseChildPrefixMethod(),
                ReleaseChildPrefixRequest.newBuilder()
                        .setNamespace(namespace)
                        .setCidr(cidr)
                        .build());
    }

    @Override
    public Supplier<Call<?, ?>> acquire(String prefix) {
        Call<?, ?> call = new Call<>(
                ACQUIRE,
                IpamServiceGrpc.getAcquireIPMethod(),
                AcquireIPRequest.newBuilder()
                        .setNamespace(namespace)
                        .setPrefixCidr(prefix)
                        .build(),
                answer -> answer.getIp().getIp());
        return () -> call;
    }

    @Override
    public Call<?, ?> release(String prefix, IpAddress address) {
        return new Call<>(
                RELEASE,
                IpamServiceGrpc.getReleaseIPMethod(),
                ReleaseIPRequest.newBuilder()
                        .setNamespace(namespace)
                        .setPrefixCidr(prefix)
                        .setIp(address.toString())
                        .build(),
                answer -> answer.getIp().getIp());
    }

    @Override
    public List<Call<?, ?>> acquireMany(String prefix, int count) {
        return Collections.nCopies(count, acquire(prefix).get());
    }

    @Override
    public List<Call<?, ?>> releaseMany(String prefix, List<IpAddress> addresses) {
        List<Call<?, ?>> calls = new ArrayList<>(addresses.size());
        for (IpAddress address : addresses) {
            calls.add(release(prefix, address));
        }
        return calls;
    }
}
