package io.ipamer.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.ipamer.address.Cidr;
import io.ipamer.ipam.CallOptions;
import io.ipamer.ipam.Exports;
import io.ipamer.ipam.Import;
import io.ipamer.ipam.Ipam;
import io.ipamer.ipam.Page;
import io.ipamer.ipam.Surroundings;
import io.ipamer.model.IpamerException;
import io.ipamer.model.LoadItem;
import io.ipamer.model.Loaded;
import io.ipamer.model.Metadata;
import io.ipamer.model.Namespace;
import io.ipamer.model.Prefix;
import io.ipamer.model.PrefixContent;
import io.ipamer.model.Reason;
import io.ipamer.model.Releases;
import io.ipamer.model.Reservation;
import io.ipamer.store.Invariants;
import io.ipamer.store.Store;
import io.ipamer.store.memory.MemoryStore;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole namespaces, there and back; and that nothing is left of what did not get there. */
class TransfersTest {
    private static final Cidr NET = Cidr.parse("10.0.0.0/24");
    private static final String SMALL = """
            {"ipamer":1,"namespace":"n"}
            {"cidr":"10.0.0.0/24","owner":"Zoë 🙂"}
            {"leaked":"10.0.0.128/25"}
            {"cidr":"10.0.0.0/26","parent":"10.0.0.0/24"}
            {"address":"10.0.0.1","allocation_id":"0a0a0a0a-0000-4000-8000-000000000001","labels":{"k":"v"}}
            {"end":{"prefixes":2,"leaked":1,"addresses":1}}
            """;

    private final AtomicLong timeOfDay = new AtomicLong(1_000_000_000);
    private final Queue<Runnable> later = new ConcurrentLinkedQueue<>();
    private Store store;
    private Ipam ipam;
    private Transfers transfers;
    private final MeterRegistry meters = new SimpleMeterRegistry();

    @BeforeEach
    void open() {
        store = openStore();
        ipam = server();
        transfers = new Transfers(ipam, meters);
    }

    @AfterEach
    void close() {
        transfers.close();
        store.close();
    }

    Store openStore() {
        return new MemoryStore();
    }

    /** Looks at the tables, where there are such. */
    void assertNothingElseIsLeft() {}

    private Ipam server() {
        return server(System::nanoTime, Runnable::run);
    }

    private Ipam server(LongSupplier clock, Executor executor) {
        return new Ipam(
                store,
                new Surroundings(
                        clock,
                        (nanos, task) -> {
                            if (nanos >= TimeUnit.MINUTES.toNanos(1)) {
                                later.add(task);
                            } else {
                                CompletableFuture.delayedExecutor(nanos, TimeUnit.NANOSECONDS)
                                        .execute(task);
                            }
                        },
                        executor,
                        UUID::randomUUID,
                        () -> 0.5,
                        timeOfDay::get,
                        new SimpleMeterRegistry()));
    }

    private Report.News imports(String namespace, String text, Format format) {
        Report report = new Report();
        Parts parts = new Parts(() -> {});
        parts.add(text.getBytes(StandardCharsets.UTF_8));
        parts.end();
        finish(transfers.importFrom(parts, namespace, format, false, report));
        return report.news();
    }

    /** What it was refused for, and what was told before. */
    private Report.News refused(String namespace, String text, Format format, Reason reason) {
        Report report = new Report();
        Parts parts = new Parts(() -> {});
        parts.add(text.getBytes(StandardCharsets.UTF_8));
        parts.end();
        assertRefused(transfers.importFrom(parts, namespace, format, false, report), reason);
        return report.news();
    }

    private static void assertRefused(CompletableFuture<?> future, Reason reason) {
        IpamerException refusal = catchThrowableOfType(IpamerException.class, () -> finish(future));
        assertThat(refusal).isNotNull();
        assertThat(refusal.reason()).as(refusal.getMessage()).isEqualTo(reason);
    }

    private static <T> T finish(CompletableFuture<T> future) {
        try {
            return future.orTimeout(60, TimeUnit.SECONDS).join();
        } catch (CompletionException failed) {
            if (failed.getCause() instanceof IpamerException refusal) {
                throw refusal;
            }
            throw failed;
        }
    }

    private String export(String namespace, Format format) {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        finish(transfers.exportTo(text, namespace, format));
        return text.toString(StandardCharsets.UTF_8);
    }

    private double running(String kind) {
        return meters.get("ipamer.running").tag("kind", kind).gauge().value();
    }

    @Test
    void anExportIsShownAsRunningWhileItWrites() {
        List<Double> seen = new ArrayList<>();

        finish(transfers.exportTo(
                new OutputStream() {
                    @Override
                    public void write(int octet) {
                        seen.add(running("export"));
                        seen.add(running("import"));
                    }

                    @Override
                    public void write(byte[] octets, int from, int count) {
                        write(octets[from]);
                    }
                },
                "root",
                Format.IPAMER));

        assertThat(seen).startsWith(1.0, 0.0);
    }

    private List<String> namespaces() {
        return finish(ipam.namespaces().list()).stream().map(Namespace::name).toList();
    }

    /** Those that are being removed, too; waits for them. */
    private void assertOnlyLeft(String... names) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (finish(store.namespaces("", 99)).size() > names.length && System.nanoTime() < end) {
            LockSupport.parkNanos(1_000_000);
        }
        assertThat(finish(store.namespaces("", 99))).extracting(Namespace::name).containsExactlyInAnyOrder(names);
        new Invariants(store).holdEverywhere();
        assertNothingElseIsLeft();
    }

    private static String withoutIds(String text) {
        return text.replaceAll(",\"id\":\"[-0-9a-f]*\"", "");
    }

    private static String withoutVersions(String text) {
        return text.replaceAll(",\"Version\":\\d+", "");
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
    void aPlanComesBackAsItWas(int seed) {
        String text = RandomPlan.text(seed, "n", true);

        Report.News news = imports("n", text, Format.IPAMER);

        assertThat(news.issues()).isEmpty();
        assertThat(text)
                .contains("{\"end\":{\"prefixes\":" + news.prefixes() + ",\"leaked\":" + news.leaked()
                        + ",\"addresses\":" + news.addresses() + "}}");
        assertThat(withoutIds(export("n", Format.IPAMER))).isEqualTo(text);
        assertOnlyLeft("n", "root");
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
    void aPlanComesBackThroughGoIpamsDump(int seed) {
        imports("n", RandomPlan.text(seed, "n", false), Format.IPAMER);
        String dump = export("n", Format.GO_IPAM);

        Report.News news = imports("m", dump, Format.GO_IPAM);

        assertThat(news.refused()).isZero();
        assertThat(news.mended()).as("leaked blocks are all that is told of").isEqualTo(news.leaked());
        assertThat(withoutVersions(export("m", Format.GO_IPAM))).isEqualTo(withoutVersions(dump));
        assertThat(finish(transfers.dump("m"))).isEqualTo(export("m", Format.GO_IPAM));
        assertOnlyLeft("m", "n", "root");
    }

    @Test
    void partsMayEndAnywhere() {
        byte[] text = SMALL.getBytes(StandardCharsets.UTF_8);
        for (int cut = 0; cut <= text.length; cut++) {
            String name = "n" + cut;
            Parts parts = new Parts(() -> {});
            parts.add(Arrays.copyOf(text, cut));
            parts.add(Arrays.copyOfRange(text, cut, text.length));
            parts.end();
            Report report = new Report();
            finish(transfers.importFrom(parts, name, Format.IPAMER, false, report));
            assertThat(report.news()).as("cut at %d", cut).isEqualTo(new Report.News(List.of(), 2, 1, 1, 0, 0));
        }
        assertThat(withoutIds(export("n7", Format.IPAMER)).replace("\"n7\"", "\"n\""))
                .isEqualTo(SMALL);
    }

    @Test
    void aTextThatIsCutOffAnywhereIsRefused() {
        byte[] text = SMALL.getBytes(StandardCharsets.UTF_8);
        for (int length = 0; length < text.length - 1; length++) { // its last line feed may be missing
            Parts parts = new Parts(() -> {});
            parts.add(Arrays.copyOf(text, length));
            parts.end();
            assertRefused(transfers.importFrom(parts, "n", Format.IPAMER, false, new Report()), Reason.INVALID_DUMP);
        }
        assertOnlyLeft("root");
    }

    @Test
    void aDumpThatIsCutOffAnywhereIsRefused() {
        imports("n", SMALL, Format.IPAMER);
        String dump = export("n", Format.GO_IPAM);
        for (int length = 0; length < dump.length(); length++) {
            refused("m", dump.substring(0, length), Format.GO_IPAM, Reason.INVALID_DUMP);
        }
        assertOnlyLeft("n", "root");
    }

    /** Between the first line, which is line 1, and the last, whose counts are right where nothing is refused. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '^', textBlock = """
                    {"cidr":"10.0.0.5/24"}                                                                   | 2 mended INVALID_CIDR
                    {"cidr":"10.0.0.0/24"};{"cidr":"10.0.0.9/25","parent":"10.0.0.7/24"}                     | 3 mended INVALID_CIDR
                    {"cidr":"10.0.0.0/24"};{"leaked":"10.0.0.9/25"}                                          | 3 mended INVALID_CIDR
                    {"cidr":"10.0.0.0/24"};{"address":"10.0.0.1"};{"address":"10.0.0.1"}                     | 4 mended ADDRESS_TAKEN
                    {"cidr":"10.0.0.0/24"};{"leaked":"10.0.0.0/25"};{"leaked":"10.0.0.0/25"}                 | 4 mended PREFIX_TAKEN
                    {"cidr":"10.0.0.0/24"};{"cidr":"10.0.0.0/24"}                                            | 3 mended PREFIX_OVERLAPS
                    {"cidr":"10.0.0.0/25","parent":"10.0.0.0/24"}                                            | 2 mended PREFIX_NOT_FOUND
                    {"cidr":"10.1.0.0/24"};{"cidr":"10.0.0.0/25","parent":"10.0.0.0/24"};{"address":"10.0.0.1"} | 3 mended PREFIX_NOT_FOUND
                    {"cidr":"10.0.0.0/24"};{"cidr":"10.1.0.0/24"};{"cidr":"10.0.0.0/25","parent":"10.0.0.0/24"} |
                    {"cidr":"10.0.0.0/24","later":[{"a":1}]};{"address":"10.0.0.1","later":null}             |
                    {"cidr":"10.0.0.0/24"};{"cidr":"10.0.0.0/25"}                                            | 3 refused PREFIX_OVERLAPS
                    {"cidr":"10.0.0.0/24"};{"cidr":"10.0.0.0/24","reserved_first":false}                     | 3 refused PREFIX_OVERLAPS
                    {"cidr":"10.0.0.0/24","reserved_last":false};{"cidr":"10.0.0.0/24","reserved_last":false} | 3 mended PREFIX_OVERLAPS
                    {"cidr":"10.0.0.0/24"};{"later":{"cidr":""},"leaked":"x"};{"address":"10.0.0.1"};{"address":"10.0.0.0"} | 3 refused INVALID_CIDR, 5 refused ADDRESS_RESERVED
                    {"cidr":"10.0.0.0/24"};{"cidr":"10.0.0.0/25"};{"cidr":"10.0.0.0/26","parent":"10.0.0.0/25"};{"cidr":"10.0.0.0/27","parent":"10.0.0.0/26"} | 3 refused PREFIX_OVERLAPS, 4 refused PREFIX_NOT_FOUND, 5 refused PREFIX_NOT_FOUND
                    {"cidr":"10.0.0.0/24"};{"cidr":"10.0.0.0/24","owner":"x"};{"address":"10.0.0.1"}         | 3 refused PREFIX_OVERLAPS
                    {"cidr":"10.0.0.0/24"};{"cidr":"10.0.1.0/25","parent":"10.0.0.0/24"}                     | 3 refused PREFIX_OUTSIDE_PARENT
                    {"cidr":"10.0.0.0/24"};{"leaked":"10.0.0.0/25"};{"cidr":"10.0.0.0/26","parent":"10.0.0.0/24"} | 4 refused PREFIX_TAKEN
                    {"cidr":"10.0.0.0/24"};{"address":"10.0.0.1"};{"cidr":"10.0.0.0/26","parent":"10.0.0.0/24"}   | 4 refused PREFIX_HAS_ADDRESSES
                    {"cidr":"10.0.0.0/24"};{"leaked":"10.0.0.0/25"};{"leaked":"10.0.0.0/26"}                 | 4 refused PREFIX_TAKEN
                    {"cidr":"10.0.0.0/24"};{"leaked":"10.0.1.0/25"}                                          | 3 refused PREFIX_OUTSIDE_PARENT
                    {"cidr":"10.0.0.0/24"};{"leaked":"10.0.0.0/24"}                                          | 3 refused PREFIX_OUTSIDE_PARENT
                    {"cidr":"10.0.0.0/24"};{"leaked":"10.0.0.0/25"};{"address":"10.0.0.129"}                 | 4 refused PREFIX_IS_PARENT
                    {"cidr":"10.0.0.0/24","parent_only":true};{"address":"10.0.0.129"}                       | 3 refused PREFIX_IS_PARENT
                    {"cidr":"10.0.0.0/24"};{"address":"10.0.1.1"};{"address":"::1"}                          | 3 refused ADDRESS_OUTSIDE_PREFIX, 4 refused ADDRESS_OUTSIDE_PREFIX
                    {"cidr":"10.0.0.0/24"};{"address":"10.0.0.0"};{"address":"10.0.0.255"}                   | 3 refused ADDRESS_RESERVED, 4 refused ADDRESS_RESERVED
                    {"cidr":"10.0.0.0/24"};{"address":"10.0.0.1"};{"address":"10.0.0.1","owner":"x"}         | 4 refused ADDRESS_TAKEN
                    {"address":"10.0.0.1"};{"leaked":"10.0.0.0/25"}                                          | 2 refused INVALID_DUMP, 3 refused INVALID_DUMP
                    {"cidr":"10.0.0.0/33"};{"address":"10.0.0.1"}                                            | 2 refused INVALID_CIDR
                    {"cidr":"x"}                                                                             | 2 refused INVALID_CIDR
                    {"cidr":"10.0.0.0/24","parent":"x"}                                                      | 2 refused INVALID_CIDR
                    {"cidr":"10.0.0.0/24"};{"leaked":"x"};{"address":"x"}                                    | 3 refused INVALID_CIDR, 4 refused INVALID_ADDRESS
                    {"cidr":"10.0.0.0/24","reservation":"some"}                                              | 2 refused INVALID_DUMP
                    {"cidr":"10.0.0.0/24","reservation":"none","reserved_first":true}                        | 2 refused INVALID_DUMP
                    {"cidr":"2001:db8::/64","reserved_last":true}                                            | 2 refused INVALID_DUMP
                    {"cidr":"10.0.0.0/24","labels":{"-":"x"}}                                                | 2 refused INVALID_LABEL
                    {"cidr":"10.0.0.0/24","owner":"\\u0001"}                                                 | 2 refused INVALID_OWNER
                    {"cidr":"10.0.0.0/24"};{"address":"10.0.0.1","description":"\\u0000"}                    | 3 refused INVALID_DESCRIPTION
                    {"cidr":"10.0.0.0/24"};{"address":"10.0.0.1","allocation_id":"1"}                        | 3 refused INVALID_ID
                    {"cidr":"10.0.0.0/24","parent_only":"yes"}                                               | 2 refused INVALID_DUMP
                    {"cidr":10}                                                                              | 2 refused INVALID_DUMP
                    {"cidr":"10.0.0.0/24","address":"10.0.0.1"}                                              | 2 refused INVALID_DUMP
                    {};[];nonsense;null;{"a":1}                                                              | 2 refused INVALID_DUMP, 3 refused INVALID_DUMP, 4 refused INVALID_DUMP, 5 refused INVALID_DUMP, 6 refused INVALID_DUMP
                    {"cidr":"10.0.0.0/24"}{"cidr":"10.0.1.0/24"}                                             | 2 refused INVALID_DUMP
                    {"ipamer":1}                                                                             | 2 refused INVALID_DUMP
                    """)
    void eachLineIsJudgedByItself(String lines, String expected) {
        String body = lines.replace(';', '\n');
        String text = "{\"ipamer\":1}\n" + body + "\n" + end(body);
        String issues = expected == null ? "" : expected;

        Report.News news = issues.contains("refused")
                ? refused("n", text, Format.IPAMER, Reason.INVALID_DUMP)
                : imports("n", text, Format.IPAMER);

        assertThat(told(news)).isEqualTo(issues);
        assertThat(news.issues())
                .allSatisfy(issue -> assertThat(issue.message()).isNotBlank());
        if (issues.contains("refused")) {
            assertOnlyLeft("root");
        } else {
            assertOnlyLeft("n", "root");
        }
    }

    @Test
    void aParentMayHaveManyChildren() {
        StringBuilder text = new StringBuilder("{\"ipamer\":1}\n{\"cidr\":\"10.0.0.0/8\"}\n");
        for (int i = 0; i < 20_000; i++) {
            text.append("{\"cidr\":\"10." + (i >> 8) + "." + (i & 255) + ".0/24\",\"parent\":\"10.0.0.0/8\"}\n");
        }
        text.append("{\"end\":{\"prefixes\":20001,\"leaked\":0,\"addresses\":0}}");

        assertThat(imports("n", text.toString(), Format.IPAMER))
                .isEqualTo(new Report.News(List.of(), 20_001, 0, 0, 0, 0));
    }

    @Test
    void thereMayBeManyTopLevelPrefixes() {
        List<PrefixContent> prefixes = new ArrayList<>();
        for (int i = 0; i < 20_000; i++) {
            Cidr cidr = Cidr.parse("10." + (i >> 8) + "." + (i & 255) + ".0/24");
            prefixes.add(
                    new PrefixContent(cidr, true, true, true, List.of(), List.of(), List.of(), 0)); // two calls each
        }

        assertThat(finish(transfers.load("root", new GoIpamDump(prefixes, List.of()), loaded -> {})))
                .isEqualTo(new Loaded(20_000, 0, 0));
    }

    @Test
    void aTextOfEmptyLinesIsRefused() {
        for (String blank : List.of("", "\n", "\n\n \t\r\n", " ", "\n ")) {
            assertThat(told(refused("n", blank, Format.IPAMER, Reason.INVALID_DUMP)))
                    .as("<%s>", blank)
                    .endsWith("refused INVALID_DUMP");
        }
        assertOnlyLeft("root");
    }

    private static String told(Report.News news) {
        return String.join(
                ", ",
                news.issues().stream()
                        .sorted((a, b) -> Long.compare(a.line(), b.line()))
                        .map(issue -> issue.line() + (issue.mended() ? " mended " : " refused ") + issue.reason())
                        .toList());
    }

    private static String end(String body) {
        return "{\"end\":{\"prefixes\":" + (body.split("\"cidr\"", -1).length - 1) + ",\"leaked\":"
                + (body.split("\"leaked\"", -1).length - 1) + ",\"addresses\":"
                + (body.split("\"address\"", -1).length - 1) + "}}\n";
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '^', textBlock = """
                    {"ipamer":2}
                    {"ipamer":"one"}
                    {"cidr":"10.0.0.0/24"}
                    []
                    """)
    void aTextOfAnotherKindIsRefusedAtItsFirstLine(String first) {
        Report.News news = refused(
                "n", "\n" + first + "\n{\"cidr\":\"10.0.1.0/24\"}\n" + end("cidr"), Format.IPAMER, Reason.INVALID_DUMP);

        assertThat(told(news)).isEqualTo("2 refused INVALID_DUMP");
    }

    @Test
    void countsThatAreWrongAreRefused() {
        for (String wrong : List.of(
                "{\"end\":{\"prefixes\":1,\"leaked\":1,\"addresses\":1}}",
                "{\"end\":{\"prefixes\":2,\"leaked\":0,\"addresses\":1}}",
                "{\"end\":{\"prefixes\":2,\"leaked\":1,\"addresses\":2}}",
                "{\"end\":{\"prefixes\":2,\"leaked\":1}}",
                "{\"end\":{}}")) {
            String text = SMALL.substring(0, SMALL.indexOf("{\"end\"")) + wrong + "\n";
            assertThat(told(refused("n", text, Format.IPAMER, Reason.INVALID_DUMP)))
                    .isEqualTo("6 refused INVALID_DUMP");
        }
        assertThat(told(refused("n", SMALL + "{\"address\":\"10.0.0.2\"}", Format.IPAMER, Reason.INVALID_DUMP)))
                .isEqualTo("7 refused INVALID_DUMP");
    }

    @Test
    void lineFeedsEmptyLinesAndAMissingLastLineFeedDoNotMatter() {
        imports("n", SMALL.replace("\n", "\r\n\n \t\n").stripTrailing(), Format.IPAMER);

        assertThat(withoutIds(export("n", Format.IPAMER))).isEqualTo(SMALL);
    }

    @Test
    void aLineThatIsTooLongOrNoTextIsRefused() {
        String tooLong = "{\"cidr\":\"10.0.0.0/24\",\"later\":\"" + "x".repeat(Lines.MAX_BYTES) + "\"}";
        assertThat(told(refused(
                        "n", "{\"ipamer\":1}\n" + tooLong + "\n" + end(""), Format.IPAMER, Reason.INVALID_DUMP)))
                .isEqualTo("2 refused INVALID_DUMP");
        String longest = "{\"cidr\":\"10.0.0.0/24\",\"later\":\"" + "x".repeat(Lines.MAX_BYTES - 100) + "\"}";
        imports("n", "{\"ipamer\":1}\n" + longest + "\n" + end("\"cidr\""), Format.IPAMER);

        Parts parts = new Parts(() -> {});
        parts.add(new byte[] {'{', '"', 'i', 'p', 'a', 'm', 'e', 'r', '"', ':', '1', '}', '\n', (byte) 0xff, '\n'});
        parts.add(end("").getBytes(StandardCharsets.UTF_8));
        parts.end();
        Report report = new Report();
        assertRefused(transfers.importFrom(parts, "m", Format.IPAMER, false, report), Reason.INVALID_DUMP);
        assertThat(told(report.news())).isEqualTo("2 refused INVALID_DUMP");
    }

    @Test
    void onlyTheFirstThousandIssuesOfAKindAreTold() {
        StringBuilder text = new StringBuilder("{\"ipamer\":1}\n{\"cidr\":\"10.0.0.0/24\"}\n");
        for (int i = 0; i < 1_500; i++) {
            text.append("{\"address\":\"10.0.0.1\"}\n{\"address\":\"10.0.1.1\"}\n");
        }

        Report.News news = refused("n", text.toString(), Format.IPAMER, Reason.INVALID_DUMP);

        assertThat(news.mended()).isEqualTo(1_499);
        assertThat(news.refused()).isEqualTo(1_501);
        assertThat(news.issues().stream().filter(Issue::mended)).hasSize(1_000);
        assertThat(news.issues()).hasSize(2_000);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '^', textBlock = """
                    [{"Cidr":"10.0.0.0/25","ParentCidr":"10.0.0.0/24"}]                                              | 1 mended PREFIX_NOT_FOUND
                    [{"Cidr":"10.0.0.9/24"}]                                                                         | 1 mended INVALID_CIDR
                    [{"Cidr":"10.0.0.0/26","ParentCidr":"10.0.0.0/25"},;{"Cidr":"10.0.0.0/25","ParentCidr":"10.0.0.0/24"},;{"Cidr":"10.0.0.0/24"}] |
                    [{"Cidr":"10.0.0.0/26","ParentCidr":"10.0.0.0/25"},;{"Cidr":"10.0.0.0/25","ParentCidr":"10.0.0.0/24"}] | 2 mended PREFIX_NOT_FOUND
                    [{"Cidr":"10.0.0.0/24","AvailableChildPrefixes":{"10.0.0.0/25":false,"10.0.0.128/25":true}}]     | 1 mended PREFIX_NOT_FOUND
                    [{"Cidr":"10.0.0.0/24","AvailableChildPrefixes":{"10.0.0.3/25":false}}]                          | 1 mended INVALID_CIDR, 1 mended PREFIX_NOT_FOUND
                    [{"Cidr":"10.0.0.0/24","AvailableChildPrefixes":{"10.0.0.0/25":false}},;{"Cidr":"10.0.0.0/25","ParentCidr":"10.0.0.0/24"}] |
                    [{"Cidr":"10.0.0.0/24","AvailableChildPrefixes":{"10.0.0.0/25":false}},;{"Cidr":"10.0.0.0/25","ParentCidr":"10.0.0.0/24"},;{"Cidr":"10.0.0.0/24","AvailableChildPrefixes":{"10.0.0.0/25":false}}] | 3 mended PREFIX_OVERLAPS
                    [{"Cidr":"10.0.0.0/16"},;{"Cidr":"10.0.0.0/25","ParentCidr":"10.0.0.0/24"}]                      | 2 mended PREFIX_NOT_FOUND
                    [{"Cidr":"10.0.0.0/26","ParentCidr":"10.0.0.0/25"},;{"Cidr":"10.0.0.0/28","ParentCidr":"10.0.0.0/27"},;{"Cidr":"10.0.0.0/25","ParentCidr":"10.0.0.0/24"}] | 2 mended PREFIX_NOT_FOUND, 3 mended PREFIX_NOT_FOUND
                    [{"Cidr":"10.0.0.0/24","AvailableChildPrefixes":{"10.0.0.0/25":true,"x":true}},;{"Cidr":"10.0.0.0/25","ParentCidr":"10.0.0.0/24"}] | 2 mended PREFIX_TAKEN
                    [{"Cidr":"10.0.0.0/24"},;{"Cidr":"10.0.0.0/24"}]                                                 | 2 mended PREFIX_OVERLAPS
                    [{"Cidr":"10.0.0.0/24"},;{"Cidr":"10.0.0.0/24","IPs":{"10.0.0.0":true}}]                         | 2 refused PREFIX_OVERLAPS
                    [;{"Cidr":"10.0.0.0/24"},;{"Cidr":"10.0.0.0/25"}]                                                | 3 refused PREFIX_OVERLAPS
                    [{"Cidr":"10.0.0.0/24","IPs":{"10.0.1.1":true,"x":true}},;{"Cidr":"10.0.0.0/x"}]                 | 1 refused ADDRESS_OUTSIDE_PREFIX, 1 refused INVALID_ADDRESS, 2 refused INVALID_CIDR
                    [{"Cidr":"10.0.0.0/24","IPs":{"10.0.0.1":true}},;{"Cidr":"10.0.0.0/25","ParentCidr":"10.0.0.0/24"}] | 2 refused PREFIX_HAS_ADDRESSES
                    [{"Cidr":"10.0.0.0/24","IPs":{"10.0.0.1":true},"AvailableChildPrefixes":{"10.0.0.0/25":false}}]  | 1 mended PREFIX_NOT_FOUND, 1 refused PREFIX_HAS_ADDRESSES
                    [{"Cidr":"10.0.0.0/24"},;{"Cidr":"10.0.1.0/25","ParentCidr":"10.0.0.0/24"}]                      | 2 refused PREFIX_OUTSIDE_PARENT
                    [{"Cidr":"10.0.0.0/24","ParentCidr":"10.0.0.0/24"}]                                              | 1 mended PREFIX_NOT_FOUND
                    [{"Cidr":"10.0.0.0/24"},;nonsense]                                                               | 2 refused INVALID_DUMP
                    [{"Cidr":"10.0.0.0/24"}] []                                                                      | 1 refused INVALID_DUMP
                    {}                                                                                               | 1 refused INVALID_DUMP
                    null                                                                                             |
                    """)
    void eachElementOfADumpIsJudgedByItself(String text, String expected) {
        String issues = expected == null ? "" : expected;

        Report.News news = issues.contains("refused")
                ? refused("n", text.replace(';', '\n'), Format.GO_IPAM, Reason.INVALID_DUMP)
                : imports("n", text.replace(';', '\n'), Format.GO_IPAM);

        assertThat(told(news)).isEqualTo(issues);
        assertOnlyLeft(issues.contains("refused") ? new String[] {"root"} : new String[] {"n", "root"});
    }

    @Test
    void aDumpThatWasMendedIsThereMended() {
        imports(
                "n",
                "[{\"Cidr\":\"10.0.0.7/25\",\"ParentCidr\":\"10.0.0.0/24\",\"IPs\":{\"10.0.0.0\":true,\"10.0.0.9\":true}},"
                        + "{\"Cidr\":\"10.1.0.0/24\",\"AvailableChildPrefixes\":{\"10.1.0.0/25\":false},\"IPs\":{}}]",
                Format.GO_IPAM);

        assertThat(withoutIds(export("n", Format.IPAMER)).replaceAll(",\"allocation_id\":\"[-0-9a-f]*\"", ""))
                .isEqualTo("""
                        {"ipamer":1,"namespace":"n"}
                        {"cidr":"10.0.0.0/25","reserved_last":false}
                        {"address":"10.0.0.9"}
                        {"cidr":"10.1.0.0/24","reservation":"none"}
                        {"leaked":"10.1.0.0/25"}
                        {"end":{"prefixes":2,"leaked":1,"addresses":1}}
                        """);
    }

    /** A text that is read as far as it came, and then nothing more comes. */
    private static final class Half {
        private final Semaphore wanted = new Semaphore(0);
        private final Parts parts = new Parts(wanted::release);
        private final Report report = new Report();
        private final CompletableFuture<Boolean> done;

        Half(Transfers through, String namespace) throws InterruptedException {
            done = through.importFrom(parts, namespace, Format.IPAMER, false, report);
            String first = SMALL.substring(0, SMALL.indexOf("{\"end\""));
            for (String line : first.split("(?<=\n)")) {
                assertThat(wanted.tryAcquire(60, TimeUnit.SECONDS)).isTrue();
                parts.add(line.getBytes(StandardCharsets.UTF_8));
            }
            // The last line was looked at once the one behind it was taken.
            parts.add(new byte[] {'\n'});
            assertThat(wanted.tryAcquire(2, 60, TimeUnit.SECONDS)).isTrue();
        }

        CompletableFuture<Boolean> finished() {
            parts.add(SMALL.substring(SMALL.indexOf("{\"end\"")).getBytes(StandardCharsets.UTF_8));
            parts.end();
            return done;
        }
    }

    @Test
    void whatIsCancelledBeforeItsTurnIsNotBegun() throws InterruptedException {
        Half one = new Half(transfers, "n");
        Half other = new Half(transfers, "m");
        later.clear();
        CompletableFuture<Loaded> waiting = transfers.load("root", new GoIpamDump(List.of(), List.of()), loaded -> {});
        waiting.cancel(false);

        finish(one.finished());
        finish(other.finished());
        imports("o", SMALL, Format.IPAMER);
        imports("p", SMALL, Format.IPAMER);

        assertThat(later).as("places that are kept: one of each import").hasSize(2);
        assertOnlyLeft("m", "n", "o", "p", "root");
    }

    @Test
    void whatWaitsForItsTurnFailsWhenTheServerStops() throws InterruptedException {
        Half one = new Half(transfers, "n");
        Half other = new Half(transfers, "m");
        CompletableFuture<Loaded> waiting = transfers.load("root", new GoIpamDump(List.of(), List.of()), loaded -> {});

        transfers.close();

        assertRefused(waiting, Reason.CANCELLED);
        assertRefused(one.done, Reason.CANCELLED);
        assertRefused(other.done, Reason.CANCELLED);
        assertOnlyLeft("root");
    }

    @Test
    void nothingIsVisibleBeforeItIsWhole() throws InterruptedException {
        Half half = new Half(transfers, "n");
        assertThat(namespaces()).containsExactly("root");
        assertRefused(ipam.namespaces().get("n"), Reason.NAMESPACE_NOT_FOUND);
        assertThat(finish(ipam.lists().namespaces(new Page.Wanted(9, ""))).rows())
                .extracting(Namespace::name)
                .containsExactly("root");

        finish(half.finished());

        assertThat(namespaces()).containsExactly("n", "root");
        assertOnlyLeft("n", "root");
    }

    @Test
    void anImportThatIsCancelledLeavesNothingAndCanBeRunAgain() throws InterruptedException {
        Half half = new Half(transfers, "n");

        half.parts.fail(new IpamerException(Reason.CANCELLED, "gone"));

        assertRefused(half.done, Reason.CANCELLED);
        assertOnlyLeft("root");
        imports("n", SMALL, Format.IPAMER);
        assertOnlyLeft("n", "root");
    }

    @Test
    void aTryLooksAtEverythingAndLeavesNothing() {
        Parts parts = new Parts(() -> {});
        parts.add(SMALL.replace("0.0/24", "0.7/24").getBytes(StandardCharsets.UTF_8));
        parts.end();
        Report report = new Report();

        finish(transfers.importFrom(parts, "n", Format.IPAMER, true, report));

        Report.News news = report.news();
        assertThat(news.prefixes()).isEqualTo(2);
        assertThat(news.addresses()).isEqualTo(1);
        assertThat(news.mended()).isEqualTo(2);
        assertOnlyLeft("root");
    }

    @Test
    void whereSomethingIsNothingIsImported() {
        ipam.prefixes().create("root", NET, Reservation.NONE, CallOptions.NONE).join();

        refused("root", SMALL, Format.IPAMER, Reason.NAMESPACE_NOT_EMPTY);

        assertOnlyLeft("root");
    }

    @Test
    void ofTwoImportsToOneNameOneWins() throws InterruptedException {
        Half one = new Half(transfers, "n");
        Half other = new Half(transfers, "n");

        finish(other.finished());

        assertRefused(one.finished(), Reason.NAMESPACE_NOT_EMPTY);
        assertThat(withoutIds(export("n", Format.IPAMER))).isEqualTo(SMALL);
        assertOnlyLeft("n", "root");
    }

    @Test
    void anEmptyNamespaceIsReplacedAlsoForServersThatKnowIt() {
        Ipam other = server();
        CallOptions once = CallOptions.withRequestId("once");
        finish(other.prefixes().create("root", NET, Reservation.NONE, once));
        finish(other.prefixes().delete("root", NET, null, CallOptions.NONE));

        imports("root", SMALL.replace("10.0.0.", "10.0.1."), Format.IPAMER);

        finish(other.prefixes().create("root", NET, Reservation.NONE, CallOptions.NONE));
        finish(ipam.addresses().acquire("root", NET, CallOptions.NONE));
        assertRefused(
                other.prefixes().create("root", Cidr.parse("10.0.1.0/24"), Reservation.NONE, CallOptions.NONE),
                Reason.PREFIX_OVERLAPS);
        assertThat(finish(other.prefixes().list("root")))
                .extracting(prefix -> prefix.cidr().toString())
                .containsExactly("10.0.0.0/24", "10.0.1.0/24", "10.0.1.0/26");
        assertThat(namespaces()).containsExactly("root");
        assertOnlyLeft("root");
    }

    @Test
    void whatAServerLeftIsRemovedOnceItsTimeHasPassed() throws InterruptedException {
        Half half = new Half(transfers, "n"); // its server has stopped, and its timer with it
        Ipam other = server();
        timeOfDay.addAndGet(TimeUnit.MINUTES.toMillis(10));
        assertThat(finish(other.imports().removeExpired())).isZero();

        timeOfDay.addAndGet(TimeUnit.SECONDS.toMillis(2));
        assertThat(finish(other.imports().removeExpired())).isEqualTo(1);

        assertOnlyLeft("root");
        assertRefused(half.finished(), Reason.IMPORT_EXPIRED); // it had only stood still
        assertOnlyLeft("root");
    }

    @Test
    void whatCannotBeRemovedKeepsNothingElseFromIt() throws InterruptedException {
        new Half(transfers, "n");
        new Half(transfers, "m");
        AtomicBoolean fails = new AtomicBoolean(true);
        Ipam other = server(System::nanoTime, task -> {
            if (fails.getAndSet(false)) {
                throw new RejectedExecutionException("injected");
            }
            task.run();
        });
        timeOfDay.addAndGet(TimeUnit.MINUTES.toMillis(11));

        assertThat(finish(other.imports().removeExpired())).isEqualTo(1);

        assertThat(fails).isFalse();
        timeOfDay.addAndGet(TimeUnit.MINUTES.toMillis(11));
        assertThat(finish(other.imports().removeExpired())).isEqualTo(1);
        assertOnlyLeft("root");
    }

    @Test
    void aRemovalWhoseStepsTakeLongComesToAnEnd() throws InterruptedException {
        new Half(transfers, "n");
        AtomicLong clock = new AtomicLong();
        Ipam slow = server(() -> clock.addAndGet(TimeUnit.SECONDS.toNanos(6)), Runnable::run);
        timeOfDay.addAndGet(TimeUnit.MINUTES.toMillis(11));

        assertThat(finish(slow.imports().removeExpired())).isEqualTo(1);

        assertOnlyLeft("root");
    }

    @Test
    void anElementOfADumpMayNotBeOfAnyLength() {
        byte[] filling = new byte[1 << 20];
        Arrays.fill(filling, (byte) 'x');
        Parts parts = new Parts(() -> {});
        parts.add("[{\"Cidr\":\"10.0.0.0/24\"},{\"later\":\"".getBytes(StandardCharsets.UTF_8));
        for (int i = 0; i < 65; i++) {
            parts.add(filling);
        }
        parts.add("\",\"Cidr\":\"10.0.1.0/24\"}]".getBytes(StandardCharsets.UTF_8));
        parts.end();

        assertRefused(transfers.importFrom(parts, "n", Format.GO_IPAM, false, new Report()), Reason.INVALID_DUMP);

        assertOnlyLeft("root");
    }

    @Test
    void anExportPassesOverWhatCameUpAfterWhatItOverlapsWasWritten() {
        for (Format format : Format.values()) {
            Prefix gone = new Prefix(
                    UUID.randomUUID(), new UUID(0, 1), null, null, NET, Reservation.FIRST_AND_LAST, Metadata.NONE);
            Cidr half = Cidr.parse("10.0.0.128/25");
            Prefix instead = new Prefix(
                    UUID.randomUUID(), new UUID(0, 1), null, null, half, Reservation.FIRST_AND_LAST, Metadata.NONE);
            Prefix child = new Prefix(
                    UUID.randomUUID(), new UUID(0, 1), gone.id(), NET, half, Reservation.FIRST_AND_LAST, Metadata.NONE);
            StringWriter text = new StringWriter();
            NamespaceWriter writer =
                    format == Format.IPAMER ? new IpamerText.Writing(text) : new GoIpamText.Writing(text);
            writer.begin("n");
            assertThat(writer.wants(gone)).isTrue();
            writer.prefix(new Exports.Standing(gone, false, false, true, true, 1));

            assertThat(writer.wants(instead))
                    .as("%s: a top-level prefix", format)
                    .isFalse();
            assertThat(writer.wants(child)).as("%s: a child", format).isFalse();

            writer.end();
            assertThat(imports(format == Format.IPAMER ? "n" : "m", text.toString(), format))
                    .isEqualTo(new Report.News(List.of(), 1, 0, 0, 0, 0));
        }
    }

    @Test
    void aServerLooksWhenItStartsAndThenEveryTenMinutes() throws InterruptedException {
        Half half = new Half(transfers, "n");
        later.clear();
        Ipam other = server();
        timeOfDay.addAndGet(TimeUnit.MINUTES.toMillis(11));

        other.imports().watch();

        assertOnlyLeft("root");
        assertRefused(half.finished(), Reason.IMPORT_EXPIRED);
        Half second = new Half(transfers, "n");
        Runnable look = later.remove();
        later.clear();
        timeOfDay.addAndGet(TimeUnit.MINUTES.toMillis(11));
        look.run();
        assertOnlyLeft("root");
        assertRefused(second.finished(), Reason.IMPORT_EXPIRED);
    }

    @Test
    void aPlaceIsKeptForAsLongAsTheImportRuns() throws InterruptedException {
        Half half = new Half(transfers, "n");
        Ipam other = server();
        for (int minute = 0; minute < 30; minute++) {
            timeOfDay.addAndGet(TimeUnit.MINUTES.toMillis(1));
            List<Runnable> due = new ArrayList<>(later);
            later.clear();
            due.forEach(Runnable::run);
            while (later.size() < due.size()) {
                Thread.onSpinWait(); // until it has its new name, and is to have the next one later
            }
            assertThat(finish(other.imports().removeExpired())).isZero();
        }

        finish(half.finished());

        assertThat(withoutIds(export("n", Format.IPAMER))).isEqualTo(SMALL);
        assertOnlyLeft("n", "root");
    }

    @Test
    void hiddenNamespacesTakeNoPlaceInPages() {
        List<Import> hidden = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            finish(ipam.namespaces().create("n" + i, CallOptions.NONE));
            hidden.add(finish(ipam.imports().begin("m" + i, true)));
        }
        List<String> names = new ArrayList<>();
        String token = "";
        do {
            Page<Namespace> page = finish(ipam.lists().namespaces(new Page.Wanted(3, token)));
            assertThat(page.rows()).hasSize(page.nextToken().isEmpty() ? 2 : 3);
            page.rows().forEach(row -> names.add(row.name()));
            token = page.nextToken();
        } while (!token.isEmpty());

        assertThat(names).containsExactly("n0", "n1", "n2", "n3", "n4", "n5", "n6", "root");
        hidden.forEach(one -> assertThat(finish(one.discard())).isTrue());
        assertOnlyLeft("n0", "n1", "n2", "n3", "n4", "n5", "n6", "root");
    }

    @Test
    void whatIsLargeIsRemovedInSteps() {
        Import large = finish(ipam.imports().begin("n", true));
        Prefix prefix = finish(large.create(Cidr.parse("10.0.0.0/8"), Reservation.NONE, Metadata.NONE));
        Prefix child = finish(large.createIn(prefix, Cidr.parse("10.0.0.0/16"), Reservation.NONE, Metadata.NONE));
        List<LoadItem> items = new ArrayList<>();
        for (int i = 0; i < 5_000; i++) {
            items.add(new LoadItem(null, child.cidr().first().plus(2L * i), Metadata.of("o", Map.of(), "")));
        }
        assertThat(finish(large.load(child, items, List.of(), false)).left()).isEmpty();

        assertThat(finish(large.discard())).isTrue();

        assertOnlyLeft("root");
    }

    /** Blocks of ten come and go as one, in the midst of what takes many reads: of each there is all or nothing. */
    @Test
    void anExportShowsEachPrefixAtOneMoment() {
        Cidr large = Cidr.parse("10.0.0.0/16");
        finish(ipam.prefixes().create("root", large, Reservation.NONE, CallOptions.NONE));
        for (int i = 0; i < 3; i++) {
            finish(ipam.addresses().acquire("root", large, 4_000, false, CallOptions.NONE));
        }
        AtomicBoolean over = new AtomicBoolean();
        CompletableFuture<Integer> writer = CompletableFuture.supplyAsync(() -> {
            Random random = new Random(1);
            List<Releases.Item> items = finish(ipam.addresses().acquire("root", large, 4_000, false, CallOptions.NONE))
                    .answer()
                    .allocations()
                    .stream()
                    .map(allocation -> new Releases.Item(allocation.address(), null))
                    .toList();
            int rounds = 0;
            while (!over.get()) {
                List<Releases.Item> ten = new ArrayList<>(); // far apart, so that they are in different reads
                int start = random.nextInt(400);
                for (int i = 0; i < 10; i++) {
                    ten.add(items.get(start + 400 * i));
                }
                finish(ipam.addresses().release("root", large, ten, false, CallOptions.NONE));
                finish(ipam.addresses().acquire("root", large, 10, false, CallOptions.NONE));
                rounds++;
            }
            return rounds;
        });
        for (int i = 0; i < 20; i++) {
            long addresses = export("root", Format.IPAMER)
                    .lines()
                    .filter(line -> line.startsWith("{\"address\""))
                    .count();
            assertThat(addresses % 10).as("%d addresses", addresses).isZero();
        }
        over.set(true);
        assertThat(finish(writer)).isPositive();
    }
}
