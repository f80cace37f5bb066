package io.ipamer.benchmarks;

import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.app.Ids;
import io.ipamer.ipam.CallOptions;
import io.ipamer.ipam.Ipam;
import io.ipamer.ipam.Surroundings;
import io.ipamer.model.Allocation;
import io.ipamer.model.Prefix;
import io.ipamer.model.Releases;
import io.ipamer.model.Reservation;
import io.ipamer.store.memory.MemoryStore;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The shapes of the original article's benchmark, through use case, lane, planner and memory store, without gRPC. Each
 * operation is a pair that leaves everything as it was, and is the better of what it would be with a second caller: one
 * thread, one call at a time.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(
        value = 1,
        jvmArgsAppend = "-XX:+UseSerialGC") // G1 pays for every store into an old object, which is not what is measured
public class InMemoryBenchmark {
    private static final String ROOT = "root";

    private static Ipam ipam() {
        return new Ipam(
                new MemoryStore(),
                new Surroundings(System::nanoTime, (nanos, task) -> {}, Runnable::run, new Ids(), () -> 0.5));
    }

    /** Addresses of one prefix that already gave some. */
    @State(Scope.Thread)
    public static class Addresses {
        @Param({"10", "1000000"})
        int acquired;

        final Ipam ipam = ipam();
        final Cidr prefix = Cidr.parse("10.0.0.0/8");

        @Setup
        public void fill() {
            ipam.prefixes()
                    .create(ROOT, prefix, Reservation.FIRST_AND_LAST, CallOptions.NONE)
                    .join();
            for (int left = acquired; left > 0; left -= Math.min(left, 4_000)) {
                ipam.addresses()
                        .acquire(ROOT, prefix, Math.min(left, 4_000), false, CallOptions.NONE)
                        .join();
            }
        }
    }

    @Benchmark
    public Object addressAcquireAndRelease(Addresses state) {
        Allocation allocation = state.ipam
                .addresses()
                .acquire(ROOT, state.prefix, CallOptions.NONE)
                .join()
                .answer()
                .allocations()
                .get(0);
        return state.ipam
                .addresses()
                .release(
                        ROOT,
                        state.prefix,
                        List.of(new Releases.Item(allocation.address(), allocation.id())),
                        false,
                        CallOptions.NONE)
                .join();
    }

    /** Top-level prefixes of a namespace that already has some. */
    @State(Scope.Thread)
    public static class TopLevel {
        @Param({"10", "100000"})
        int prefixes;

        final Ipam ipam = ipam();
        final Cidr prefix = Cidr.parse("192.168.0.0/24");

        @Setup
        public void fill() {
            IpAddress next = IpAddress.parse("10.0.0.0");
            for (int i = 0; i < prefixes; i++) {
                ipam.prefixes()
                        .create(ROOT, Cidr.of(next, 28), Reservation.FIRST_AND_LAST, CallOptions.NONE)
                        .join();
                next = next.plus(32);
            }
        }
    }

    @Benchmark
    public Object prefixCreateAndDelete(TopLevel state) {
        state.ipam
                .prefixes()
                .create(ROOT, state.prefix, Reservation.FIRST_AND_LAST, CallOptions.NONE)
                .join();
        return state.ipam
                .prefixes()
                .delete(ROOT, state.prefix, null, CallOptions.NONE)
                .join();
    }

    /** A parent without children, and the length of the child to take. */
    @State(Scope.Thread)
    public static class EmptyParent {
        @Param({"10.0.0.0/8 14", "10.0.0.0/8 24", "10.0.0.0/16 18", "10.0.0.0/16 26", "2001:db8::/48 64"})
        String shape;

        final Ipam ipam = ipam();
        Cidr parent;
        int length;

        @Setup
        public void create() {
            parent = Cidr.parse(shape.substring(0, shape.indexOf(' ')));
            length = Integer.parseInt(shape.substring(shape.indexOf(' ') + 1));
            ipam.prefixes()
                    .create(ROOT, parent, Reservation.FIRST_AND_LAST, CallOptions.NONE)
                    .join();
        }
    }

    @Benchmark
    public Object childAcquireAndRelease(EmptyParent state) {
        return childPair(state.ipam, state.parent, state.length);
    }

    /** A parent that has children. */
    @State(Scope.Thread)
    public static class Parent {
        @Param({"10", "65535"})
        int children;

        final Ipam ipam = ipam();
        final Cidr parent = Cidr.parse("2001:db8::/40");

        @Setup
        public void fill() {
            ipam.prefixes()
                    .create(ROOT, parent, Reservation.FIRST_AND_LAST, CallOptions.NONE)
                    .join();
            for (int i = 0; i < children; i++) {
                ipam.prefixes()
                        .acquireChild(ROOT, parent, 64, Reservation.FIRST_AND_LAST, CallOptions.NONE)
                        .join();
            }
        }
    }

    @Benchmark
    public Object childAcquireAndReleaseBesideOthers(Parent state) {
        return childPair(state.ipam, state.parent, 64);
    }

    private static Object childPair(Ipam ipam, Cidr parent, int length) {
        Prefix child = ipam.prefixes()
                .acquireChild(ROOT, parent, length, Reservation.FIRST_AND_LAST, CallOptions.NONE)
                .join()
                .answer();
        return ipam.prefixes()
                .releaseChild(ROOT, child.cidr(), child.id(), CallOptions.NONE)
                .join();
    }

    /** Texts, as callers send them. */
    @State(Scope.Thread)
    public static class Texts {
        String[] added = {"172.16.0.0/12", "192.168.1.0/24"};
        String ipv4 = "192.168.100.7";
        String ipv6 = "2001:db8:85a3::8a2e:370:7334";
    }

    /** A namespace with two prefixes. */
    @State(Scope.Thread)
    public static class Two {
        final Ipam ipam = ipam();

        @Setup
        public void create() {
            for (String cidr : new String[] {"192.168.0.0/24", "10.0.0.0/8"}) {
                ipam.prefixes()
                        .create(ROOT, Cidr.parse(cidr), Reservation.FIRST_AND_LAST, CallOptions.NONE)
                        .join();
            }
        }
    }

    @Benchmark
    public Object overlapOfTwoAgainstTwo(Texts texts, Two two) {
        return two.ipam
                .prefixes()
                .overlaps(ROOT, List.of(Cidr.parse(texts.added[0]), Cidr.parse(texts.added[1])), 1)
                .join();
    }

    @Benchmark
    public Object parseAndPrintIpv4(Texts texts) {
        return IpAddress.parse(texts.ipv4).toString();
    }

    @Benchmark
    public Object parseAndPrintIpv6(Texts texts) {
        return IpAddress.parse(texts.ipv6).toString();
    }
}
