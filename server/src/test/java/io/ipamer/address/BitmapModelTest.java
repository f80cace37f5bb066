package io.ipamer.address;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random programs of all operations, each value held twice: as it is, and as a set of bits, one for each address of a
 * window of 256. Every answer is compared.
 */
class BitmapModelTest {
    private static final int WINDOW = 256;
    private static final int STEPS = 1_000;

    /** First addresses of windows: the ends of both families, mapped addresses, and words that carry in mid-window. */
    private static final List<String> WINDOWS = List.of(
            "0.0.0.0",
            "10.0.0.0",
            "127.255.255.128",
            "255.255.255.0",
            "::",
            "::ffff:10.0.0.0",
            "::fffe:ffff:ff80",
            "::7fff:ffff:ffff:ff80",
            "::ffff:ffff:ffff:ff80",
            "2001:db8:ffff:ffff:ffff:ffff:ffff:ff80",
            "7fff:ffff:ffff:ffff:ffff:ffff:ffff:ff80",
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ff00");

    static Stream<Arguments> windowsAndSeeds() {
        return WINDOWS.stream().flatMap(window -> Stream.of(1L, 2L, 3L).map(seed -> Arguments.of(window, seed)));
    }

    @ParameterizedTest(name = "{displayName} window {0} seed {1}")
    @MethodSource("windowsAndSeeds")
    void randomProgramsGiveTheAnswersOfBitmaps(String window, long seed) {
        new Program(IpAddress.parse(window), new Random(seed)).run();
    }

    private record Block(Cidr real, BitSet model) {}

    private static final class Program {
        private final IpAddress base;
        private final Random random;
        /** The addresses of the window, made without the arithmetic under test. */
        private final IpAddress[] addresses = new IpAddress[WINDOW];

        private final BitSet taken = new BitSet(WINDOW);

        Program(IpAddress base, Random random) {
            this.base = base;
            this.random = random;
            for (int i = 0; i < WINDOW; i++) {
                addresses[i] = Samples.address(Samples.number(base).add(BigInteger.valueOf(i)), base.family());
            }
        }

        void run() {
            Block block = block(0, 0).orElseThrow();
            for (int step = 0; step < STEPS; step++) {
                Block other = randomBlock();
                checkBlock(block);
                checkPair(block, other);
                checkAddress(block, random.nextInt(WINDOW), random.nextInt(WINDOW));
                if (random.nextBoolean()) {
                    taken.or(other.model());
                } else {
                    taken.andNot(other.model());
                }
                checkRuns();
                block = neighbour(block).orElse(other);
            }
        }

        private void checkBlock(Block block) {
            assertThat(members(block.real().range())).isEqualTo(block.model());
            assertThat(block.real().first()).isEqualTo(address(block.model().nextSetBit(0)));
            assertThat(block.real().last()).isEqualTo(address(block.model().length() - 1));
            assertThat(block.real().size())
                    .isEqualTo(BigInteger.valueOf(block.model().cardinality()));
            assertThat(block.real().sizeSaturated()).isEqualTo(block.model().cardinality());
        }

        private void checkPair(Block a, Block b) {
            BitSet outside = difference(b.model(), a.model());
            assertThat(a.real().contains(b.real())).isEqualTo(outside.isEmpty());
            assertThat(a.real().overlaps(b.real())).isEqualTo(a.model().intersects(b.model()));
            assertThat(a.real().range().overlaps(b.real().range()))
                    .isEqualTo(a.model().intersects(b.model()));
            assertThat(a.real().equals(b.real())).isEqualTo(a.model().equals(b.model()));

            int byFirst = Integer.compare(a.model().nextSetBit(0), b.model().nextSetBit(0));
            int bySize = Integer.compare(a.model().cardinality(), b.model().cardinality());
            assertThat(Integer.signum(a.real().compareTo(b.real()))).isEqualTo(byFirst != 0 ? byFirst : -bySize);
            assertThat(Integer.signum(Cidr.SMALLEST_FIRST.compare(a.real(), b.real())))
                    .isEqualTo(bySize != 0 ? bySize : byFirst);
        }

        private void checkAddress(Block block, int index, int otherIndex) {
            IpAddress address = address(index);
            assertThat(block.real().contains(address)).isEqualTo(block.model().get(index));
            assertThat(Integer.signum(address.compareTo(address(otherIndex))))
                    .isEqualTo(Integer.compare(index, otherIndex));
            if (index < WINDOW - 1) {
                assertThat(address.next()).isEqualTo(address(index + 1));
            }
            if (index > 0) {
                assertThat(address.previous()).isEqualTo(address(index - 1));
            }
            if (index <= otherIndex) {
                assertThat(address.plus(otherIndex - index)).isEqualTo(address(otherIndex));
            }
        }

        /** Cuts each run of taken addresses into blocks and compares with the naive way to do it. */
        private void checkRuns() {
            List<Cidr> blocks = new ArrayList<>();
            for (int from = taken.nextSetBit(0); from >= 0; ) {
                int end = taken.nextClearBit(from);
                AddressRange run = new AddressRange(address(from), address(end - 1));
                assertThat(run.sizeSaturated()).isEqualTo(end - from);
                blocks.addAll(run.toCidrs());
                from = taken.nextSetBit(end);
            }
            assertThat(blocks).isEqualTo(naiveCut());
        }

        /** Halves the window until a block is wholly taken or wholly not. */
        private List<Cidr> naiveCut() {
            List<Cidr> blocks = new ArrayList<>();
            int top = Math.min(8, Samples.number(base).setBit(8).getLowestSetBit());
            for (int index = 0; index < WINDOW; index += 1 << top) {
                naiveCut(index, top, blocks);
            }
            return blocks;
        }

        private void naiveCut(int index, int hostBits, List<Cidr> blocks) {
            int size = 1 << hostBits;
            int count = taken.get(index, index + size).cardinality();
            if (count == size) {
                blocks.add(new Cidr(address(index), base.family().bits() - hostBits));
            } else if (count > 0) {
                naiveCut(index, hostBits - 1, blocks);
                naiveCut(index + size / 2, hostBits - 1, blocks);
            }
        }

        /** What one of the operations makes of a block, if that lies in the window. */
        private Optional<Block> neighbour(Block block) {
            int index = block.model().nextSetBit(0);
            int hostBits = block.real().hostBits();
            return switch (random.nextInt(4)) {
                case 0 ->
                    block(index, hostBits + 1).map(parent -> expect(block.real().parent(), parent));
                case 1 ->
                    block(index, hostBits + 1)
                            .map(parent -> difference(parent.model(), block.model()))
                            .map(half -> expect(
                                    block.real().sibling(),
                                    block(half.nextSetBit(0), hostBits).orElseThrow()));
                case 2 -> {
                    int more = random.nextInt(4);
                    yield block(index, hostBits + more)
                            .map(wide ->
                                    expect(block.real().enclosing(block.real().length() - more), wide));
                }
                default -> Optional.empty();
            };
        }

        private Block expect(Cidr real, Block expected) {
            assertThat(real).isEqualTo(expected.real());
            return new Block(real, expected.model());
        }

        private Block randomBlock() {
            while (true) {
                Optional<Block> block = block(random.nextInt(WINDOW), random.nextInt(9));
                if (block.isPresent()) {
                    return block.get();
                }
            }
        }

        /** The block that holds the address at an index; absent if it is not wholly in the window. */
        private Optional<Block> block(int index, int hostBits) {
            BigInteger start = Samples.number(base);
            BigInteger address = start.add(BigInteger.valueOf(index));
            BigInteger size = BigInteger.ONE.shiftLeft(hostBits);
            BigInteger from = address.subtract(address.mod(size)).subtract(start);
            if (from.signum() < 0 || from.add(size).compareTo(BigInteger.valueOf(WINDOW)) > 0) {
                return Optional.empty();
            }
            BitSet model = new BitSet(WINDOW);
            model.set(from.intValueExact(), from.add(size).intValueExact());
            return Optional.of(new Block(Cidr.of(address(index), base.family().bits() - hostBits), model));
        }

        private BitSet members(AddressRange range) {
            BitSet members = new BitSet(WINDOW);
            for (int i = 0; i < WINDOW; i++) {
                members.set(i, range.contains(address(i)));
            }
            return members;
        }

        private IpAddress address(int index) {
            return addresses[index];
        }

        private static BitSet difference(BitSet from, BitSet less) {
            BitSet rest = (BitSet) from.clone();
            rest.andNot(less);
            return rest;
        }
    }
}
