package io.ipamer.benchmarks;

import io.grpc.ManagedChannel;
import io.ipamer.bench.Bench;
import io.ipamer.bench.Call;
import io.ipamer.bench.Load;
import io.ipamer.bench.Progress;
import io.ipamer.bench.Script;
import io.ipamer.proto.v1.AcquireChildPrefixRequest;
import io.ipamer.proto.v1.AcquireIpRequest;
import io.ipamer.proto.v1.AcquireIpsRequest;
import io.ipamer.proto.v1.CreateNamespaceRequest;
import io.ipamer.proto.v1.CreatePrefixRequest;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import io.ipamer.proto.v1.ReleaseChildPrefixRequest;
import io.ipamer.proto.v1.ReleaseIpRequest;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * What a call costs beside much that is there already, and beside little: addresses and children, each acquired and given
 * back in turn so that what is there stays as much. Filled once, measured as often as wanted.
 */
final class Flatness implements AutoCloseable {
    /** What is acquired; a prefix that holds some of it and one that holds much. */
    enum Kind {
        ADDRESS("fd00::/64", "fd00:0:0:1::/64", 1_000_000),
        CHILD("fd01::/32", "fd02::/32", 65_536);

        private final String fewIn;
        private final String manyIn;
        private final int many;

        Kind(String fewIn, String manyIn, int many) {
            this.fewIn = fewIn;
            this.manyIn = manyIn;
            this.many = many;
        }

        int many() {
            return many;
        }
    }

    static final int FEW = 10;
    private static final int BATCH = 4_096;
    private static final int FILLERS = 64;
    private static final int CHILD_LENGTH = 64;

    private final ManagedChannel channel;
    private final Load load;
    private final String namespace = "flatness-" + UUID.randomUUID();

    /** Fills prefixes of its own, which stay. */
    Flatness(String target, Progress progress) throws InterruptedException {
        channel = Bench.channel(target);
        load = new Load(List.of(channel), progress);
        IpamerServiceGrpc.IpamerServiceBlockingStub server = IpamerServiceGrpc.newBlockingStub(channel);
        server.createNamespace(
                CreateNamespaceRequest.newBuilder().setName(namespace).build());
        for (Kind kind : Kind.values()) {
            for (boolean many : new boolean[] {false, true}) {
                String prefix = many ? kind.manyIn : kind.fewIn;
                server.createPrefix(CreatePrefixRequest.newBuilder()
                        .setNamespace(namespace)
                        .setCidr(prefix)
                        .build());
                fill(kind, prefix, many ? kind.many : FEW);
            }
        }
    }

    private void fill(Kind kind, String prefix, int count) throws InterruptedException {
        List<Call<?, ?>> calls = switch (kind) {
            case ADDRESS ->
                IntStream.iterate(count, left -> left > 0, left -> left - BATCH)
                        .<Call<?, ?>>mapToObj(left -> new Call<>(
                                "fill",
                                IpamerServiceGrpc.getAcquireIpsMethod(),
                                AcquireIpsRequest.newBuilder()
                                        .setNamespace(namespace)
                                        .setPrefixCidr(prefix)
                                        .setCount(Math.min(left, BATCH))
                                        .build(),
                                answer -> ""))
                        .toList();
            case CHILD -> Collections.nCopies(count, acquire(kind, prefix));
        };
        Script fill = Script.working(calls.iterator(), given -> {});
        run(Collections.nCopies(FILLERS, fill), new Load.Course(Duration.ZERO, Duration.ofHours(1), 0));
    }

    /** Latencies of acquiring, in nanoseconds. */
    Histogram measure(Kind kind, boolean beside, int callers, Duration warmUp, Duration measured)
            throws InterruptedException {
        String prefix = beside ? kind.manyIn : kind.fewIn;
        List<Script> scripts = IntStream.range(0, callers)
                .<Script>mapToObj(caller -> new InTurn(kind, prefix))
                .toList();
        return run(scripts, new Load.Course(warmUp, measured, 0)).latencies().get("acquire");
    }

    private Load.Outcome run(List<Script> scripts, Load.Course course) throws InterruptedException {
        Load.Outcome outcome = load.run("flatness", scripts, course);
        if (!outcome.firstError().isOk() || outcome.unanswered() > 0) {
            throw new IllegalStateException("flatness: " + outcome.firstError());
        }
        return outcome;
    }

    private Call<?, ?> acquire(Kind kind, String prefix) {
        return switch (kind) {
            case ADDRESS ->
                new Call<>(
                        "acquire",
                        IpamerServiceGrpc.getAcquireIpMethod(),
                        AcquireIpRequest.newBuilder()
                                .setNamespace(namespace)
                                .setPrefixCidr(prefix)
                                .build(),
                        answer -> answer.getAllocation().getAddress());
            case CHILD ->
                new Call<>(
                        "acquire",
                        IpamerServiceGrpc.getAcquireChildPrefixMethod(),
                        AcquireChildPrefixRequest.newBuilder()
                                .setNamespace(namespace)
                                .setParentCidr(prefix)
                                .setLength(CHILD_LENGTH)
                                .build(),
                        answer -> answer.getPrefix().getCidr());
        };
    }

    private Call<?, ?> release(Kind kind, String prefix, String given) {
        return switch (kind) {
            case ADDRESS ->
                new Call<>(
                        "release",
                        IpamerServiceGrpc.getReleaseIpMethod(),
                        ReleaseIpRequest.newBuilder()
                                .setNamespace(namespace)
                                .setPrefixCidr(prefix)
                                .setAddress(given)
                                .build(),
                        answer -> "");
            case CHILD ->
                new Call<>(
                        "release",
                        IpamerServiceGrpc.getReleaseChildPrefixMethod(),
                        ReleaseChildPrefixRequest.newBuilder()
                                .setNamespace(namespace)
                                .setCidr(given)
                                .build(),
                        answer -> "");
        };
    }

    /** Acquires and gives back, in turn. */
    private final class InTurn implements Script {
        private final Kind kind;
        private final String prefix;
        private final Call<?, ?> acquire;
        private @Nullable String mine;

        InTurn(Kind kind, String prefix) {
            this.kind = kind;
            this.prefix = prefix;
            acquire = acquire(kind, prefix);
        }

        @Override
        public Call<?, ?> next() {
            return mine == null ? acquire : release(kind, prefix, mine);
        }

        @Override
        public void answered(String given) {
            mine = given.isEmpty() ? null : given;
        }
    }

    @Override
    public void close() {
        load.close();
        channel.shutdownNow();
    }
}
