package io.ipamer.api;

import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.HandlerRegistry;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Times the calls of a door, by method and status. Meters and tags have the names that OpenTelemetry gave them for RPC
 * servers, as go-ipam's have; what tells one caller from another is never a tag.
 *
 * <p>A meter is made by the first call of its method and status, and found by all later ones.
 */
public final class CallMeters implements ServerInterceptor {
    /** As service and as method of a call whose method nobody serves: its name is the caller's to choose. */
    private static final String OTHER = "_OTHER";

    private static final Duration[] BUCKETS = LongStream.of(
                    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000)
            .mapToObj(micros -> Duration.of(micros, ChronoUnit.MICROS))
            .toArray(Duration[]::new);

    private final MeterRegistry registry;
    private final String door;
    private final Method unknown = new Method(OTHER, OTHER);
    private final ConcurrentMap<String, Method> methods = new ConcurrentHashMap<>();

    /**
     * Meters of one door.
     *
     * @param door what its calls are told by from those of others
     * @param running those of its calls that are shown as running
     */
    public CallMeters(MeterRegistry registry, String door, RunningCalls running) {
        this.registry = registry;
        this.door = door;
        Gauge.builder("rpc.server.active", running::count)
                .description("Calls whose answer is not sent yet")
                .baseUnit("calls")
                .tag("door", door)
                .register(registry);
    }

    /** Counts a call that was refused before it came to an interceptor. */
    public void refused(MethodDescriptor<?, ?> method, Code code) {
        method(method).took(code, 0);
    }

    /** Counts a call of a method that is not served. */
    public void unknownMethod() {
        unknown.took(Code.UNIMPLEMENTED, 0);
    }

    /** Counts calls of methods that are not served, which no interceptor sees: what a server falls back to. */
    public HandlerRegistry unknownMethods() {
        return new HandlerRegistry() {
            @Override
            public @Nullable ServerMethodDefinition<?, ?> lookupMethod(String method, @Nullable String authority) {
                unknownMethod();
                return null;
            }
        };
    }

    /** To be put around all other interceptors, so that their refusals are counted too. */
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        Timed<Q, A> timed = new Timed<>(call, method(call.getMethodDescriptor()));
        return new SimpleForwardingServerCallListener<>(next.startCall(timed, headers)) {
            @Override
            public void onCancel() {
                timed.end(isOutOfTime() ? Code.DEADLINE_EXCEEDED : Code.CANCELLED);
                super.onCancel();
            }
        };
    }

    private static boolean isOutOfTime() {
        Deadline deadline = Context.current().getDeadline();
        return deadline != null && deadline.isExpired();
    }

    private Method method(MethodDescriptor<?, ?> descriptor) {
        String name = descriptor.getFullMethodName();
        Method known = methods.get(name);
        return known == null ? methods.computeIfAbsent(name, this::named) : known;
    }

    private Method named(String fullName) {
        int slash = fullName.lastIndexOf('/');
        return new Method(fullName.substring(0, Math.max(slash, 0)), fullName.substring(slash + 1));
    }

    private final class Method {
        private final String service;
        private final String name;
        private final AtomicReferenceArray<Timer> timers = new AtomicReferenceArray<>(Code.values().length);

        Method(String service, String name) {
            this.service = service;
            this.name = name;
        }

        void took(Code code, long nanos) {
            Timer timer = timers.get(code.value());
            if (timer == null) {
                timer = timer(code);
                timers.set(code.value(), timer); // of two that are first, both got the same one
            }
            timer.record(nanos, TimeUnit.NANOSECONDS);
        }

        private Timer timer(Code code) {
            return Timer.builder("rpc.server.duration")
                    .description("From a call's arrival to its answer")
                    .tags("door", door, "rpc.service", service, "rpc.method", name)
                    .tag("rpc.grpc.status_code", Integer.toString(code.value()))
                    .serviceLevelObjectives(BUCKETS)
                    .register(registry);
        }
    }

    private static final class Timed<Q, A> extends SimpleForwardingServerCall<Q, A> {
        private final Method method;
        private final long began = System.nanoTime();
        private boolean ended;

        Timed(ServerCall<Q, A> call, Method method) {
            super(call);
            this.method = method;
        }

        @Override
        public void close(Status status, Metadata trailers) {
            end(status.getCode());
            super.close(status, trailers);
        }

        /** A caller may leave while it is answered: what came first counts. */
        private void end(Code code) {
            synchronized (this) {
                if (ended) {
                    return;
                }
                ended = true;
            }
            method.took(code, System.nanoTime() - began);
        }
    }
}
