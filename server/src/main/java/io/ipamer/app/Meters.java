package io.ipamer.app;

import io.grpc.Status;
import io.grpc.Status.Code;
import io.ipamer.api.BuildFacts;
import io.ipamer.api.http.pages.CallCounts;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** All meters of a server, as Prometheus reads them. */
final class Meters implements AutoCloseable {
    private static final Set<Code> FAILURES =
            Set.of(Code.UNKNOWN, Code.DEADLINE_EXCEEDED, Code.INTERNAL, Code.UNAVAILABLE, Code.DATA_LOSS);

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

    /** Guarded by this; null until somebody looks. */
    private @Nullable JvmGcMetrics collections;

    Meters(BuildFacts build) {
        Gauge.builder("ipamer.build.info", () -> 1)
                .description("What the program was built from; always 1")
                .tags("version", build.version(), "revision", build.revision())
                .register(registry);
    }

    MeterRegistry registry() {
        return registry;
    }

    /**
     * All of them in Prometheus's text format 0.0.4. Those of the Java machine are there from the first time on, so that
     * a server that nobody looks at does without them, and starts sooner.
     */
    String text() {
        completeOnce();
        return registry.scrape();
    }

    /** What became of the calls so far, at all doors that count them. */
    CallCounts calls() {
        long answered = 0;
        long refused = 0;
        long failed = 0;
        for (Timer timer : registry.find("rpc.server.duration").timers()) {
            long count = timer.count();
            answered += count;
            int code = Integer.parseInt(Objects.requireNonNull(timer.getId().getTag("rpc.grpc.status_code")));
            if (FAILURES.contains(Status.fromCodeValue(code).getCode())) {
                failed += count;
            } else if (code != Code.OK.value()) {
                refused += count;
            }
        }
        double running = 0;
        for (Gauge gauge : registry.find("rpc.server.active").gauges()) {
            running += gauge.value();
        }
        return new CallCounts(answered, refused, failed, (long) running);
    }

    private synchronized void completeOnce() {
        if (collections == null) {
            JvmGcMetrics first = new JvmGcMetrics();
            collections = first;
            List<MeterBinder> machine = List.of(
                    first,
                    new JvmMemoryMetrics(),
                    new JvmThreadMetrics(),
                    new FileDescriptorMetrics(),
                    new ProcessorMetrics(),
                    new UptimeMetrics());
            machine.forEach(meters -> meters.bindTo(registry));
        }
    }

    @Override
    public synchronized void close() {
        if (collections != null) {
            collections.close();
        }
        registry.close();
    }
}
