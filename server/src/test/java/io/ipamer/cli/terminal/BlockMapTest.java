package io.ipamer.cli.terminal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ipamer.address.AddressRange;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.cli.terminal.BlockMap.Kind;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class BlockMapTest {
    private static AddressRange range(String text) {
        if (text.contains("/")) {
            return Cidr.parse(text).range();
        }
        String[] ends = text.split("-");
        return new AddressRange(IpAddress.parse(ends[0]), IpAddress.parse(ends[ends.length - 1]));
    }

    private static BlockMap map(Screen screen, String prefix, String... parts) {
        BlockMap map = new BlockMap(screen.terminal(), Cidr.parse(prefix));
        for (String part : parts) {
            String[] words = part.split(" ");
            map.add(range(words[1]), Kind.valueOf(words[0]));
        }
        return map;
    }

    private static String drawn(Screen screen, String prefix, String... parts) {
        return String.join("\n", map(screen, prefix, parts).lines()) + "\n";
    }

    @Test
    void a24OfIpv4HasACellForEachAddress() {
        assertThat(drawn(
                        Screen.ofTerminal(80),
                        "10.0.0.0/24",
                        "RESERVED 10.0.0.0",
                        "ACQUIRED 10.0.0.1-10.0.0.77",
                        "ACQUIRED 10.0.0.200",
                        "RESERVED 10.0.0.255"))
                .isEqualTo("""
                        10.0.0.0/24: 256 addresses, one a cell

                                           +8      +16     +24     +32     +40     +48     +56
                        10.0.0.0   R███████████████████████████████████████████████████████████████
                        10.0.0.64  ██████████████··················································
                        10.0.0.128 ································································
                        10.0.0.192 ········█······················································R

                        ·   176   68.8%  free
                        R     2    0.8%  reserved
                        █    78   30.5%  acquired
                        """);
    }

    @Test
    void aTerminalOfAsciiSeesTheSameInAscii() {
        String[] parts = {
            "RESERVED 10.0.0.0", "ACQUIRED 10.0.0.1-10.0.0.40", "ACQUIRED 10.0.1.1-10.0.1.31", "LEAKED 10.0.2.9"
        };
        String ascii = drawn(Screen.inAscii(80), "10.0.0.0/20", parts);
        assertThat(ascii)
                .isASCII()
                .isEqualTo(drawn(Screen.ofTerminal(80), "10.0.0.0/20", parts)
                        .replace('█', '#')
                        .replace('░', ':')
                        .replace('▒', '+')
                        .replace('▓', '*')
                        .replace('·', '.'))
                .contains("10.0.0.0  ##########:.......");
    }

    @Test
    void the30OfIpv4AndThe128OfIpv6AreSmall() {
        assertThat(drawn(Screen.ofTerminal(80), "10.0.0.0/30", "ACQUIRED 10.0.0.1"))
                .isEqualTo("""
                        10.0.0.0/30: 4 addresses, one a cell

                        10.0.0.0 ·█··

                        ·   3   75.0%  free
                        █   1   25.0%  acquired
                        """);
        assertThat(drawn(Screen.ofTerminal(80), "2001:db8::1/128", "ACQUIRED 2001:db8::1"))
                .isEqualTo("""
                        2001:db8::1/128: 1 address, one a cell

                        2001:db8::1 █

                        ·   0    0.0%  free
                        █   1  100.0%  acquired
                        """);
    }

    @Test
    void childrenOfA16LookDifferentFromTheirNeighboursAndFromWhatLeaked() {
        assertThat(drawn(
                        Screen.ofTerminal(80),
                        "10.0.0.0/16",
                        "CHILD 10.0.0.0/20",
                        "CHILD 10.0.16.0/20",
                        "CHILD 10.0.32.0/26",
                        "CHILD 10.0.32.64/26",
                        "CHILD 10.0.32.128/27",
                        "CHILD 10.0.33.0/27",
                        "CHILD 10.0.33.32/27",
                        "LEAKED 10.0.240.0/24"))
                .isEqualTo("""
                        10.0.0.0/16: 65,536 addresses; a cell is a /26 of 64 addresses

                        10.0.0.0   ▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚▚
                        10.0.16.0  ▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞▞
                        10.0.32.0  ▚▞▄·▤···························································
                        FREE
                        10.0.240.0 !!!!····························································

                        ·   56,864   86.8%  free
                        ▚▞   8,416   12.8%  in children
                        !      256    0.4%  leaked: taken, by no child that is known
                        ▤   a cell of several children
                        ▂▄▆ children, up to a third, two thirds, less than all of the cell taken
                        """.replace("FREE\n", freeRows("10.0.%d.0", 48, 16, 12, 10, 64)));
    }

    /** Rows of free cells, whose labels go up by a step. */
    private static String freeRows(String label, int first, int step, int rows, int labelWidth, int cells) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < rows; i++) {
            text.append(String.format("%-" + labelWidth + "s ", String.format(label, first + i * step)))
                    .append("·".repeat(cells))
                    .append('\n');
        }
        return text.toString();
    }

    @Test
    void oneAddressIn18QuintillionIsSeen() {
        assertThat(drawn(
                        Screen.ofTerminal(80),
                        "2001:db8:0:1::/64",
                        "RESERVED 2001:db8:0:1::",
                        "ACQUIRED 2001:db8:0:1:800::7"))
                .isEqualTo("""
                        2001:db8:0:1::/64: 2^64 addresses; a cell is a /74 of 2^54 addresses

                        2001:db8:0:1::      r·······························
                        2001:db8:0:1:800::  ░·······························
                        FREE
                        ·   1.84e19  >99.9%  free
                        R         1   <0.1%  reserved
                        █         1   <0.1%  acquired
                        ░▒▓ acquired, up to a third, two thirds, less than all of the cell taken
                        r   some reserved, the rest free
                        """.replace("FREE\n", freeRows("2001:db8:0:1:%x00::", 16, 8, 30, 19, 32) + "\n"));
    }

    @Test
    void oneFreeAddressAmong18QuintillionIsSeen() {
        assertThat(drawn(Screen.ofTerminal(80), "2001:db8::/64", "ACQUIRED 2001:db8::1-2001:db8::ffff:ffff:ffff:ffff"))
                .contains("2001:db8::          ▓███", "·         1   <0.1%  free", "█   1.84e19  >99.9%  acquired");
    }

    @Test
    void a48AndAllOfIpv6AreDrawnInTheSameWay() {
        assertThat(drawn(
                        Screen.ofTerminal(80), "2001:db8:7::/48", "CHILD 2001:db8:7::/56", "CHILD 2001:db8:7:100::/56"))
                .startsWith("""
                        2001:db8:7::/48: 2^80 addresses; a cell is a /58 of 2^70 addresses

                        2001:db8:7::      ▚▚▚▚▞▞▞▞························
                        2001:db8:7:800::  ································
                        """)
                .endsWith("""
                        2001:db8:7:f800:: ································

                        ·   1.20e24   99.2%  free
                        ▚▞     2^73    0.8%  in children
                        """);
        assertThat(drawn(Screen.ofTerminal(80), "::/0", "CHILD 2001:db8::/32"))
                .startsWith("""
                        ::/0: 2^128 addresses; a cell is a /10 of 2^118 addresses

                        ::     ································································
                        1000:: ································································
                        2000:: ▂·······························································
                        """)
                .endsWith("""
                        f000:: ································································

                        ·   3.40e38  >99.9%  free
                        ▚▞     2^96   <0.1%  in children
                        ▂▄▆ children, up to a third, two thirds, less than all of the cell taken
                        """);
        assertThat(drawn(Screen.ofTerminal(80), "::/0", "CHILD ::/0")).contains("▚▞  2^128  100.0%  in children");
    }

    @Test
    void theLongestLabelsOfIpv4FitIn80Columns() {
        assertThat(map(Screen.ofTerminal(80), "255.255.255.0/24").lines())
                .contains("255.255.255.192 " + "·".repeat(64));
    }

    @Test
    void coloursBeginAndEndWhereGlyphsChange() {
        assertThat(map(Screen.inColours(80), "10.0.0.0/29", "ACQUIRED 10.0.0.2-10.0.0.3")
                        .lines())
                .contains("10.0.0.0 \u001b[2m··\u001b[0m\u001b[32m██\u001b[0m\u001b[2m····\u001b[0m");
    }

    @Test
    void whatIsOutsideIsRefused() {
        BlockMap map = map(Screen.ofTerminal(80), "10.0.0.0/24");
        assertThatThrownBy(() -> map.add(range("10.0.0.250-10.0.1.1"), Kind.ACQUIRED))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("10.0.0.250 to 10.0.1.1 is not within 10.0.0.0/24");
        assertThatThrownBy(() -> map.add(range("::1"), Kind.FREE)).isInstanceOf(IllegalArgumentException.class);
    }

    /** A prefix may change between two pages of what is in it. */
    @Test
    void whatIsAddedTwiceIsAFullCellAndNoFault() {
        assertThat(drawn(Screen.ofTerminal(80), "10.0.0.0/31", "ACQUIRED 10.0.0.0/31", "ACQUIRED 10.0.0.0"))
                .contains("10.0.0.0 ██", "·   0    0.0%  free");
    }

    @Test
    void everyTerminalGetsRowsThatFitSeed1() {
        Random random = new Random(1);
        for (int round = 0; round < 3_000; round++) {
            int width = 50 + random.nextInt(200);
            boolean v4 = random.nextBoolean();
            Cidr prefix = Cidr.of(
                    v4 ? IpAddress.v4(random.nextInt()) : IpAddress.v6(random.nextLong(), random.nextLong()),
                    random.nextInt(v4 ? 33 : 129));
            List<String> lines = new BlockMap(Screen.ofTerminal(width).terminal(), prefix).lines();
            List<String> rows =
                    lines.stream().filter(line -> line.endsWith("·")).toList();
            assertThat(rows)
                    .as("round %s", round)
                    .hasSizeBetween(1, 32)
                    .allSatisfy(row -> assertThat(row).hasSizeLessThanOrEqualTo(width));
            assertThat(rows.get(0)).startsWith(prefix.first() + " ");
        }
    }

    /** Against a picture that is drawn address by address. */
    @Test
    void everyCellTellsWhatIsInItSeed2() {
        Random random = new Random(2);
        for (int round = 0; round < 300; round++) {
            int hostBits = random.nextInt(15);
            boolean v4 = random.nextBoolean();
            Cidr prefix = Cidr.of(
                    v4 ? IpAddress.v4(random.nextInt()) : IpAddress.v6(random.nextLong(), random.nextLong()),
                    (v4 ? 32 : 128) - hostBits);
            Kind[] kinds = new Kind[1 << hostBits];
            int[] children = new int[kinds.length];
            Arrays.fill(kinds, Kind.FREE);
            BlockMap map = new BlockMap(Screen.ofTerminal(80).terminal(), prefix);
            int child = 0;
            int longest = 1 + random.nextInt(300);
            for (int at = 0; at < kinds.length; ) {
                int end = Math.min(kinds.length, at + 1 + random.nextInt(longest));
                Kind kind = List.of(Kind.values()).get(random.nextInt(random.nextInt(5) + 1));
                child += kind == Kind.CHILD ? 1 : 0;
                Arrays.fill(kinds, at, end, kind);
                Arrays.fill(children, at, end, child);
                map.add(new AddressRange(prefix.first().plus(at), prefix.first().plus(end - 1L)), kind);
                at = end;
            }
            String cells = map.lines().stream()
                    .skip(2)
                    .takeWhile(line -> !line.isEmpty())
                    .filter(line -> !line.startsWith(" "))
                    .map(line -> line.substring(line.lastIndexOf(' ') + 1))
                    .collect(Collectors.joining());
            int size = kinds.length / cells.length();
            for (int cell = 0; cell < cells.length(); cell++) {
                assertThat(cells.charAt(cell))
                        .as("round %s, cell %s of %s", round, cell, prefix)
                        .isEqualTo(naively(kinds, children, cell * size, (cell + 1) * size));
            }
        }
    }

    private static char naively(Kind[] kinds, int[] children, int from, int to) {
        Map<Kind, Integer> counts = new EnumMap<>(Kind.class);
        Set<Integer> childrenHere = new HashSet<>();
        for (int i = from; i < to; i++) {
            counts.merge(kinds[i], 1, Integer::sum);
            if (kinds[i] == Kind.CHILD) {
                childrenHere.add(children[i]);
            }
        }
        int free = counts.getOrDefault(Kind.FREE, 0);
        int acquired = counts.getOrDefault(Kind.ACQUIRED, 0);
        int inChildren = counts.getOrDefault(Kind.CHILD, 0);
        double part = 1 - (double) free / (to - from);
        int fill = part <= 1 / 3.0 + 1e-9 ? 0 : part <= 2 / 3.0 + 1e-9 ? 1 : part < 1 ? 2 : 3;
        if (counts.containsKey(Kind.LEAKED)) {
            return '!';
        }
        if (free == to - from) {
            return '·';
        }
        if (acquired + inChildren == 0) {
            return free == 0 ? 'R' : 'r';
        }
        if (acquired >= inChildren) {
            return "░▒▓█".charAt(fill);
        }
        if (fill < 3) {
            return "▂▄▆".charAt(fill);
        }
        return childrenHere.size() > 1
                ? '▤'
                : "▞▚".charAt(childrenHere.iterator().next() % 2);
    }
}
