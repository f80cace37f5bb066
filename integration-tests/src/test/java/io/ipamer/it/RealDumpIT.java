package io.ipamer.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.grpc.ManagedChannel;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.ipamer.app.IpamerServer;
import io.ipamer.proto.goipam.AcquireIPRequest;
import io.ipamer.proto.goipam.DumpRequest;
import io.ipamer.proto.goipam.IpamServiceGrpc;
import io.ipamer.proto.goipam.IpamServiceGrpc.IpamServiceBlockingStub;
import io.ipamer.proto.goipam.ListPrefixesRequest;
import io.ipamer.proto.goipam.LoadRequest;
import io.ipamer.proto.goipam.Prefix;
import io.ipamer.proto.goipam.PrefixUsageRequest;
import io.ipamer.proto.goipam.PrefixUsageResponse;
import io.ipamer.proto.goipam.ReleaseChildPrefixRequest;
import io.ipamer.proto.v1.GetPrefixUsageRequest;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import io.ipamer.proto.v1.PrefixUsage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/**
 * A dump of a go-ipam that was in use since before 2021: 11 prefixes; a /14 whose map has 256 marks, 18 of them in use,
 * 10 of those without a prefix (leaked).
 */
class RealDumpIT {
    private static final String PARENT = "10.128.0.0/14";

    private static final List<String> LEAKED = List.of(
            "10.128.52.0/22",
            "10.128.92.0/22",
            "10.128.164.0/22",
            "10.130.112.0/22",
            "10.130.176.0/22",
            "10.130.188.0/22",
            "10.131.40.0/22",
            "10.131.64.0/22",
            "10.131.224.0/22",
            "10.131.232.0/22");

    private static final List<String> CHILDREN = List.of(
            "10.128.112.0/22",
            "10.128.244.0/22",
            "10.129.28.0/22",
            "10.129.112.0/22",
            "10.129.232.0/22",
            "10.130.36.0/22",
            "10.131.16.0/22",
            "10.131.44.0/22");

    private final List<AutoCloseable> opened = new ArrayList<>();
    private ManagedChannel channel;
    private IpamServiceBlockingStub goipam;

    @BeforeEach
    void load() throws IOException {
        channel = server();
        goipam = IpamServiceGrpc.newBlockingStub(channel);
        load(goipam, dumpFile());
    }

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable open : opened) {
            open.close();
        }
    }

    IpamerServer serve() {
        return IpamerServer.inMemory();
    }

    private ManagedChannel server() {
        IpamerServer server = serve();
        ManagedChannel to = NettyChannelBuilder.forAddress("127.0.0.1", server.grpcPort())
                .usePlaintext()
                .build();
        opened.add(to::shutdownNow);
        opened.add(server);
        return to;
    }

    @Test
    void everyPrefixIsUsedAsItWas() {
        Map<String, String> expected = new TreeMap<>();
        expected.put("1.2.3.0/27", "32 25 8 [1.2.3.0/27] 0");
        expected.put("10.0.0.0/16", "65536 7 16384 [10.0.0.0/16] 0");
        expected.put(PARENT, "262144 2 60928 " + freeOfParent() + " 18");
        expected.put("10.128.112.0/22", "1024 4 256 [10.128.112.0/22] 0");
        expected.put("10.128.244.0/22", "1024 2 256 [10.128.244.0/22] 0");
        expected.put("10.129.112.0/22", "1024 6 256 [10.129.112.0/22] 0");
        expected.put("10.129.232.0/22", "1024 4 256 [10.129.232.0/22] 0");
        expected.put("10.129.28.0/22", "1024 2 256 [10.129.28.0/22] 0");
        expected.put("10.130.36.0/22", "1024 4 256 [10.130.36.0/22] 0");
        expected.put("10.131.16.0/22", "1024 3 256 [10.131.16.0/22] 0");
        expected.put("10.131.44.0/22", "1024 133 256 [10.131.44.0/22] 0");
        assertThat(usages(goipam)).isEqualTo(expected);
    }

    /** The free blocks of the parent, found by halving it until a half is wholly free. */
    private static List<String> freeOfParent() {
        boolean[] used = new boolean[256];
        for (List<String> blocks : List.of(LEAKED, CHILDREN)) {
            for (String block : blocks) {
                String[] parts = block.split("[./]");
                used[(Integer.parseInt(parts[1]) - 128) * 64 + Integer.parseInt(parts[2]) / 4] = true;
            }
        }
        List<String> free = new ArrayList<>();
        halve(used, 0, 256, 14, free);
        return free;
    }

    private static void halve(boolean[] used, int from, int size, int length, List<String> free) {
        boolean whole = true;
        for (int i = from; i < from + size; i++) {
            whole &= !used[i];
        }
        if (whole) {
            free.add("10." + (128 + from / 64) + "." + from % 64 * 4 + ".0/" + length);
        } else if (size > 1) {
            halve(used, from, size / 2, length + 1, free);
            halve(used, from + size / 2, size / 2, length + 1, free);
        }
    }

    @Test
    void childrenKnowTheirParent() {
        assertThat(goipam.listPrefixes(ListPrefixesRequest.getDefaultInstance()).getPrefixesList())
                .filteredOn(prefix -> !prefix.getParentCidr().isEmpty())
                .allMatch(prefix -> prefix.getParentCidr().equals(PARENT))
                .extracting(Prefix::getCidr)
                .containsExactlyInAnyOrderElementsOf(CHILDREN);
    }

    @Test
    void leakedBlocksAreToldApartFromChildrenByOurContract() {
        PrefixUsage usage = IpamerServiceGrpc.newBlockingStub(channel)
                .getPrefixUsage(
                        GetPrefixUsageRequest.newBuilder().setCidr(PARENT).build())
                .getUsage();
        assertThat(usage.getChildren()).isEqualTo(8);
        assertThat(usage.getLeaked()).isEqualTo(10);
        assertThat(usage.getFree()).isEqualTo(String.valueOf((256 - 18) * 1024));
    }

    @Test
    void theNextAddressIsTheLowestThatIsFree() {
        assertThat(goipam.acquireIP(AcquireIPRequest.newBuilder()
                                .setPrefixCidr("1.2.3.0/27")
                                .build())
                        .getIp()
                        .getIp())
                .isEqualTo("1.2.3.20");
    }

    @Test
    void anEmptyChildIsReleased() {
        goipam.releaseChildPrefix(
                ReleaseChildPrefixRequest.newBuilder().setCidr("10.129.28.0/22").build());
        assertThat(usage(goipam, PARENT).getAcquiredPrefixes()).isEqualTo(17);
    }

    /** 10.130.36.0/22 holds addresses; the leaked ones are no prefixes. */
    @Test
    void aChildInUseAndLeakedBlocksAreNotReleased() {
        Map<String, String> before = usages(goipam);
        assertThat(codeOfRelease("10.130.36.0/22")).isEqualTo(Code.INVALID_ARGUMENT);
        for (String block : LEAKED) {
            assertThat(codeOfRelease(block)).as(block).isEqualTo(Code.NOT_FOUND);
        }
        assertThat(usages(goipam)).isEqualTo(before);
    }

    private Code codeOfRelease(String child) {
        return catchThrowableOfType(
                        StatusRuntimeException.class,
                        () -> goipam.releaseChildPrefix(ReleaseChildPrefixRequest.newBuilder()
                                .setCidr(child)
                                .build()))
                .getStatus()
                .getCode();
    }

    @Test
    void ourDumpOfItMakesTheSameOfAnEmptyServer() {
        String ours = dump(goipam);
        IpamServiceBlockingStub other = IpamServiceGrpc.newBlockingStub(server());
        load(other, ours);
        assertThat(usages(other)).isEqualTo(usages(goipam));
        assertThat(dump(other)).isEqualTo(ours);
    }

    @Test
    void theLogNamesTheLeakedBlocks() throws IOException {
        Logger logger = (Logger) LoggerFactory.getLogger("io.ipamer");
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        logger.addAppender(log);
        Level before = logger.getLevel();
        logger.setLevel(Level.WARN);
        logger.setAdditive(false);
        try {
            load(IpamServiceGrpc.newBlockingStub(server()), dumpFile());
        } finally {
            logger.setLevel(before);
            logger.setAdditive(true);
            logger.detachAppender(log);
        }
        String text = log.list.stream().map(ILoggingEvent::getFormattedMessage).collect(Collectors.joining("\n"));
        assertThat(text).contains(LEAKED).doesNotContain(CHILDREN);
    }

    private static String dumpFile() throws IOException {
        try (InputStream in = RealDumpIT.class.getResourceAsStream("/goipam-dump-small.json")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static void load(IpamServiceBlockingStub stub, String dump) {
        stub.load(LoadRequest.newBuilder().setDump(dump).build());
    }

    private static String dump(IpamServiceBlockingStub stub) {
        return stub.dump(DumpRequest.getDefaultInstance()).getDump();
    }

    private static PrefixUsageResponse usage(IpamServiceBlockingStub stub, String cidr) {
        return stub.prefixUsage(PrefixUsageRequest.newBuilder().setCidr(cidr).build());
    }

    private static Map<String, String> usages(IpamServiceBlockingStub stub) {
        Map<String, String> usages = new TreeMap<>();
        for (Prefix prefix :
                stub.listPrefixes(ListPrefixesRequest.getDefaultInstance()).getPrefixesList()) {
            PrefixUsageResponse usage = usage(stub, prefix.getCidr());
            usages.put(
                    prefix.getCidr(),
                    usage.getAvailableIps() + " " + usage.getAcquiredIps() + " "
                            + usage.getAvailableSmallestPrefixes() + " " + usage.getAvailablePrefixesList() + " "
                            + usage.getAcquiredPrefixes());
        }
        return usages;
    }
}
