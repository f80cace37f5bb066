package io.ipamer.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.ipamer.app.IpamerServer;
import io.ipamer.proto.goipam.IpamServiceGrpc;
import io.ipamer.proto.goipam.IpamServiceGrpc.IpamServiceBlockingStub;
import io.ipamer.proto.v1.AcquireChildPrefixRequest;
import io.ipamer.proto.v1.AcquireIpRequest;
import io.ipamer.proto.v1.AcquireIpResponse;
import io.ipamer.proto.v1.Allocation;
import io.ipamer.proto.v1.CreatePrefixRequest;
import io.ipamer.proto.v1.GetIpRequest;
import io.ipamer.proto.v1.GetNamespaceUsageRequest;
import io.ipamer.proto.v1.GetPrefixRequest;
import io.ipamer.proto.v1.GetPrefixUsageRequest;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import io.ipamer.proto.v1.IpamerServiceGrpc.IpamerServiceBlockingStub;
import io.ipamer.proto.v1.ListIpsRequest;
import io.ipamer.proto.v1.ListIpsResponse;
import io.ipamer.proto.v1.ListNamespacesRequest;
import io.ipamer.proto.v1.ListNamespacesResponse;
import io.ipamer.proto.v1.ListPrefixesRequest;
import io.ipamer.proto.v1.ListPrefixesResponse;
import io.ipamer.proto.v1.LookupRequest;
import io.ipamer.proto.v1.LookupResponse;
import io.ipamer.proto.v1.Namespace;
import io.ipamer.proto.v1.NamespaceUsage;
import io.ipamer.proto.v1.Prefix;
import io.ipamer.proto.v1.PrefixUsage;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A server, a channel to it, and short forms of calls of {@code ipamer.v1}; in memory unless a subclass says otherwise. */
abstract class IpamerCalls {
    static final String CIDR = "10.0.0.0/24";

    private IpamerServer server;
    private ManagedChannel channel;
    IpamerServiceBlockingStub ipamer;
    IpamServiceBlockingStub goIpam;

    IpamerServer serve() {
        return IpamerServer.inMemory();
    }

    @BeforeEach
    void start() {
        server = serve();
        connect();
    }

    private void connect() {
        channel = NettyChannelBuilder.forAddress("127.0.0.1", server.grpcPort())
                .usePlaintext()
                .build();
        ipamer = IpamerServiceGrpc.newBlockingStub(channel);
        goIpam = IpamServiceGrpc.newBlockingStub(channel);
    }

    @AfterEach
    void stop() {
        channel.shutdownNow();
        server.close();
    }

    /** Another server in the place of this one, with what the store kept. */
    final void restart() {
        stop();
        start();
    }

    /** 10.0.0.0/16 with 4 children, the first with an owner, and these with 2 each; 2001:db8::/32 with 1. */
    void plant() {
        create("10.0.0.0/16");
        create("2001:db8::/32");
        for (int i = 0; i < 4; i++) {
            String child = child("10.0.0.0/16", 24, i == 0 ? "o" : "", i % 2 == 0 ? "even" : "odd");
            for (int j = 0; j < 2; j++) {
                child(child, 26, j == 0 ? "o" : "p", "below");
            }
        }
        child("2001:db8::/32", 64, "o", "even");
    }

    void create(String cidr) {
        ipamer.createPrefix(CreatePrefixRequest.newBuilder().setCidr(cidr).build());
    }

    String child(String parent, int length, String owner, String kind) {
        return ipamer.acquireChildPrefix(AcquireChildPrefixRequest.newBuilder()
                        .setParentCidr(parent)
                        .setLength(length)
                        .setOwner(owner)
                        .putLabels("kind", kind)
                        .build())
                .getPrefix()
                .getCidr();
    }

    AcquireIpResponse acquire(AcquireIpRequest.Builder request) {
        if (request.getPrefixCidr().isEmpty()) {
            request.setPrefixCidr(CIDR);
        }
        return ipamer.acquireIp(request.build());
    }

    Prefix get(String cidr) {
        return ipamer.getPrefix(GetPrefixRequest.newBuilder().setCidr(cidr).build())
                .getPrefix();
    }

    Allocation getIp(String address) {
        return ipamer.getIp(GetIpRequest.newBuilder()
                        .setPrefixCidr(CIDR)
                        .setAddress(address)
                        .build())
                .getAllocation();
    }

    LookupResponse look(LookupRequest.Builder request) {
        return ipamer.lookup(request.build());
    }

    PrefixUsage usage(String cidr) {
        return ipamer.getPrefixUsage(
                        GetPrefixUsageRequest.newBuilder().setCidr(cidr).build())
                .getUsage();
    }

    NamespaceUsage total(String namespace) {
        return ipamer.getNamespaceUsage(
                        GetNamespaceUsageRequest.newBuilder().setName(namespace).build())
                .getUsage();
    }

    List<Prefix> prefixes(ListPrefixesRequest request, int size) {
        return pages(
                token -> ipamer.listPrefixes(request.toBuilder()
                        .setPageSize(size)
                        .setPageToken(token)
                        .build()),
                page -> {
                    assertThat(page.getPrefixesList()).hasSizeLessThanOrEqualTo(size);
                    return page.getPrefixesList();
                },
                ListPrefixesResponse::getNextPageToken);
    }

    List<Allocation> ips(ListIpsRequest request, int size) {
        return pages(
                token -> ipamer.listIps(request.toBuilder()
                        .setPageSize(size)
                        .setPageToken(token)
                        .build()),
                page -> {
                    assertThat(page.getAllocationsList()).hasSizeLessThanOrEqualTo(size);
                    return page.getAllocationsList();
                },
                ListIpsResponse::getNextPageToken);
    }

    List<String> namespaces(int size) {
        return pages(
                        token -> ipamer.listNamespaces(ListNamespacesRequest.newBuilder()
                                .setPageSize(size)
                                .setPageToken(token)
                                .build()),
                        ListNamespacesResponse::getNamespacesList,
                        ListNamespacesResponse::getNextPageToken)
                .stream()
                .map(Namespace::getName)
                .toList();
    }

    static <P, T> List<T> pages(Function<String, P> read, Function<P, List<T>> rows, Function<P, String> nextToken) {
        List<T> all = new ArrayList<>();
        String token = "";
        do {
            P page = read.apply(token);
            all.addAll(rows.apply(page));
            token = nextToken.apply(page);
        } while (!token.isEmpty());
        return all;
    }

    static String refusal(Runnable call) {
        StatusRuntimeException failure = catchThrowableOfType(StatusRuntimeException.class, call::run);
        assertThat(failure).as("a refusal").isNotNull();
        return Caller.reason(failure);
    }
}
