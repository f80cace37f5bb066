package io.ipamer.address;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Three thousand answers of Go's {@code net/netip}, results and error texts; the file's first line says how they came.
 */
class NetipGoldenTest {

    /** What netip made of an input: a canonical text and, for a prefix, its masked form, or an error. */
    private record Fact(boolean cidr, String input, boolean good, String outcome, String masked) {
        static Fact of(String line) {
            List<String> columns =
                    Arrays.stream(line.split("\t", -1)).map(Fact::unescaped).toList();
            String outcome = columns.get(2);
            return new Fact(
                    columns.get(0).equals("cidr"),
                    columns.get(1),
                    outcome.startsWith("="),
                    outcome.substring(1),
                    columns.size() > 3 ? columns.get(3) : "");
        }

        private static String unescaped(String column) {
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < column.length(); i++) {
                if (column.charAt(i) == '\\') {
                    text.append((char) Integer.parseInt(column, i + 2, i + 6, 16));
                    i += 5;
                } else {
                    text.append(column.charAt(i));
                }
            }
            return text.toString();
        }
    }

    @Test
    void addressesAreReadPrintedAndRefusedAsByNetip() throws IOException {
        List<String> different = new ArrayList<>();
        for (Fact fact : facts()) {
            if (!fact.cidr() && !addressOutcome(fact.input()).equals(fact.outcome())) {
                different.add(addressOutcome(fact.input()) + " instead of " + fact);
            }
        }
        assertThat(different).isEmpty();
    }

    @Test
    void prefixesAreReadMaskedPrintedAndRefusedAsByNetip() throws IOException {
        List<String> different = new ArrayList<>();
        for (Fact fact : facts()) {
            String expected = fact.good() ? fact.masked() : fact.outcome();
            if (fact.cidr() && !cidrOutcome(fact.input()).equals(expected)) {
                different.add(cidrOutcome(fact.input()) + " instead of " + fact);
            }
        }
        assertThat(different).isEmpty();
    }

    @Test
    void strictParsingRefusesExactlyThePrefixesThatMaskingChanges() throws IOException {
        for (Fact fact : facts()) {
            if (fact.cidr() && fact.good()) {
                boolean refused = false;
                try {
                    assertThat(Cidr.parseStrict(fact.input())).hasToString(fact.masked());
                } catch (AddressFormatException e) {
                    refused = true;
                    assertThat(e.problem()).isEqualTo("host bits are set, the block is " + fact.masked());
                }
                assertThat(refused).as(fact.input()).isEqualTo(!fact.outcome().equals(fact.masked()));
            }
        }
    }

    private static String addressOutcome(String input) {
        try {
            return IpAddress.parse(input).toString();
        } catch (AddressFormatException e) {
            if (!e.isZoned()) {
                return e.netipText();
            }
            // Netip reads zones; we say which one it was, and the rest is an address for us, too.
            String zone = requireNonNull(e.at());
            return IpAddress.parse(input.substring(0, input.length() - zone.length())) + zone;
        }
    }

    private static String cidrOutcome(String input) {
        try {
            return Cidr.parse(input).toString();
        } catch (AddressFormatException e) {
            return e.netipText();
        }
    }

    private static List<Fact> facts() throws IOException {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(
                requireNonNull(NetipGoldenTest.class.getResourceAsStream("netip-golden.tsv")), US_ASCII))) {
            List<Fact> facts = lines.lines()
                    .filter(line -> !line.startsWith("#"))
                    .map(Fact::of)
                    .toList();
            assertThat(facts).hasSizeGreaterThan(2_900);
            return facts;
        }
    }
}
