package io.ipamer.it.conformance;

import static io.grpc.Status.Code.ALREADY_EXISTS;
import static io.grpc.Status.Code.FAILED_PRECONDITION;
import static io.grpc.Status.Code.OK;
import static io.grpc.Status.Code.UNAVAILABLE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ipamer.app.IpamerServer;
import io.ipamer.it.Callers;
import io.ipamer.it.ServerProcess;
import io.ipamer.it.conformance.Client.Result;
import io.ipamer.it.conformance.Transport.Connection;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.function.Executable;

/**
 * go-ipam's observable behaviour, a row and a transport a test: what its clients rely on as it is, and what was wrong in
 * it as it should be. Each has an empty namespace of its own, or where it is about the root namespace a server of its own. A
 * store is a subclass.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class GoIpamConformance {
    private final List<DynamicTest> rows = new ArrayList<>();
    private final Map<Transport, Connection> connections = new EnumMap<>(Transport.class);
    private IpamerServer server;

    /** What the server keeps its data in, for the names of the tests. */
    abstract String store();

    /** A server that holds nothing. */
    abstract IpamerServer serve();

    @FunctionalInterface
    interface Row {
        void run(Client client) throws Exception;
    }

    @BeforeAll
    void start() {
        server = serve();
        for (Transport transport : Transport.values()) {
            connections.put(transport, transport.to(server));
        }
    }

    @AfterAll
    void stop() {
        connections.values().forEach(Connection::close);
        server.close();
    }

    /** The server that tests share which do not say otherwise. */
    final IpamerServer server() {
        return server;
    }

    /** A database that a row can stop, and that keeps what is in it. */
    interface Database {
        /** Returns when it is gone. */
        void stop();

        /** Returns when it is there. */
        void startAgain();
    }

    @FunctionalInterface
    interface OutageRow {
        void run(Client client, Database database) throws Exception;
    }

    @FunctionalInterface
    interface ProcessRow {
        /** {@code databaseUrl}: of an empty database, as {@code --db-url} wants it. */
        void run(String databaseUrl) throws Exception;
    }

    final void test(String id, String what, Transport transport, Executable test) {
        rows.add(DynamicTest.dynamicTest(id + " " + what + " (" + transport + ", " + store() + ")", test));
    }

    /** Over every transport, each in a namespace of its own. */
    final void row(String id, String what, Row row) {
        for (Transport transport : Transport.values()) {
            row(id, what, transport, row);
        }
    }

    /** Takes long and is not about what carries it: over one transport, in a namespace of its own. */
    final void longRow(String id, String what, Row row) {
        row(id, what, Transport.GRPC, row);
    }

    /** Over a transport that it is about, in a namespace of its own. */
    final void row(String id, String what, Transport transport, Row row) {
        test(id, what, transport, () -> {
            String namespace = "row-" + id + "-" + transport.name();
            Client client = new Client(connections.get(transport).channel(), namespace);
            client.cn(namespace).ok();
            row.run(client);
        });
    }

    /** Over every transport, each in the root namespace of a server of its own. */
    final void freshRow(String id, String what, Row row) {
        for (Transport transport : Transport.values()) {
            freshRow(id, what, transport, row);
        }
    }

    /** The same over one transport. */
    final void longFreshRow(String id, String what, Row row) {
        freshRow(id, what, Transport.GRPC, row);
    }

    private void freshRow(String id, String what, Transport transport, Row row) {
        test(id, what, transport, () -> {
            try (IpamerServer fresh = serve();
                    Connection own = transport.to(fresh)) {
                row.run(new Client(own.channel(), ""));
            }
        });
    }

    /** In the root namespace of a server whose database the row stops. */
    void outageRow(String id, String what, OutageRow row) {
        laterRow(id, "stops the database: the memory store has none");
    }

    /** With server processes that the row starts, on one database. */
    void processRow(String id, String what, ProcessRow row) {
        laterRow(id, "has several servers on one database, after one another or at once: the memory store has none");
    }

    final void laterRow(String id, String why) {
        rows.add(DynamicTest.dynamicTest(id, () -> assumeTrue(false, "row " + id + " " + why)));
    }

    @TestFactory
    List<DynamicTest> createGetListDelete() {
        row("A1", "create", c -> c.cp("192.168.0.0/24").ok("192.168.0.0/24"));
        row("A2", "host bits are masked", c -> c.cp("192.169.0.1/24").ok("192.169.0.0/24"));
        row(
                "A4",
                "length too large",
                c -> c.cp("192.168.0.0/33")
                        .invalid(
                                "unable to parse cidr:192.168.0.0/33 netip.ParsePrefix(\"192.168.0.0/33\"): prefix length out of range"));
        row("A5", "IPv6 length too large", c -> c.cp("2001:db8::/129").invalid("prefix length out of range"));
        row("A7", "odd lengths", c -> {
            c.cp("10.0.0.0/08").invalid();
            c.cp("10.0.0.0/+8").invalid();
        });
        row("A8", "zone", c -> c.cp("fe80::%eth0/64").invalid("zones"));
        row("A10", "all of IPv4", c -> {
            c.cp("0.0.0.0/0").ok();
            c.pu("0.0.0.0/0").ok("2147483647 2 1073741824 [0.0.0.0/0] 0");
        });
        row("A11", "all of IPv6", c -> {
            c.cp("::/0").ok();
            c.aip("::/0").ok("::1@::/0");
        });
        row("A12", "same again", c -> {
            c.cp("10.0.0.0/8").ok();
            c.cp("10.0.0.0/8").invalid("10.0.0.0/8 overlaps 10.0.0.0/8");
        });
        row("A13", "same with host bits", c -> {
            c.cp("10.10.10.0/24").ok();
            c.cp("10.10.10.1/24").invalid("overlaps");
        });
        row("A14", "holds two existing ones", c -> {
            c.cp("192.168.0.0/24").ok();
            c.cp("192.168.1.0/24").ok();
            c.cp("192.168.0.0/23").invalid("overlaps");
        });
        row("A16", "inside of a child", c -> {
            c.cp("10.0.0.0/16").ok();
            c.acp("10.0.0.0/16", 24).ok();
            c.cp("10.0.0.128/25").invalid("overlaps");
        });
        row("A17", "families are independent", c -> {
            c.cp("10.0.0.0/8").ok();
            c.cp("::/0").ok();
        });
        row("A19", "mapped addresses are IPv6", c -> {
            c.cp("10.0.0.0/8").ok();
            c.cp("::ffff:10.0.0.0/120").ok("::ffff:10.0.0.0/120");
            c.aip("::ffff:10.0.0.0/120").ok("::ffff:10.0.0.1@::ffff:10.0.0.0/120");
        });
        row("A20", "mapped, masked below 96", c -> c.cp("::ffff:10.0.0.0/64").ok("::/64"));
        row("A22", "get ignores host bits", c -> {
            c.cp("10.8.0.0/8").ok("10.0.0.0/8");
            c.gp("10.2.0.0/8").ok("10.0.0.0/8");
        });
        row("A23", "get is exact", c -> {
            c.cp("10.0.0.0/8").ok();
            c.gp("10.0.0.0/9").notFound("10.0.0.0/9 not found");
        });
        freshRow("A25", "list", c -> {
            c.cp("10.0.0.0/8").ok();
            c.cp("192.168.0.0/16").ok();
            c.lp().ok("10.0.0.0/8 192.168.0.0/16");
        });
        freshRow("A26", "list of nothing", c -> c.lp().ok(""));
        row("A28", "delete", c -> {
            c.cp("10.0.0.0/8").ok();
            c.dp("10.0.0.0/8").ok("10.0.0.0/8");
            c.gp("10.0.0.0/8").notFound();
        });
        row(
                "A29",
                "delete of nothing",
                c -> c.dp("10.0.0.0/8").notFound("NotFound: unable to find prefix for cidr:10.0.0.0/8"));
        row("A31", "delete ignores host bits", c -> {
            c.cp("10.0.0.5/24").ok();
            c.dp("10.0.0.99/24").ok("10.0.0.0/24");
        });
        row("A32", "delete with addresses", c -> {
            c.cp("10.0.0.0/20").ok();
            c.aip("10.0.0.0/20").ok();
            c.dp("10.0.0.0/20").invalid("prefix 10.0.0.0/20 has ips, delete prefix not possible");
        });
        row("A34", "delete twice", c -> {
            c.cp("10.0.0.0/8").ok();
            c.dp("10.0.0.0/8").ok();
            c.dp("10.0.0.0/8").notFound();
        });
        row("A35", "delete with children changes nothing", c -> {
            c.cp("10.0.0.0/16").ok();
            c.acp("10.0.0.0/16", 24).ok();
            c.dp("10.0.0.0/16").fails(FAILED_PRECONDITION, "has child prefixes");
            c.lp().ok("10.0.0.0/16 10.0.0.0/24<10.0.0.0/16");
            assertThat(c.usage("10.0.0.0/16").getAcquiredPrefixes()).isEqualTo(1);
        });
        row("A36", "delete of a child frees its block", c -> {
            c.cp("10.0.0.0/16").ok();
            c.acp("10.0.0.0/16", 24).ok("10.0.0.0/24<10.0.0.0/16");
            c.dp("10.0.0.0/24").ok();
            assertThat(c.usage("10.0.0.0/16").getAcquiredPrefixes()).isZero();
            c.acp("10.0.0.0/16", 24).ok("10.0.0.0/24<10.0.0.0/16");
        });
        row("A37", "delete of a child names its parent", c -> {
            c.cp("10.0.0.0/16").ok();
            c.acp("10.0.0.0/16", 24).ok();
            c.dp("10.0.0.0/24").ok("10.0.0.0/24<10.0.0.0/16");
        });
        row("A38", "delete after the children", c -> {
            c.cp("10.0.0.0/16").ok();
            c.acp("10.0.0.0/16", 24).ok();
            c.dp("10.0.0.0/24").ok();
            c.dp("10.0.0.0/16").ok();
        });
        outageRow("A40", "without a database nothing is missing, and nothing changes", (c, database) -> {
            c.cp("10.0.0.0/8").ok();
            Client patient = c.patient();
            database.stop();
            inParallel(List.of(
                            () -> patient.cp("192.168.0.0/16"),
                            () -> patient.dp("10.0.0.0/8"),
                            () -> patient.gp("10.0.0.0/8")))
                    .forEach(result -> result.fails(UNAVAILABLE));
            database.startAgain();
            c.cp("10.0.0.0/8").invalid("10.0.0.0/8 overlaps 10.0.0.0/8");
            c.lp().ok("10.0.0.0/8");
            c.cp("192.168.0.0/16").ok();
            c.dp("10.0.0.0/8").ok();
            c.gp("192.168.0.0/16").ok();
        });
        return take();
    }

    @TestFactory
    List<DynamicTest> addresses() {
        row("B1", "first address", c -> {
            c.cp("192.168.1.0/24").ok();
            c.aip("192.168.1.0/24").ok("192.168.1.1@192.168.1.0/24");
        });
        row("B2", "first IPv6 address", c -> {
            c.cp("2001:db8:85a3::/124").ok();
            c.aip("2001:db8:85a3::/124").ok("2001:db8:85a3::1@2001:db8:85a3::/124");
        });
        row("B3", "a /30 gives two", c -> {
            c.cp("10.0.0.0/30").ok();
            c.aip("10.0.0.0/30").ok("10.0.0.1@10.0.0.0/30");
            c.aip("10.0.0.0/30").ok("10.0.0.2@10.0.0.0/30");
            c.aip("10.0.0.0/30")
                    .notFound("NoIPAvailableError: no more ips in prefix: 10.0.0.0/30 left, length of prefix.ips: 4");
        });
        row("B4", "a /126 gives three", c -> {
            c.cp("2001:db8::/126").ok();
            for (int i = 1; i <= 3; i++) {
                c.aip("2001:db8::/126").ok("2001:db8::" + i + "@2001:db8::/126");
            }
            c.aip("2001:db8::/126").notFound("NoIPAvailableError");
        });
        row("B5", "a /31 gives none", c -> {
            c.cp("10.0.0.0/31").ok();
            c.aip("10.0.0.0/31").notFound();
            c.pu("10.0.0.0/31").ok("2 2 0 [] 0");
        });
        row("B7", "a /127 gives one", c -> {
            c.cp("2001:db8::/127").ok();
            c.aip("2001:db8::/127").ok("2001:db8::1@2001:db8::/127");
            c.aip("2001:db8::/127").notFound();
        });
        row("B8", "a /128 gives none", c -> {
            c.cp("2001:db8::/128").ok();
            c.aip("2001:db8::/128").notFound();
            c.pu("2001:db8::/128").ok("1 1 0 [] 0");
        });
        longRow("B10", "a /120 gives 255", c -> {
            c.cp("2001:db8::/120").ok();
            for (int i = 0; i < 255; i++) {
                c.aip("2001:db8::/120").ok();
            }
            c.aip("2001:db8::/120").notFound();
        });
        row("B11", "released and lowest: next", c -> {
            c.cp("10.0.0.0/24").ok();
            c.aip("10.0.0.0/24").ok();
            c.aip("10.0.0.0/24").ok("10.0.0.2@10.0.0.0/24");
            c.rip("10.0.0.0/24", "10.0.0.1").ok();
            c.aip("10.0.0.0/24").ok("10.0.0.1@10.0.0.0/24");
        });
        row("B12", "around a specific one", c -> {
            c.cp("10.0.0.0/24").ok();
            c.aip("10.0.0.0/24", "10.0.0.2").ok();
            c.aip("10.0.0.0/24").ok("10.0.0.1@10.0.0.0/24");
            c.aip("10.0.0.0/24").ok("10.0.0.3@10.0.0.0/24");
        });
        row("B13", "specific twice", c -> {
            c.cp("192.168.2.0/24").ok();
            c.aip("192.168.2.0/24", "192.168.2.4").ok();
            c.aip("192.168.2.0/24", "192.168.2.4")
                    .fails(ALREADY_EXISTS, "AlreadyAllocatedError: given ip:192.168.2.4 is already allocated");
        });
        row("B14", "specific IPv6, written in two ways", c -> {
            c.cp("2001:db8::/64").ok();
            c.aip("2001:db8::/64", "2001:0DB8::0001").ok("2001:db8::1@2001:db8::/64");
            c.aip("2001:db8::/64", "2001:db8::1").fails(ALREADY_EXISTS);
        });
        row("B16", "network and broadcast", c -> {
            c.cp("10.0.0.0/24").ok();
            c.aip("10.0.0.0/24", "10.0.0.0").fails(ALREADY_EXISTS, "already allocated");
            c.aip("10.0.0.0/24", "10.0.0.255").fails(ALREADY_EXISTS, "already allocated");
        });
        row("B17", "IPv6 first and last", c -> {
            c.cp("2001:db8::/120").ok();
            c.aip("2001:db8::/120", "2001:db8::").fails(ALREADY_EXISTS);
            c.aip("2001:db8::/120", "2001:db8::ff").ok();
        });
        row("B19", "malformed specific", c -> {
            c.cp("192.168.99.0/24").ok();
            c.aip("192.168.99.0/24", "192.168.99.1.invalid").invalid("given ip:192.168.99.1.invalid in not valid");
        });
        row("B20", "other family", c -> {
            c.cp("10.0.0.0/24").ok();
            c.aip("10.0.0.0/24", "2001:db8::1").invalid("given ip:2001:db8::1 is not in 10.0.0.0/24");
        });
        row("B22", "zoned", c -> {
            c.cp("fe80::/64").ok();
            c.aip("fe80::/64", "fe80::5%eth0").invalid("is not in");
        });
        row(
                "B23",
                "missing prefix",
                c -> c.aip("10.0.0.0/24").invalid("NotFound: unable to find prefix for cidr:10.0.0.0/24"));
        row("B25", "prefix nonsense", c -> c.aip("nonsense").invalid());
        row("B26", "prefix with host bits", c -> {
            c.cp("10.0.0.0/16").ok();
            c.aip("10.0.77.1/16").ok("10.0.0.1@10.0.0.0/16");
        });
        row("B28", "ip present and empty", c -> {
            c.cp("10.0.0.0/24").ok();
            c.aip("10.0.0.0/24", "").ok("10.0.0.1@10.0.0.0/24");
        });
        row("B29", "of a parent", c -> {
            c.cp("10.0.0.0/16").ok();
            c.acp("10.0.0.0/16", 24).ok();
            c.aip("10.0.0.0/16").invalid("prefix 10.0.0.0/16 has childprefixes, acquire ip not possible");
        });
        row("B31", "release echoes", c -> {
            c.cp("2001:db8::/64").ok();
            c.aip("2001:db8::/64", "2001:db8::1").ok();
            c.rip("2001:db8::/64", "2001:0DB8::0001").ok("2001:0DB8::0001@");
        });
        row("B32", "release in a child names the parent of the child", c -> {
            c.cp("10.0.0.0/16").ok();
            c.acp("10.0.0.0/16", 24).ok();
            c.aip("10.0.0.0/24").ok("10.0.0.1@10.0.0.0/24");
            c.rip("10.0.0.0/24", "10.0.0.1").ok("10.0.0.1@10.0.0.0/16");
        });
        row("B34", "release of a free one", c -> {
            c.cp("10.0.0.0/24").ok();
            c.rip("10.0.0.0/24", "10.0.0.9")
                    .notFound(
                            "NotFound: unable to release ip:10.0.0.9 because it is not allocated in prefix:10.0.0.0/24");
        });
        row("B35", "release outside", c -> {
            c.cp("10.0.0.0/24").ok();
            c.rip("10.0.0.0/24", "10.9.0.1").notFound("not allocated");
        });
        row(
                "B37",
                "release in a missing prefix",
                c -> c.rip("10.0.0.0/24", "10.0.0.1").notFound());
        row(
                "B38",
                "release of nonsense",
                c -> c.rip("10.0.0.0/24", "x").invalid("ParseAddr(\"x\"): unable to parse IP"));
        outageRow("B40", "release without a database", (c, database) -> {
            c.cp("10.0.0.0/24").ok();
            c.aip("10.0.0.0/24").ok("10.0.0.1@10.0.0.0/24");
            database.stop();
            inParallel(List.of(() -> c.patient().rip("10.0.0.0/24", "10.0.0.1")))
                    .forEach(result -> result.fails(UNAVAILABLE));
            database.startAgain();
            c.aip("10.0.0.0/24", "10.0.0.1").fails(ALREADY_EXISTS);
            c.rip("10.0.0.0/24", "10.0.0.1").ok();
        });
        row("B41", "network address released, then given", c -> {
            c.cp("10.0.0.0/30").ok();
            c.rip("10.0.0.0/30", "10.0.0.0").ok();
            c.aip("10.0.0.0/30").ok("10.0.0.0@10.0.0.0/30");
        });
        row("B43", "network address given holds the prefix", c -> {
            c.cp("10.0.0.0/30").ok();
            c.rip("10.0.0.0/30", "10.0.0.0").ok();
            c.aip("10.0.0.0/30").ok("10.0.0.0@10.0.0.0/30");
            assertThat(c.usage("10.0.0.0/30").getAcquiredIps()).isEqualTo(2);
            c.dp("10.0.0.0/30").invalid("has ips");
        });
        row("B44", "a /31 after both are released", c -> {
            c.cp("10.0.0.0/31").ok();
            c.rip("10.0.0.0/31", "10.0.0.0").ok();
            c.rip("10.0.0.0/31", "10.0.0.1").ok();
            c.aip("10.0.0.0/31").ok("10.0.0.0@10.0.0.0/31");
            c.aip("10.0.0.0/31").ok("10.0.0.1@10.0.0.0/31");
            c.aip("10.0.0.0/31").notFound();
        });
        row("B46", "1,000 at once", c -> {
            c.cp("10.0.0.0/16").ok();
            assertThat(distinct(inParallel(1_000, i -> c.aip("10.0.0.0/16")))).hasSize(1_000);
        });
        longRow("B47", "60,000: as fast at the end", c -> {
            c.cp("10.0.0.0/16").ok();
            fastest(c);
            long first = fastest(c);
            inParallel(60_000 - 2_000, i -> c.aip("10.0.0.0/16"));
            assertThat(fastest(c)).isLessThan(3 * first);
        });
        row("B49", "the namespace is never told", c -> {
            c.cp("10.0.0.0/24").ok();
            assertThat(c.aipTellsNamespace("10.0.0.0/24")).isFalse();
        });
        return take();
    }

    /** The fastest hundred of ten: what it costs when the machine has no other work. */
    private static long fastest(Client client) {
        long fastest = Long.MAX_VALUE;
        for (int round = 0; round < 10; round++) {
            long start = System.nanoTime();
            for (int i = 0; i < 100; i++) {
                client.aip("10.0.0.0/16").ok();
            }
            fastest = Math.min(fastest, System.nanoTime() - start);
        }
        return fastest;
    }

    @TestFactory
    List<DynamicTest> childPrefixes() {
        row("C1", "by length", GoIpamConformance::c1);
        row("C2", "usage beside", GoIpamConformance::c2);
        row("C4", "best fit after a release", GoIpamConformance::c4);
        row("C5", "smallest block that fits", c -> {
            c4(c);
            c.acp("192.168.0.0/20", 22).ok("192.168.12.0/22<192.168.0.0/20");
        });
        row("C7", "best fit before lowest", c -> {
            c.cp("10.0.0.0/24").ok();
            c.acp("10.0.0.0/24", "10.0.0.128/26").ok();
            c.acp("10.0.0.0/24", 26).ok("10.0.0.192/26<10.0.0.0/24");
            c.acp("10.0.0.0/24", 26).ok("10.0.0.0/26<10.0.0.0/24");
        });
        row("C8", "lowest among equals", c -> {
            c.cp("10.0.0.0/24").ok();
            c.acp("10.0.0.0/24", "10.0.0.64/26").ok();
            c.acp("10.0.0.0/24", 26).ok("10.0.0.0/26<10.0.0.0/24");
            c.acp("10.0.0.0/24", 27).ok("10.0.0.128/27<10.0.0.0/24");
        });
        row("C9", "freed neighbours merge", c -> {
            c.cp("10.0.0.0/24").ok();
            c.acp("10.0.0.0/24", 26).ok();
            c.acp("10.0.0.0/24", 26).ok();
            c.rcp("10.0.0.0/26").ok();
            c.rcp("10.0.0.64/26").ok();
            c.acp("10.0.0.0/24", 25).ok("10.0.0.0/25<10.0.0.0/24");
        });
        row("C10", "the article's IPv6 session", GoIpamConformance::c10);
        longRow("C11", "256 and no more", c -> {
            c.cp("10.0.0.0/16").ok();
            Set<String> given = new HashSet<>();
            for (int i = 0; i < 256; i++) {
                given.add(c.acp("10.0.0.0/16", 24).ok().value());
            }
            assertThat(given).hasSize(256);
            c.acp("10.0.0.0/16", 24).invalid("no prefix found in 10.0.0.0/16 with length:24");
            c.pu("10.0.0.0/16").ok("65536 2 0 [] 256");
        });
        row("C13", "IPv6 lengths in IPv4", c -> {
            c.cp("10.0.0.0/16").ok();
            c.acp("10.0.0.0/16", 33).invalid();
            c.acp("10.0.0.0/16", 128).invalid();
        });
        row("C14", "length above 128", c -> {
            c.cp("10.0.0.0/16").ok();
            c.acp("10.0.0.0/16", 129).invalid("length must not be greater than 128");
            c.acp("10.0.0.0/16", 129, "10.0.0.0/24").invalid("length must not be greater than 128");
        });
        row("C16", "missing parent", c -> c.acp("10.0.0.0/16", 24).invalid("NotFound: unable to find prefix"));
        row("C17", "parent nonsense", c -> c.acp("nonsense", 24).invalid());
        row("C19", "specific", c -> {
            c.cp("192.168.0.0/20").ok();
            c.acp("192.168.0.0/20", "192.168.0.0/21").ok("192.168.0.0/21<192.168.0.0/20");
        });
        row("C20", "specific twice", c -> {
            c.cp("192.168.0.0/20").ok();
            c.acp("192.168.0.0/20", "192.168.0.0/21").ok();
            c.acp("192.168.0.0/20", "192.168.0.0/21")
                    .invalid("specific prefix 192.168.0.0/21 is not available in prefix 192.168.0.0/20");
        });
        row("C22", "specific that holds a used one", c -> {
            c.cp("192.168.0.0/20").ok();
            c.acp("192.168.0.0/20", "192.168.1.0/24").ok();
            c.acp("192.168.0.0/20", "192.168.0.0/22").invalid("not available");
        });
        row("C23", "specific is the parent", c -> {
            c.cp("192.168.0.0/20").ok();
            c.acp("192.168.0.0/20", "192.168.0.0/20").invalid("given length:20 must be greater than prefix length:20");
        });
        row("C25", "specific IPv6", c -> {
            c.cp("2001:db8:85a3::/116").ok();
            c.acp("2001:db8:85a3::/116", "2001:0db8:85a3::0800/117").ok("2001:db8:85a3::800/117<2001:db8:85a3::/116");
        });
        row("C26", "specific with host bits", c -> {
            c.cp("10.0.0.0/24").ok();
            c.acp("10.0.0.0/24", "10.0.0.1/25").ok("10.0.0.0/25<10.0.0.0/24");
        });
        row("C27", "and released again", c -> {
            c.cp("10.0.0.0/24").ok();
            c.acp("10.0.0.0/24", "10.0.0.1/25").ok();
            c.rcp("10.0.0.0/25").ok();
            assertThat(c.usage("10.0.0.0/24").getAcquiredPrefixes()).isZero();
            c.acp("10.0.0.0/24", "10.0.0.0/25").ok();
        });
        row("C28", "specific beats length", c -> {
            c.cp("10.0.0.0/24").ok();
            c.acp("10.0.0.0/24", 30, "10.0.0.64/26").ok("10.0.0.64/26<10.0.0.0/24");
        });
        row("C29", "parent with host bits", c -> {
            c.cp("192.168.0.0/20").ok();
            c.acp("192.168.3.7/20", 24).ok("192.168.0.0/24<192.168.0.0/20");
        });
        row("C31", "release", c -> {
            c1(c);
            c.rcp("192.168.0.0/21").ok("192.168.0.0/21<192.168.0.0/20");
            c.gp("192.168.0.0/21").notFound();
        });
        row("C32", "release with host bits", c -> {
            c1(c);
            c.rcp("192.168.3.3/21").ok("192.168.0.0/21<192.168.0.0/20");
        });
        row("C34", "release twice", c -> {
            c1(c);
            c.rcp("192.168.0.0/21").ok();
            c.rcp("192.168.0.0/21").notFound();
        });
        row("C35", "release of a top-level prefix", c -> {
            c.cp("10.0.0.0/16").ok();
            c.rcp("10.0.0.0/16").invalid();
        });
        row("C37", "release with addresses", c -> {
            c.cp("10.0.0.0/16").ok();
            c.acp("10.0.0.0/16", 24).ok();
            c.aip("10.0.0.0/24").ok();
            c.rcp("10.0.0.0/24").invalid("prefix 10.0.0.0/24 has ips, deletion not possible");
        });
        row("C38", "release after the addresses", c -> {
            c.cp("10.0.0.0/16").ok();
            c.acp("10.0.0.0/16", 24).ok();
            c.aip("10.0.0.0/24").ok();
            c.rip("10.0.0.0/24", "10.0.0.1").ok();
            c.rcp("10.0.0.0/24").ok();
        });
        row("C39", "a refused release changes nothing", c -> {
            c.cp("2001:db8::/48").ok();
            c.acp("2001:db8::/48", 64).ok("2001:db8::/64<2001:db8::/48");
            c.aip("2001:db8::/64").ok();
            c.rcp("2001:db8::/64").invalid("has ips");
            assertThat(c.usage("2001:db8::/48").getAcquiredPrefixes()).isEqualTo(1);
            c.acp("2001:db8::/48", 64).ok("2001:db8:0:1::/64<2001:db8::/48");
        });
        row("C40", "release with children changes nothing", GoIpamConformance::c40);
        row("C41", "and the next one is elsewhere", c -> {
            c40(c);
            c.acp("10.0.0.0/16", 25).ok("10.0.1.0/25<10.0.0.0/16");
        });
        row("C43", "100 at once, there and back", c -> {
            c.cp("10.0.0.0/14").ok();
            Set<String> given = distinct(inParallel(100, i -> c.acp("10.0.0.0/14", 22)));
            assertThat(given).hasSize(100);
            List<String> children = given.stream()
                    .map(text -> text.substring(0, text.indexOf('<')))
                    .toList();
            distinct(inParallel(100, i -> c.rcp(children.get(i))));
            assertThat(c.usage("10.0.0.0/14").getAcquiredPrefixes()).isZero();
        });
        processRow("C44", "what a killed server leaves adds up", GoIpamConformance::c44);
        longRow("C46", "1,000 cycles leave nothing", c -> {
            c.cp("10.0.0.0/8").ok();
            for (int i = 0; i < 1_000; i++) {
                String child = "10." + i / 250 + "." + i % 250 + ".0/" + (24 + i % 5);
                c.acp("10.0.0.0/8", child).ok();
                c.rcp(child).ok();
            }
            c.pu("10.0.0.0/8").ok("16777216 2 4194304 [10.0.0.0/8] 0");
            assertThat(c.dump().ok().value()).contains("\"AvailableChildPrefixes\":{}");
        });
        row("C47", "children leave the addresses of the parent alone", c -> {
            c.cp("10.0.0.0/16").ok();
            c.cp("2001:db8::/48").ok();
            c.acp("10.0.0.0/16", 24).ok();
            c.acp("2001:db8::/48", 64).ok();
            assertThat(c.usage("10.0.0.0/16").getAcquiredIps()).isEqualTo(2);
            assertThat(c.usage("2001:db8::/48").getAcquiredIps()).isEqualTo(1);
        });
        return take();
    }

    private static void c1(Client c) {
        c.cp("192.168.0.0/20").ok();
        c.acp("192.168.0.0/20", 21).ok("192.168.0.0/21<192.168.0.0/20");
    }

    private static void c2(Client c) {
        c1(c);
        c.acp("192.168.0.0/20", 22).ok("192.168.8.0/22<192.168.0.0/20");
        c.pu("192.168.0.0/20").ok("4096 2 256 [192.168.12.0/22] 2");
    }

    private static void c4(Client c) {
        c2(c);
        c.rcp("192.168.8.0/22").ok();
        c.acp("192.168.0.0/20", 28).ok("192.168.8.0/28<192.168.0.0/20");
        c.pu("192.168.0.0/20")
                .ok("4096 2 508 [192.168.8.16/28, 192.168.8.32/27, 192.168.8.64/26, 192.168.8.128/25, 192.168.9.0/24,"
                        + " 192.168.10.0/23, 192.168.12.0/22] 2");
    }

    private static void c10(Client c) {
        c.cp("2001:aabb::/48").ok();
        c.acp("2001:aabb::/48", 64).ok("2001:aabb::/64<2001:aabb::/48");
        c.acp("2001:aabb::/48", 72).ok("2001:aabb:0:1::/72<2001:aabb::/48");
        c.aip("2001:aabb:0:1::/72").ok("2001:aabb:0:1::1@2001:aabb:0:1::/72");
    }

    private static void c40(Client c) {
        c.cp("10.0.0.0/16").ok();
        c.acp("10.0.0.0/16", 24).ok("10.0.0.0/24<10.0.0.0/16");
        c.acp("10.0.0.0/24", 25).ok("10.0.0.0/25<10.0.0.0/24");
        c.rcp("10.0.0.0/24").fails(FAILED_PRECONDITION, "has child prefixes");
        c.gp("10.0.0.0/24").ok("10.0.0.0/24<10.0.0.0/16");
        assertThat(c.usage("10.0.0.0/16").getAcquiredPrefixes()).isEqualTo(1);
    }

    private static void c44(String databaseUrl) throws Exception {
        for (int kills = 0; kills < 5; kills++) {
            try (ServerProcess server = ServerProcess.start(databaseUrl)) {
                Client c = new Client(server.channel(), "");
                if (kills == 0) {
                    c.cp("10.0.0.0/8").ok();
                }
                Semaphore answers = new Semaphore(0);
                try (Callers storm = Callers.start(16, caller -> acquireAndRelease(c, answers))) {
                    assertThat(answers.tryAcquire(1_000, 30, TimeUnit.SECONDS)).isTrue();
                    server.handle().destroyForcibly();
                    storm.join();
                }
            }
            try (ServerProcess restarted = ServerProcess.start(databaseUrl)) {
                Client c = new Client(restarted.channel(), "");
                // From here on the database refuses what the killed one may have sent it and it has not yet done.
                c.acp("10.0.0.0/8", 24).ok();
                long children = Stream.of(c.lp().ok().value().split(" "))
                        .filter(prefix -> prefix.endsWith("<10.0.0.0/8"))
                        .count();
                assertThat(c.usage("10.0.0.0/8").getAcquiredPrefixes()).isEqualTo(children);
            }
        }
    }

    /** Until the server is gone; leaves every other child. */
    private static void acquireAndRelease(Client c, Semaphore answers) {
        for (int i = 0; ; i++) {
            Result given = c.acp("10.0.0.0/8", 24);
            if (given.isUnavailable()) {
                return;
            }
            answers.release();
            String child = given.ok().value().replaceAll("<.*", "");
            if (i % 2 == 0) {
                Result released = c.rcp(child);
                if (released.isUnavailable()) {
                    return;
                }
                released.ok();
                answers.release();
            }
        }
    }

    @TestFactory
    List<DynamicTest> usage() {
        row("D1", "fresh IPv4", c -> {
            c.cp("192.168.0.0/20").ok();
            c.pu("192.168.0.0/20").ok("4096 2 1024 [192.168.0.0/20] 0");
        });
        row("D2", "fresh IPv6", c -> {
            c.cp("2001:db8:85a3::/116").ok();
            c.pu("2001:db8:85a3::/116").ok("4096 1 1024 [2001:db8:85a3::/116] 0");
        });
        row("D3", "addresses do not count against children", c -> {
            c.cp("10.0.0.0/24").ok();
            c.aip("10.0.0.0/24").ok();
            c.aip("10.0.0.0/24").ok();
            c.pu("10.0.0.0/24").ok("256 4 64 [10.0.0.0/24] 0");
            c.rip("10.0.0.0/24", "10.0.0.1").ok();
            c.pu("10.0.0.0/24").ok("256 3 64 [10.0.0.0/24] 0");
        });
        row("D4", "small IPv4", c -> {
            c.cp("10.0.0.0/30").ok();
            c.cp("10.0.0.4/31").ok();
            c.cp("10.0.0.6/32").ok();
            c.pu("10.0.0.0/30").ok("4 2 1 [10.0.0.0/30] 0");
            c.pu("10.0.0.4/31").ok("2 2 0 [] 0");
            c.pu("10.0.0.6/32").ok("1 1 0 [] 0");
        });
        row("D5", "small IPv6", c -> {
            c.cp("2001:db8::/126").ok();
            c.cp("2001:db8::4/127").ok();
            c.cp("2001:db8::6/128").ok();
            c.pu("2001:db8::/126").ok("4 1 1 [2001:db8::/126] 0");
            c.pu("2001:db8::4/127").ok("2 1 0 [] 0");
            c.pu("2001:db8::6/128").ok("1 1 0 [] 0");
        });
        row("D7", "a /64 is capped", c -> {
            c.cp("2001:db8::/64").ok();
            assertThat(c.usage("2001:db8::/64").getAvailableIps()).isEqualTo(2147483647L);
        });
        row("D8", "so are a /97 and half of IPv4", c -> {
            c.cp("2001:db8::/97").ok();
            c.cp("128.0.0.0/1").ok();
            assertThat(c.usage("2001:db8::/97").getAvailableIps()).isEqualTo(2147483647L);
            assertThat(c.usage("128.0.0.0/1").getAvailableIps()).isEqualTo(2147483647L);
        });
        row("D10", "smallest prefixes do not overflow", c -> {
            for (String cidr : List.of("2001:db8::/48", "4000::/2", "8000::/62")) {
                c.cp(cidr).ok();
                assertThat(c.usage(cidr).getAvailableSmallestPrefixes()).isEqualTo(2147483647L);
            }
        });
        row("D11", "a /63", c -> {
            c.cp("2001:db8::/63").ok();
            assertThat(c.usage("2001:db8::/63").getAvailableSmallestPrefixes()).isEqualTo(2147483647L);
        });
        row("D13", "free blocks beside children", c -> {
            c10(c);
            List<String> free = c.usage("2001:aabb::/48").getAvailablePrefixesList();
            List<String> expected = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                expected.add("2001:aabb:0:1:" + Integer.toHexString(0x100 << i) + "::/" + (72 - i));
            }
            for (int i = 1; i < 16; i++) {
                expected.add("2001:aabb:0:" + Integer.toHexString(1 << i) + "::/" + (64 - i));
            }
            assertThat(free).isEqualTo(expected);
            assertThat(c.usage("2001:aabb::/48").getAvailableSmallestPrefixes()).isEqualTo(2147483647L);
        });
        row("D14", "missing and malformed", c -> {
            c.pu("10.0.0.0/8").notFound();
            c.pu("10.0.0.0").invalid("netip.ParsePrefix(\"10.0.0.0\"): no '/'");
        });
        return take();
    }

    @TestFactory
    List<DynamicTest> namespaces() {
        freshRow("E1", "root is there", c -> assertThat(c.ln()).containsExactly("root"));
        row("E2", "create is idempotent", c -> {
            String twice = c.own("twice");
            c.cn(twice).ok();
            c.cn(twice).ok();
            assertThat(c.ln()).containsOnlyOnce(twice);
        });
        row("E3", "namespaces are isolated", c -> {
            c.cp("192.168.0.0/20").ok();
            for (String name : List.of(c.own("a"), c.own("b"))) {
                c.cn(name).ok();
                c.in(name).cp("192.168.0.0/20").ok();
            }
        });
        row("E4", "addresses too", c -> {
            for (String name : List.of(c.own("a"), c.own("b"))) {
                c.cn(name).ok();
                c.in(name).cp("192.168.0.0/20").ok();
                c.in(name).aip("192.168.0.0/20", "192.168.0.2").ok("192.168.0.2@192.168.0.0/20");
            }
        });
        row(
                "E5",
                "create in a missing one",
                c -> c.in("nowhere").cp("10.0.0.0/8").invalid("NamespaceDoesNotExist"));
        row("E7", "delete and release in a missing one", c -> {
            c.in("nowhere").dp("10.0.0.0/8").notFound("NamespaceDoesNotExist");
            c.in("nowhere").rip("10.0.0.0/8", "10.0.0.1").notFound("NamespaceDoesNotExist");
        });
        freshRow("E8", "list in a missing one", c -> {
            c.in("nowhere").lp().invalid("NamespaceDoesNotExist");
            c.cp("10.0.0.0/8").ok();
            c.in("nowhere").lp().invalid("NamespaceDoesNotExist");
        });
        freshRow("E9", "list beside root", c -> {
            c.cp("10.0.0.0/8").ok();
            c.cn("n").ok();
            c.in("n").cp("192.168.0.0/16").ok();
            c.in("n").lp().ok("192.168.0.0/16");
        });
        freshRow("E10", "list with root empty", c -> {
            c.cn("n").ok();
            c.in("n").cp("192.168.0.0/16").ok();
            c.in("n").lp().ok("192.168.0.0/16");
        });
        freshRow("E11", "empty and root are the same", c -> {
            c.in("").cp("10.0.0.0/8").ok();
            c.in("root").gp("10.0.0.0/8").ok();
            c.gpWithoutNamespace("10.0.0.0/8").ok("10.0.0.0/8");
        });
        row("E13", "144 bytes are too many", c -> c.cn("n".repeat(144)).invalid("NameTooLong"));
        row("E14", "60 bytes, the first 54 alike", c -> {
            String first = c.own("n".repeat(54)).substring(0, 54);
            for (String name : List.of(first + "-one--", first + "-two--")) {
                c.cn(name).ok();
                c.in(name).cp("10.0.0.0/8").ok();
            }
        });
        row("E16", "delete", c -> {
            String brief = c.own("brief");
            c.cn(brief).ok();
            c.dn(brief).ok();
            assertThat(c.ln()).doesNotContain(brief);
        });
        row("E17", "delete with prefixes", c -> {
            String full = c.own("full");
            c.cn(full).ok();
            c.in(full).cp("10.0.0.0/8").ok();
            c.dn(full).fails(FAILED_PRECONDITION, "cannot delete namespace with allocated prefixes");
            c.in(full).gp("10.0.0.0/8").ok();
        });
        freshRow("E19", "root stays", c -> {
            c.dn("root").fails(FAILED_PRECONDITION);
            c.cp("10.0.0.0/8").ok();
        });
        row("E20", "no empty name", c -> c.cn("").invalid());
        row("E22", "names are case-sensitive", c -> {
            c.cn(c.own("Case")).ok();
            c.cn(c.own("case")).ok();
            assertThat(c.ln()).contains(c.own("Case"), c.own("case"));
        });
        row("E23", "metal-apiserver's sequence", c -> {
            c.cn(c.own("project")).ok();
            Client project = c.in(c.own("project"));
            project.gp("10.0.0.0/14").notFound();
            project.cp("10.0.0.0/14").ok();
            assertThat(project.acp("10.0.0.0/14", 22).ok().value())
                    .isNotEqualTo(project.acp("10.0.0.0/14", 22).ok().value());
        });
        return take();
    }

    @TestFactory
    List<DynamicTest> dumpAndLoad() throws IOException {
        String real = resource("/goipam-dump-small.json");
        freshRow("F1", "dump", c -> {
            c.cp("10.0.0.0/29").ok();
            c.acp("10.0.0.0/29", 30).ok();
            c.aip("10.0.0.0/30").ok();
            assertThat(c.dump().ok().value().replaceAll("\"Version\":\\d+", "\"Version\":1"))
                    .isEqualTo("[{\"Cidr\":\"10.0.0.0/29\",\"ParentCidr\":\"\",\"Namespace\":\"\","
                            + "\"AvailableChildPrefixes\":{\"10.0.0.0/30\":false},\"ChildPrefixLength\":0,"
                            + "\"IsParent\":true,\"IPs\":{\"10.0.0.0\":true,\"10.0.0.7\":true},\"Version\":1},"
                            + "{\"Cidr\":\"10.0.0.0/30\",\"ParentCidr\":\"10.0.0.0/29\",\"Namespace\":\"\","
                            + "\"AvailableChildPrefixes\":{},\"ChildPrefixLength\":0,\"IsParent\":false,"
                            + "\"IPs\":{\"10.0.0.0\":true,\"10.0.0.1\":true,\"10.0.0.3\":true},\"Version\":1}]");
        });
        freshRow("F2", "dump of nothing", c -> assertThat(c.dump().ok().value()).isIn("null", "[]"));
        freshRow("F4", "there and back", c -> {
            c.cp("10.0.0.0/16").ok();
            c.acp("10.0.0.0/16", 24).ok();
            c.aip("10.0.0.0/24").ok();
            c.cp("2001:db8::/64").ok();
            c.aip("2001:db8::/64").ok();
            String dump = c.dump().ok().value();
            Result list = c.lp();
            Result usage = c.pu("10.0.0.0/16");
            c.rip("10.0.0.0/24", "10.0.0.1").ok();
            c.rcp("10.0.0.0/24").ok();
            c.dp("10.0.0.0/16").ok();
            c.rip("2001:db8::/64", "2001:db8::1").ok();
            c.dp("2001:db8::/64").ok();
            c.load(dump).ok();
            assertThat(c.lp()).isEqualTo(list);
            assertThat(c.pu("10.0.0.0/16")).isEqualTo(usage);
            c.aip("10.0.0.0/24").ok("10.0.0.2@10.0.0.0/24");
            c.aip("2001:db8::/64").ok("2001:db8::2@2001:db8::/64");
            c.load(dump).invalid("prefixes exist, please drop existing data before loading");
        });
        freshRow("F5", "malformed", c -> {
            c.load("").invalid();
            c.load("{}").invalid();
            c.load("[").invalid();
        });
        freshRow("F7", "legacy parent", c -> {
            c.load(
                            "[{\"Cidr\":\"10.0.0.0/14\",\"ParentCidr\":\"\",\"AvailableChildPrefixes\":{},"
                                    + "\"ChildPrefixLength\":22,\"IPs\":{\"10.0.0.0\":true,\"10.3.255.255\":true},\"Version\":1}]")
                    .ok();
            c.aip("10.0.0.0/14").invalid("has childprefixes");
        });
        freshRow("F8", "a real dump", c -> {
            c.load(real).ok();
            assertThat(c.usage("10.128.0.0/14").getAvailableSmallestPrefixes()).isEqualTo(60_928);
            assertThat(c.usage("10.128.0.0/14").getAcquiredPrefixes()).isEqualTo(18);
            assertThat(c.usage("1.2.3.0/27").getAvailableIps()).isEqualTo(32);
            assertThat(c.usage("1.2.3.0/27").getAcquiredIps()).isEqualTo(25);
            c.aip("1.2.3.0/27").ok("1.2.3.20@1.2.3.0/27");
            c.rcp("10.129.28.0/22").ok();
            assertThat(c.usage("10.128.0.0/14").getAcquiredPrefixes()).isEqualTo(17);
            c.rcp("10.130.36.0/22").invalid("has ips");
        });
        freshRow("F10", "an element without addresses", c -> {
            c.load("[{\"Cidr\":\"10.0.0.0/24\"}]").ok();
            c.aip("10.0.0.0/24").ok();
        });
        freshRow("F11", "dump of a namespace", c -> {
            c.cp("10.0.0.0/8").ok();
            c.cn("n").ok();
            c.in("n").cp("192.168.0.0/16").ok();
            assertThat(c.in("n").dump().ok().value()).contains("192.168.0.0/16").doesNotContain("10.0.0.0/8");
        });
        freshRow("F13", "a dump of ours loads and uses the same, everywhere", c -> {
            c.load(real).ok();
            String ours = c.dump().ok().value();
            c.cn("copy").ok();
            c.in("copy").load(ours).ok();
            for (String prefix : c.lp().ok().value().split(" ")) {
                String cidr = prefix.replaceAll("<.*", "");
                assertThat(c.in("copy").pu(cidr)).isEqualTo(c.pu(cidr)).matches(result -> result.code() == OK);
            }
            assertThat(c.in("copy").dump()).matches(again -> again.code() == OK);
        });
        longFreshRow("F14", "20 MB", c -> {
            StringBuilder dump = new StringBuilder("[");
            for (int i = 0; dump.length() < 20_000_000; i++) {
                String net = "10." + i / 256 + "." + i % 256;
                dump.append(i == 0 ? "" : ",")
                        .append("{\"Cidr\":\"")
                        .append(net)
                        .append(".0/24\",\"IPs\":{");
                for (int host = 0; host < 250; host++) {
                    dump.append(host == 0 ? "\"" : ",\"")
                            .append(net)
                            .append('.')
                            .append(host)
                            .append("\":true");
                }
                dump.append("}}");
            }
            c.load(dump.append(']').toString()).ok();
            c.aip("10.0.7.0/24").ok("10.0.7.250@10.0.7.0/24");
        });
        return take();
    }

    final List<DynamicTest> take() {
        List<DynamicTest> taken = List.copyOf(rows);
        rows.clear();
        return taken;
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = GoIpamConformance.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static List<Result> inParallel(int times, Function<Integer, Result> call) throws Exception {
        return inParallel(IntStream.range(0, times)
                .<Callable<Result>>mapToObj(i -> () -> call.apply(i).ok())
                .toList());
    }

    private static List<Result> inParallel(List<Callable<Result>> calls) throws Exception {
        ExecutorService callers = Executors.newFixedThreadPool(Math.min(calls.size(), 1_000));
        try {
            List<Result> results = new ArrayList<>();
            for (Future<Result> result : callers.invokeAll(calls, 5, TimeUnit.MINUTES)) {
                results.add(result.get());
            }
            return results;
        } finally {
            callers.shutdownNow();
        }
    }

    private static Set<String> distinct(List<Result> results) {
        Set<String> values = new HashSet<>();
        results.forEach(result ->
                assertThat(values.add(result.ok().value())).as(result.value()).isTrue());
        return values;
    }
}
