package io.ipamer.bench;

import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/** Measures a server, or several that share their data. */
public final class Bench {
    private static final int FIRST_LEVEL = 10;

    private Bench() {}

    /**
     * Makes a namespace of its own, measures, and removes what it made.
     *
     * @return also when answers were wrong or calls failed: see {@link Report#failure()}
     * @throws BenchException when the server cannot be reached, or refuses what the run needs
     */
    public static Report run(BenchSettings settings, Progress progress) throws BenchException, InterruptedException {
        String[] targets = settings.target().split(",");
        List<ManagedChannel> channels = IntStream.range(0, Math.max(settings.channels(), targets.length))
                .mapToObj(i -> channel(targets[i % targets.length]))
                .toList();
        try (Load load = new Load(channels, progress)) {
            String namespace = "bench-" + UUID.randomUUID();
            Ground ground = new Ground(settings, namespace, load);
            ground.prepare();
            Report report = new Report(settings);
            try {
                measure(settings, ground, load, report);
            } finally {
                report.checked(ground.checked());
                if (settings.keep()) {
                    report.left("namespace " + namespace + ", as wanted");
                } else {
                    String left = ground.clear();
                    if (left != null) {
                        report.left(left);
                    }
                }
            }
            return report;
        } finally {
            channels.forEach(ManagedChannel::shutdownNow);
            for (ManagedChannel channel : channels) {
                channel.awaitTermination(1, TimeUnit.SECONDS);
            }
        }
    }

    private static void measure(BenchSettings settings, Ground ground, Load load, Report report)
            throws BenchException, InterruptedException {
        Load.Course course = new Load.Course(settings.warmUp(), settings.duration(), settings.rate());
        if (settings.scenario() != Scenario.FILL) {
            report.add(0, load.run(settings.scenario().toString(), ground.scripts(), course));
            return;
        }
        int filled = 0;
        for (int level : levels(settings.fillTo())) {
            ground.fill(level - filled);
            filled = level;
            report.add(level, load.run("at " + level, ground.scripts(), course));
            if (report.failure() != null) {
                return;
            }
        }
    }

    /** 10, 100, 1,000 and so on, and the last one. */
    private static List<Integer> levels(int last) {
        List<Integer> levels = new ArrayList<>();
        for (long level = FIRST_LEVEL; level < last; level *= 10) {
            levels.add((int) level);
        }
        levels.add(last);
        return levels;
    }

    /** Without retries, which would hide errors and repeat calls; callbacks on Netty's own thread. */
    public static ManagedChannel channel(String target) {
        return NettyChannelBuilder.forTarget(target)
                .usePlaintext()
                .directExecutor()
                .disableRetry()
                .build();
    }
}
