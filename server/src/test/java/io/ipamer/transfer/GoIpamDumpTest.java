package io.ipamer.transfer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.tuple;

import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.IpamerException;
import io.ipamer.model.PrefixContent;
import io.ipamer.model.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** go-ipam's dump: what is read from it, what is refused, and what is written. */
class GoIpamDumpTest {

    @Test
    void theRealDumpReadsAsGoIpamMeantIt() throws IOException {
        GoIpamDump dump = GoIpamDump.read(realDump());

        assertThat(dump.prefixes())
                .extracting(prefix -> prefix.cidr().toString())
                .containsExactly("1.2.3.0/27", "10.0.0.0/16", "10.128.0.0/14");
        PrefixContent small = dump.prefixes().get(0);
        assertThat(small.acquired()).hasSize(23).doesNotContain(IpAddress.parse("1.2.3.20"));
        assertThat(small.firstReserved()).isTrue();
        assertThat(small.lastReserved()).isTrue();
        assertThat(small.version()).isEqualTo(1881);
        assertThat(small.children()).isEmpty();

        PrefixContent parent = dump.prefixes().get(2);
        assertThat(parent.acquired()).isEmpty();
        assertThat(parent.leaked()).hasSize(10);
        assertThat(parent.children())
                .extracting(
                        child -> child.cidr().toString(),
                        child -> child.acquired().size(),
                        PrefixContent::version)
                .containsExactly(
                        row("10.128.112.0/22", 2, 93),
                        row("10.128.244.0/22", 0, 5),
                        row("10.129.28.0/22", 0, 17),
                        row("10.129.112.0/22", 4, 51),
                        row("10.129.232.0/22", 2, 3),
                        row("10.130.36.0/22", 2, 11),
                        row("10.131.16.0/22", 1, 2),
                        row("10.131.44.0/22", 131, 184));
    }

    @Test
    void theRealDumpsLeaksAreNamedWithTheirPrefix() throws IOException {
        assertThat(GoIpamDump.read(realDump()).leaked())
                .containsExactly(
                        "10.128.52.0/22 in 10.128.0.0/14",
                        "10.128.92.0/22 in 10.128.0.0/14",
                        "10.128.164.0/22 in 10.128.0.0/14",
                        "10.130.112.0/22 in 10.128.0.0/14",
                        "10.130.176.0/22 in 10.128.0.0/14",
                        "10.130.188.0/22 in 10.128.0.0/14",
                        "10.131.40.0/22 in 10.128.0.0/14",
                        "10.131.64.0/22 in 10.128.0.0/14",
                        "10.131.224.0/22 in 10.128.0.0/14",
                        "10.131.232.0/22 in 10.128.0.0/14");
    }

    @Test
    void whatIsWrittenReadsTheSame() throws IOException {
        GoIpamDump first = GoIpamDump.read(realDump());
        String written = GoIpamDump.write(first.prefixes());
        GoIpamDump second = GoIpamDump.read(written);
        assertThat(second).isEqualTo(first);
        assertThat(GoIpamDump.write(second.prefixes())).isEqualTo(written);
    }

    @Test
    void theFormIsGoIpams() {
        // Members in Go's order, keys of maps sorted as text, no white space, parents before children.
        String dump = "[{\"Cidr\":\"10.0.0.0/24\",\"ParentCidr\":\"\",\"Namespace\":\"\","
                + "\"AvailableChildPrefixes\":{\"10.0.0.0/29\":false,\"10.0.0.128/29\":false,\"10.0.0.16/29\":false},"
                + "\"ChildPrefixLength\":0,\"IsParent\":true,\"IPs\":{\"10.0.0.0\":true,\"10.0.0.255\":true},"
                + "\"Version\":3},"
                + "{\"Cidr\":\"10.0.0.0/29\",\"ParentCidr\":\"10.0.0.0/24\",\"Namespace\":\"\","
                + "\"AvailableChildPrefixes\":{},\"ChildPrefixLength\":0,\"IsParent\":false,"
                + "\"IPs\":{\"10.0.0.0\":true,\"10.0.0.1\":true,\"10.0.0.7\":true},\"Version\":1}]";
        PrefixContent child = new PrefixContent(
                Cidr.parse("10.0.0.0/29"),
                false,
                true,
                true,
                List.of(IpAddress.parse("10.0.0.1")),
                List.of(),
                List.of(),
                1);
        PrefixContent parent = new PrefixContent(
                Cidr.parse("10.0.0.0/24"),
                true,
                true,
                true,
                List.of(),
                List.of(Cidr.parse("10.0.0.16/29"), Cidr.parse("10.0.0.128/29")),
                List.of(child),
                3);
        assertThat(GoIpamDump.write(List.of(parent))).isEqualTo(dump);
        assertThat(GoIpamDump.write(List.of())).isEqualTo("[]");
    }

    @ParameterizedTest
    @ValueSource(strings = {"[]", "null", " [ ] ", "\tnull\n"})
    void anEmptyDumpHoldsNothing(String text) {
        assertThat(GoIpamDump.read(text)).isEqualTo(new GoIpamDump(List.of(), List.of()));
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(
            strings = {
                "",
                " ",
                "{}",
                "[",
                "]",
                "[{",
                "[{}",
                "[[]]",
                "[1]",
                "[null]",
                "0",
                "true",
                "\"\"",
                "nonsense",
                "[]]",
                "[] []",
                "null null",
                "[,]",
                "[{\"Cidr\":\"10.0.0.0/24\"},]",
                "[{\"Cidr\":\"10.0.0.0/24\"};{\"Cidr\":\"10.0.1.0/24\"}]",
                "[{'Cidr':'10.0.0.0/24'}]",
                "[{Cidr:\"10.0.0.0/24\"}]",
                "// go-ipam\n[]",
                "[{\"Cidr\":1}]",
                "[{\"Cidr\":{}}]",
                "[{\"Cidr\":\"10.0.0.0/24\",\"IPs\":[]}]",
                "[{\"Cidr\":\"10.0.0.0/24\",\"IPs\":\"10.0.0.1\"}]",
                "[{\"Cidr\":\"10.0.0.0/24\",\"IPs\":{\"10.0.0.1\":1}}]",
                "[{\"Cidr\":\"10.0.0.0/24\",\"IsParent\":\"true\"}]",
                "[{\"Cidr\":\"10.0.0.0/24\",\"Version\":\"one\"}]",
                "[{\"Cidr\":\"10.0.0.0/24\",\"Version\":1e99}]",
                "[{\"Cidr\":\"10.0.0.0/24\",\"Version\":0.5}]",
                "[{\"Cidr\":\"10.0.0.0/24\",\"ChildPrefixLength\":true}]"
            })
    void whatIsNoArrayOfPrefixesIsRefused(String text) {
        assertThat(refusal(text)).startsWith("invalid dump: ");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    [{}]                                                                            | Cidr of an element
                    [{"Cidr":null}]                                                                 | Cidr of an element
                    [{"Cidr":""}]                                                                   | Cidr of an element
                    [{"Cidr":"10.0.0.0"}]                                                           | Cidr of an element: "10.0.0.0" is no CIDR
                    [{"Cidr":"10.0.0.0/33"}]                                                        | prefix length out of range
                    [{"Cidr":"fe80::%eth0/64"}]                                                     | zones
                    [{"Cidr":"10.0.0.0/24"},{"Cidr":"10.0.0.0/24"}]                                 | prefix 10.0.0.0/24 comes twice
                    [{"Cidr":"10.0.0.0/24"},{"Cidr":"10.0.0.9/24"}]                                 | prefix 10.0.0.0/24 comes twice
                    [{"Cidr":"2001:db8::/64"},{"Cidr":"2001:DB8:0::/64"}]                           | prefix 2001:db8::/64 comes twice
                    [{"Cidr":"10.0.0.0/24","ParentCidr":"10.0.0.0/16"}]                             | prefix 10.0.0.0/24: its parent 10.0.0.0/16 is not in the dump
                    [{"Cidr":"10.0.0.0/24","ParentCidr":"nonsense"}]                                | ParentCidr of 10.0.0.0/24: "nonsense" is no CIDR
                    [{"Cidr":"10.0.0.0/24","ParentCidr":"10.0.0.0/24"}]                             | prefix 10.0.0.0/24 does not lie in its parent 10.0.0.0/24
                    [{"Cidr":"10.0.0.0/24"},{"Cidr":"10.1.0.0/25","ParentCidr":"10.0.0.0/24"}]      | prefix 10.1.0.0/25 does not lie in its parent 10.0.0.0/24
                    [{"Cidr":"10.0.0.0/24"},{"Cidr":"10.0.0.0/23","ParentCidr":"10.0.0.0/24"}]      | prefix 10.0.0.0/23 does not lie in its parent 10.0.0.0/24
                    [{"Cidr":"::/0"},{"Cidr":"10.0.0.0/24","ParentCidr":"::/0"}]                    | prefix 10.0.0.0/24 does not lie in its parent ::/0
                    [{"Cidr":"10.0.0.0/24","IPs":{"10.0.1.0":true}}]                                | IPs of 10.0.0.0/24: address 10.0.1.0 does not lie in it
                    [{"Cidr":"10.0.0.0/24","IPs":{"::ffff:10.0.0.1":true}}]                         | IPs of 10.0.0.0/24: address ::ffff:10.0.0.1 does not lie in it
                    [{"Cidr":"10.0.0.0/24","IPs":{"10.0.0.256":true}}]                              | IPs of 10.0.0.0/24: "10.0.0.256" is no IP address
                    [{"Cidr":"fe80::/64","IPs":{"fe80::1%eth0":true}}]                              | IPs of fe80::/64: "fe80::1%eth0" is no IP address
                    [{"Cidr":"10.0.0.0/24","AvailableChildPrefixes":{"10.0.0.0":false}}]            | AvailableChildPrefixes of 10.0.0.0/24: "10.0.0.0" is no CIDR
                    """)
    void whatContradictsItselfIsRefusedByName(String text, String why) {
        assertThat(refusal(text)).startsWith("invalid dump: ").contains(why);
    }

    @Test
    void childrenMayComeBeforeTheirParents() {
        PrefixContent top = only("[{\"Cidr\":\"10.0.0.0/26\",\"ParentCidr\":\"10.0.0.0/25\"},"
                + "{\"Cidr\":\"10.0.0.0/25\",\"ParentCidr\":\"10.0.0.0/24\"},{\"Cidr\":\"10.0.0.0/24\"}]");
        assertThat(top.cidr()).isEqualTo(Cidr.parse("10.0.0.0/24"));
        PrefixContent middle = top.children().get(0);
        assertThat(middle.cidr()).isEqualTo(Cidr.parse("10.0.0.0/25"));
        assertThat(middle.children()).extracting(PrefixContent::cidr).containsExactly(Cidr.parse("10.0.0.0/26"));
    }

    @Test
    void aLegacyElementWithAChildLengthIsAParent() {
        assertThat(only("[{\"Cidr\":\"10.0.0.0/14\",\"ChildPrefixLength\":22}]").parentOnly())
                .isTrue();
        assertThat(only("[{\"Cidr\":\"10.0.0.0/14\",\"ChildPrefixLength\":0}]").parentOnly())
                .isFalse();
        assertThat(only("[{\"Cidr\":\"10.0.0.0/14\",\"IsParent\":true}]").parentOnly())
                .isTrue();
        assertThat(only("[{\"Cidr\":\"10.0.0.0/14\"}]").parentOnly()).isFalse();
    }

    @Test
    void whatHasChildrenOrLeaksIsAParentByThatAlone() {
        assertThat(only("[{\"Cidr\":\"10.0.0.0/24\",\"IsParent\":true,"
                                + "\"AvailableChildPrefixes\":{\"10.0.0.0/25\":false}},"
                                + "{\"Cidr\":\"10.0.0.0/25\",\"ParentCidr\":\"10.0.0.0/24\"}]")
                        .parentOnly())
                .isFalse();
        assertThat(only("[{\"Cidr\":\"10.0.0.0/24\",\"IsParent\":true,"
                                + "\"AvailableChildPrefixes\":{\"10.0.0.0/25\":false}}]")
                        .parentOnly())
                .isFalse();
    }

    @Test
    void hostBitsAreClearedInEveryCidr() {
        GoIpamDump dump = GoIpamDump.read("[{\"Cidr\":\"10.0.0.9/24\","
                + "\"AvailableChildPrefixes\":{\"10.0.0.1/25\":false,\"10.0.0.129/25\":false}},"
                + "{\"Cidr\":\"10.0.0.5/25\",\"ParentCidr\":\"10.0.0.77/24\"}]");
        PrefixContent top = dump.prefixes().get(0);
        assertThat(top.cidr()).isEqualTo(Cidr.parse("10.0.0.0/24"));
        assertThat(top.children()).extracting(PrefixContent::cidr).containsExactly(Cidr.parse("10.0.0.0/25"));
        assertThat(top.leaked()).containsExactly(Cidr.parse("10.0.0.128/25"));
        assertThat(dump.leaked()).containsExactly("10.0.0.128/25 in 10.0.0.0/24");
    }

    @Test
    void onlyUsedMarksWithoutAnElementLeak() {
        PrefixContent top = only("[{\"Cidr\":\"10.0.0.0/24\",\"AvailableChildPrefixes\":{"
                + "\"10.0.0.0/26\":false,\"10.0.0.64/26\":true,\"10.0.0.128/26\":false}},"
                + "{\"Cidr\":\"10.0.0.128/26\",\"ParentCidr\":\"10.0.0.0/24\"}]");
        assertThat(top.leaked()).containsExactly(Cidr.parse("10.0.0.0/26"));
    }

    @Test
    void leaksAtEveryDepthAreNamed() {
        assertThat(GoIpamDump.read("[{\"Cidr\":\"10.0.0.0/16\"},"
                                + "{\"Cidr\":\"10.0.0.0/24\",\"ParentCidr\":\"10.0.0.0/16\","
                                + "\"AvailableChildPrefixes\":{\"10.0.0.0/25\":false}}]")
                        .leaked())
                .containsExactly("10.0.0.0/25 in 10.0.0.0/24");
    }

    @Test
    void namesMatchWithoutRegardToCaseAndUnknownOnesArePassedOver() {
        PrefixContent top = only("[{\"cidr\":\"10.0.0.0/24\",\"PARENTCIDR\":\"\",\"isparent\":true,\"ips\":"
                + "{\"10.0.0.0\":true,\"10.0.0.9\":true},\"version\":7,\"Owner\":{\"deep\":[1,{\"er\":null}]},"
                + "\"Tags\":[],\"Note\":\"x\",\"Namespace\":\"elsewhere\"}]");
        assertThat(top.cidr()).isEqualTo(Cidr.parse("10.0.0.0/24"));
        assertThat(top.parentOnly()).isTrue();
        assertThat(top.acquired()).containsExactly(IpAddress.parse("10.0.0.9"));
        assertThat(top.version()).isEqualTo(7);
    }

    @Test
    void theLastOfEqualNamesCounts() {
        assertThat(only("[{\"Cidr\":\"10.0.0.0/24\",\"Cidr\":\"10.0.1.0/24\"}]").cidr())
                .isEqualTo(Cidr.parse("10.0.1.0/24"));
    }

    @Test
    void whatIsMissingOrNullIsEmpty() {
        PrefixContent bare = only("[{\"Cidr\":\"10.0.0.0/24\"}]");
        assertThat(bare)
                .isEqualTo(new PrefixContent(
                        Cidr.parse("10.0.0.0/24"), false, false, false, List.of(), List.of(), List.of(), 0));
        assertThat(only("[{\"Cidr\":\"10.0.0.0/24\",\"ParentCidr\":null,\"AvailableChildPrefixes\":null,\"IPs\":null,"
                        + "\"IsParent\":null,\"ChildPrefixLength\":null,\"Version\":null}]"))
                .isEqualTo(bare);
    }

    @ParameterizedTest(name = "{0}: first {1}, last {2}, acquired {3}")
    @CsvSource(nullValues = "-", textBlock = """
                    10.0.0.0/30, true,  true,  10.0.0.1 10.0.0.2
                    10.0.0.0/31, true,  true,  -
                    10.0.0.0/32, true,  false, -
                    2001:db8::/126, true, false, 2001:db8::1 2001:db8::2 2001:db8::3
                    2001:db8::/127, true, false, 2001:db8::1
                    2001:db8::/128, true, false, -
                    """)
    void ofAFullPrefixTheFirstAndForIpv4TheLastAreReserved(String cidr, boolean first, boolean last, String acquired) {
        Cidr block = Cidr.parse(cidr);
        StringBuilder ips = new StringBuilder();
        for (IpAddress address = block.first(); ; address = address.next()) {
            ips.append(ips.isEmpty() ? "" : ",").append('"').append(address).append("\":true");
            if (address.equals(block.last())) {
                break;
            }
        }
        PrefixContent prefix = only("[{\"Cidr\":\"" + cidr + "\",\"IPs\":{" + ips + "}}]");
        assertThat(prefix.firstReserved()).isEqualTo(first);
        assertThat(prefix.lastReserved()).isEqualTo(last);
        assertThat(prefix.acquired())
                .extracting(IpAddress::toString)
                .containsExactly(acquired == null ? new String[0] : acquired.split(" "));
    }

    @Test
    void addressesInTwoSpellingsAreOne() {
        assertThat(only("[{\"Cidr\":\"2001:db8::/64\",\"IPs\":{\"2001:db8::1\":true,\"2001:DB8:0::1\":true}}]")
                        .acquired())
                .containsExactly(IpAddress.parse("2001:db8::1"));
    }

    private static Tuple row(String cidr, int addresses, long version) {
        return tuple(cidr, addresses, version);
    }

    private static PrefixContent only(String text) {
        List<PrefixContent> prefixes = GoIpamDump.read(text).prefixes();
        assertThat(prefixes).hasSize(1);
        return prefixes.get(0);
    }

    private static String refusal(String text) {
        return assertThatExceptionOfType(IpamerException.class)
                .isThrownBy(() -> GoIpamDump.read(text))
                .matches(refusal -> refusal.reason() == Reason.INVALID_DUMP)
                .actual()
                .getMessage();
    }

    static String realDump() throws IOException {
        try (InputStream in = GoIpamDumpTest.class.getResourceAsStream("/goipam-dump-small.json")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
