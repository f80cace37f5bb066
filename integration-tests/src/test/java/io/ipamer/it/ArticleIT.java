package io.ipamer.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.grpc.ManagedChannel;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.ipamer.app.IpamerServer;
import io.ipamer.proto.goipam.AcquireChildPrefixRequest;
import io.ipamer.proto.goipam.AcquireIPRequest;
import io.ipamer.proto.goipam.CreatePrefixRequest;
import io.ipamer.proto.goipam.DeletePrefixRequest;
import io.ipamer.proto.goipam.IP;
import io.ipamer.proto.goipam.IpamServiceGrpc;
import io.ipamer.proto.goipam.IpamServiceGrpc.IpamServiceBlockingStub;
import io.ipamer.proto.goipam.ListPrefixesRequest;
import io.ipamer.proto.goipam.Prefix;
import io.ipamer.proto.goipam.ReleaseIPRequest;
import io.ipamer.proto.v1.AcquireIpRequest;
import io.ipamer.proto.v1.Allocation;
import io.ipamer.proto.v1.GetPrefixRequest;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import io.ipamer.proto.v1.IpamerServiceGrpc.IpamerServiceBlockingStub;
import io.ipamer.proto.v1.ReleaseIpRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The two programs of the article that it began with, in both contracts. */
class ArticleIT {
    private IpamerServer server;
    private ManagedChannel channel;
    private IpamServiceBlockingStub goipam;
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
        goipam = IpamServiceGrpc.newBlockingStub(channel);
        ipamer = IpamerServiceGrpc.newBlockingStub(channel);
    }

    @AfterEach
    void stop() {
        channel.shutdownNow();
        server.close();
    }

    @Test
    void anAddressIsAcquiredAndReleasedAndThePrefixDeletedByGoIpamsContract() {
        Prefix prefix = goipam.createPrefix(CreatePrefixRequest.newBuilder()
                        .setCidr("192.168.0.0/24")
                        .build())
                .getPrefix();
        assertThat(prefix.getCidr()).isEqualTo("192.168.0.0/24");

        IP ip = goipam.acquireIP(AcquireIPRequest.newBuilder()
                        .setPrefixCidr(prefix.getCidr())
                        .build())
                .getIp();
        assertThat(ip.getIp()).isEqualTo("192.168.0.1");
        assertThat(ip.getParentPrefix()).isEqualTo("192.168.0.0/24");

        goipam.releaseIP(ReleaseIPRequest.newBuilder()
                .setPrefixCidr(ip.getParentPrefix())
                .setIp(ip.getIp())
                .build());
        goipam.deletePrefix(
                DeletePrefixRequest.newBuilder().setCidr(prefix.getCidr()).build());
        assertThat(goipam.listPrefixes(ListPrefixesRequest.getDefaultInstance()).getPrefixesList())
                .isEmpty();
    }

    @Test
    void childPrefixesOfIpv6AreCutWhereTheyFitBestByGoIpamsContract() {
        goipam.createPrefix(
                CreatePrefixRequest.newBuilder().setCidr("2001:aabb::/48").build());
        assertThat(goipamChild(64)).isEqualTo("2001:aabb::/64");
        assertThat(goipamChild(72)).isEqualTo("2001:aabb:0:1::/72");
        assertThat(goipam.acquireIP(AcquireIPRequest.newBuilder()
                                .setPrefixCidr("2001:aabb:0:1::/72")
                                .build())
                        .getIp()
                        .getIp())
                .isEqualTo("2001:aabb:0:1::1");
    }

    private String goipamChild(int length) {
        Prefix child = goipam.acquireChildPrefix(AcquireChildPrefixRequest.newBuilder()
                        .setCidr("2001:aabb::/48")
                        .setLength(length)
                        .build())
                .getPrefix();
        assertThat(child.getParentCidr()).isEqualTo("2001:aabb::/48");
        return child.getCidr();
    }

    @Test
    void anAddressIsAcquiredAndReleasedAndThePrefixDeletedByOurs() {
        create("192.168.0.0/24");

        Allocation allocation = ipamer.acquireIp(AcquireIpRequest.newBuilder()
                        .setPrefixCidr("192.168.0.0/24")
                        .build())
                .getAllocation();
        assertThat(allocation.getAddress()).isEqualTo("192.168.0.1");
        assertThat(allocation.getPrefixCidr()).isEqualTo("192.168.0.0/24");

        assertThat(ipamer.releaseIp(ReleaseIpRequest.newBuilder()
                                .setPrefixCidr(allocation.getPrefixCidr())
                                .setAddress(allocation.getAddress())
                                .setAllocationId(allocation.getAllocationId())
                                .build())
                        .getAllocation())
                .isEqualTo(allocation);
        ipamer.deletePrefix(io.ipamer.proto.v1.DeletePrefixRequest.newBuilder()
                .setCidr("192.168.0.0/24")
                .build());
        assertThat(catchThrowableOfType(
                                StatusRuntimeException.class,
                                () -> ipamer.getPrefix(GetPrefixRequest.newBuilder()
                                        .setCidr("192.168.0.0/24")
                                        .build()))
                        .getStatus()
                        .getCode())
                .isEqualTo(Code.NOT_FOUND);
    }

    @Test
    void childPrefixesOfIpv6AreCutWhereTheyFitBestByOurs() {
        create("2001:aabb::/48");
        assertThat(child(64)).isEqualTo("2001:aabb::/64");
        assertThat(child(72)).isEqualTo("2001:aabb:0:1::/72");
        assertThat(ipamer.acquireIp(AcquireIpRequest.newBuilder()
                                .setPrefixCidr("2001:aabb:0:1::/72")
                                .build())
                        .getAllocation()
                        .getAddress())
                .isEqualTo("2001:aabb:0:1::1");
    }

    private void create(String cidr) {
        ipamer.createPrefix(io.ipamer.proto.v1.CreatePrefixRequest.newBuilder()
                .setCidr(cidr)
                .build());
    }

    private String child(int length) {
        return ipamer.acquireChildPrefix(io.ipamer.proto.v1.AcquireChildPrefixRequest.newBuilder()
                        .setParentCidr("2001:aabb::/48")
                        .setLength(length)
                        .build())
                .getPrefix()
                .getCidr();
    }
}
