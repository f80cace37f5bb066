package io.ipamer.api.goipam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.grpc.ManagedChannel;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.ipamer.app.IpamerServer;
import io.ipamer.proto.goipam.DumpRequest;
import io.ipamer.proto.goipam.IpamServiceGrpc;
import io.ipamer.proto.goipam.IpamServiceGrpc.IpamServiceBlockingStub;
import io.ipamer.proto.goipam.ListPrefixesRequest;
import io.ipamer.proto.goipam.LoadRequest;
import io.ipamer.proto.goipam.Prefix;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A dump is loaded whole or not at all. */
class LoadTest {
    private IpamerServer server;
    private ManagedChannel channel;
    private IpamServiceBlockingStub goipam;

    @BeforeEach
    void start() {
        server = IpamerServer.inMemory();
        channel = NettyChannelBuilder.forAddress("127.0.0.1", server.grpcPort())
                .usePlaintext()
                .build();
        goipam = IpamServiceGrpc.newBlockingStub(channel);
    }

    @AfterEach
    void stop() {
        channel.shutdownNow();
        server.close();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    [{"Cidr":"10.0.0.0/24"},{"Cidr":"10.0.0.0/25"}]                                                                                                              | 10.0.0.0/25 overlaps 10.0.0.0/24
                    [{"Cidr":"10.0.0.128/25"},{"Cidr":"10.0.0.0/16"}]                                                                                                            | 10.0.0.128/25 overlaps 10.0.0.0/16
                    [{"Cidr":"10.0.0.0/24"},{"Cidr":"10.0.0.0/25","ParentCidr":"10.0.0.0/24"},{"Cidr":"10.0.0.0/26","ParentCidr":"10.0.0.0/24"}]                                  | 10.0.0.0/26 is not free in 10.0.0.0/24
                    [{"Cidr":"10.0.0.0/24","AvailableChildPrefixes":{"10.0.0.0/25":false}},{"Cidr":"10.0.0.0/26","ParentCidr":"10.0.0.0/24"}]                                     | 10.0.0.0/26 is not free in 10.0.0.0/24
                    [{"Cidr":"10.0.0.0/24","AvailableChildPrefixes":{"10.0.0.0/25":false,"10.0.0.0/26":false}}]                                                                   | 10.0.0.0/26 is not free in 10.0.0.0/24
                    [{"Cidr":"10.0.0.0/24","AvailableChildPrefixes":{"10.0.1.0/25":false}}]                                                                                       | 10.0.1.0/25 is not free in 10.0.0.0/24
                    [{"Cidr":"10.0.0.0/24","AvailableChildPrefixes":{"10.0.0.0/24":false}}]                                                                                       | 10.0.0.0/24 is not free in 10.0.0.0/24
                    [{"Cidr":"10.0.0.0/24","IPs":{"10.0.0.200":true}},{"Cidr":"10.0.0.0/25","ParentCidr":"10.0.0.0/24"}]                                                          | 10.0.0.0/25 is not free in 10.0.0.0/24
                    [{"Cidr":"10.1.0.0/16"},{"Cidr":"10.0.0.0/24","IPs":{"10.0.0.1":true},"AvailableChildPrefixes":{"10.0.0.0/25":false}}]                                        | 10.0.0.0/25 is not free in 10.0.0.0/24
                    """)
    void whatOverlapsIsRefusedAndNothingIsLoaded(String dump, String why) {
        assertRefused(dump, why);
        assertThat(prefixes()).isEmpty();
    }

    @Test
    void aNamespaceThatHoldsPrefixesTakesNoDump() {
        load("[{\"Cidr\":\"10.0.0.0/24\"}]");
        assertRefused("[{\"Cidr\":\"10.0.1.0/24\"}]", "prefixes exist, please drop existing data before loading");
        assertThat(prefixes()).extracting(Prefix::getCidr).containsExactly("10.0.0.0/24");
    }

    @Test
    void aDumpOfNothingLoadsAsOftenAsOneLikes() {
        load("null");
        load("[]");
        load(dump());
        assertThat(prefixes()).isEmpty();
    }

    private void assertRefused(String dump, String why) {
        StatusRuntimeException refusal = catchThrowableOfType(StatusRuntimeException.class, () -> load(dump));
        assertThat(refusal).as(dump).isNotNull();
        assertThat(refusal.getStatus().getCode()).isEqualTo(Code.INVALID_ARGUMENT);
        assertThat(refusal.getStatus().getDescription()).contains(why);
    }

    private void load(String dump) {
        goipam.load(LoadRequest.newBuilder().setDump(dump).build());
    }

    private String dump() {
        return goipam.dump(DumpRequest.getDefaultInstance()).getDump();
    }

    private List<Prefix> prefixes() {
        return goipam.listPrefixes(ListPrefixesRequest.getDefaultInstance()).getPrefixesList();
    }
}
