package io.ipamer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import io.ipamer.app.IpamerServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands that take more than one call. */
class BulkCommandsTest {
    private final IpamerServer server = IpamerServer.inMemory();

    @AfterEach
    void stop() {
        server.close();
    }

    private CommandRun run(String line) {
        return CommandRun.typed(line, "127.0.0.1:" + server.grpcPort(), word -> word);
    }

    private String out(String line) {
        CommandRun run = run(line);
        assertThat(run.err()).as(line).isEmpty();
        assertThat(run.exitCode()).as(line).isZero();
        return run.out();
    }

    private static Set<String> addresses(String json) {
        JsonArray all = JsonParser.parseString(json).getAsJsonArray();
        return StreamSupport.stream(all.spliterator(), false)
                .map(JsonElement::getAsJsonObject)
                .map(one -> one.get("address").getAsString())
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }

    @Test
    void moreThanOneCallTakesAreAcquiredInStepsAndOnceForARequestId() {
        out("prefix create 10.0.0.0/16");
        String acquire = "ip acquire 10.0.0.0/16 --count 10000 --request-id lab-1 -o json";
        Set<String> first = addresses(out(acquire));
        assertThat(first).hasSize(10_000).startsWith("10.0.0.1").endsWith("10.0.39.16");
        assertThat(addresses(out(acquire))).isEqualTo(first);
        assertThat(out("ip list 10.0.0.0/16 -o json").lines()).hasSize(10_002);
        assertThat(out("ip list 10.0.0.0/16").lines()).hasSize(10_001);
    }

    @Test
    void whatCannotBeHadWholeIsNotBegun() {
        out("prefix create 10.0.0.0/20");
        CommandRun run = run("ip acquire 10.0.0.0/20 --count 4097");
        assertThat(run.err())
                .isEqualTo("ipamer: not 4,097 free addresses in 10.0.0.0/20: 4094 free; none was acquired\n");
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(out("usage 10.0.0.0/20")).contains("acquired            0\n");
    }

    @Test
    void whatRunsOutOnTheWaySaysWhatWasAcquiredAndHowToGoOn() {
        out("prefix create 10.0.0.0/19");
        CommandRun run = run("ip acquire 10.0.0.0/19 --count 9000 --owner lab --request-id lab-1");
        assertThat(run.err())
                .isEqualTo(
                        "ipamer: not 4096 free addresses in 10.0.0.0/19: 4096 acquired, 2 reserved, 4094 free; 4,096 of"
                                + " 9,000 addresses are acquired; the same command with --request-id lab-1 lists them and goes on\n");
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(out("ip release 10.0.0.0/19 --owner lab --yes")).isEqualTo("released 4,096 addresses\n");
    }

    @Test
    void manyAddressesAreReleasedByNameWithAResultEach() {
        out("prefix create 10.0.0.0/16");
        out("ip acquire 10.0.0.0/16 --count 5000");
        String names = IntStream.rangeClosed(1, 5_000)
                .mapToObj(i -> "10.0." + i / 256 + "." + i % 256)
                .collect(Collectors.joining(" "));
        CommandRun run = run("ip release 10.0.0.0/16 " + names + " 10.0.200.1");
        assertThat(run.out().lines()).hasSize(5_002);
        assertThat(run.err())
                .isEqualTo(
                        "ipamer: 1 of 5,001 addresses was not released, the first: address 10.0.200.1 is not acquired in"
                                + " 10.0.0.0/16\n");
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(out("usage 10.0.0.0/16")).contains("acquired            0\n");
    }

    /** The second step is refused as a whole, for its request id was used already. */
    @Test
    void aReleaseThatFailsOnTheWayListsWhatWasReleasedBefore() {
        out("prefix create 10.0.0.0/16");
        out("ip acquire 10.0.0.0/16 --count 4096");
        out("prefix create 10.1.0.0/24 --request-id gone-1/1");
        String names = IntStream.rangeClosed(1, 4_096)
                .mapToObj(i -> "10.0." + i / 256 + "." + i % 256)
                .collect(Collectors.joining(" "));
        CommandRun run = run("ip release 10.0.0.0/16 " + names + " 10.0.200.1 --request-id gone-1");
        assertThat(run.out().lines()).hasSize(4_097);
        assertThat(run.err())
                .endsWith("; what became of the first 4,096 of 4,097 addresses is listed; the same command with"
                        + " --request-id gone-1 goes on\n");
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(out("usage 10.0.0.0/16")).contains("acquired            0\n");
    }

    @Test
    void aMapOfChildrenShowsThemAndWhatLeakedBetweenThem(@TempDir Path folder) throws Exception {
        Path dump = Files.writeString(folder.resolve("dump.ndjson"), """
                {"ipamer":1}
                {"cidr":"10.0.0.0/16"}
                {"leaked":"10.0.32.0/20"}
                {"cidr":"10.0.0.0/24","parent":"10.0.0.0/16"}
                {"end":{"prefixes":2,"leaked":1,"addresses":0}}
                """);
        assertThat(out("load " + dump))
                .isEqualTo("loaded 2 prefixes, 0 addresses, 1 leaked block into namespace root\n");
        assertThat(out("map 10.0.0.0/16 -o json")).isEqualTo("""
                [
                {"first":"10.0.0.0","last":"10.0.0.255","size":"256","kind":"child"},
                {"first":"10.0.1.0","last":"10.0.31.255","size":"7936","kind":"free"},
                {"first":"10.0.32.0","last":"10.0.47.255","size":"4096","kind":"leaked"},
                {"first":"10.0.48.0","last":"10.0.255.255","size":"53248","kind":"free"}
                ]
                """);
    }

    @Test
    void aMapKnowsWhichAddressesAreReservedStill() {
        out("prefix create 10.0.0.0/30");
        out("ip acquire 10.0.0.0/30 --count 2");
        assertThat(out("map 10.0.0.0/30 -o json")).isEqualTo("""
                [
                {"first":"10.0.0.0","last":"10.0.0.0","size":"1","kind":"reserved"},
                {"first":"10.0.0.1","last":"10.0.0.2","size":"2","kind":"acquired"},
                {"first":"10.0.0.3","last":"10.0.0.3","size":"1","kind":"reserved"}
                ]
                """);
        out("prefix create 10.0.1.0/30 --no-reservation");
        out("ip acquire 10.0.1.0/30 --address 10.0.1.3");
        assertThat(out("map 10.0.1.0/30 -o json")).isEqualTo("""
                [
                {"first":"10.0.1.0","last":"10.0.1.2","size":"3","kind":"free"},
                {"first":"10.0.1.3","last":"10.0.1.3","size":"1","kind":"acquired"}
                ]
                """);
        out("prefix create 2001:db8::/126");
        assertThat(out("map 2001:db8::/126 -o json")).isEqualTo("""
                [
                {"first":"2001:db8::","last":"2001:db8::","size":"1","kind":"reserved"},
                {"first":"2001:db8::1","last":"2001:db8::3","size":"3","kind":"free"}
                ]
                """);
    }

    @Test
    void ofManyLinesThatAreRefusedTheFirstThousandAreListed(@TempDir Path folder) throws Exception {
        Path dump = Files.writeString(
                folder.resolve("dump.ndjson"),
                "{\"ipamer\":1}\n{\"cidr\":\"10.0.0.0/24\"}\n" + "{\"address\":\"10.0.1.1\"}\n".repeat(3_000)
                        + "{\"end\":{\"prefixes\":1,\"leaked\":0,\"addresses\":3000}}\n");
        CommandRun run = run("load " + dump);
        assertThat(run.out().lines()).hasSize(1_002).last().isEqualTo("... and 2,000 lines more that were refused");
        assertThat(run.exitCode()).isEqualTo(1);
    }

    @Test
    void aLoadThatRefusesLinesListsThemAndLoadsNothing(@TempDir Path folder) throws Exception {
        Path dump = Files.writeString(folder.resolve("dump.ndjson"), """
                {"ipamer":1}
                {"cidr":"10.0.0.0/24"}
                {"address":"10.0.1.1"}
                {"end":{"prefixes":1,"leaked":0,"addresses":1}}
                """);
        CommandRun run = run("load " + dump + " -n lab -o json");
        assertThat(JsonParser.parseString(run.out())
                        .getAsJsonObject()
                        .get("issues")
                        .getAsJsonArray()
                        .get(0)
                        .getAsJsonObject()
                        .get("line")
                        .getAsInt())
                .isEqualTo(3);
        assertThat(run.err().lines()).hasSize(1);
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run("load " + dump + " -n lab").out()).contains("   3  refused  ");
        assertThat(out("namespace list")).doesNotContain("lab");
    }
}
