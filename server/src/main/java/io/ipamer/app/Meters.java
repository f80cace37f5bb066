package io.ipamer.app;

import io.ipamer.api.BuildFacts;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
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
import org.jspecify.annotations.Nullable;

/** All meters of a server, as Prometheus reads them. */
final class Meters implements AutoCloseable {
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
