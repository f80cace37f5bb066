package io.ipamer.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.BytesValue;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.grpc.protobuf.ProtoUtils;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** That each call is counted once, for what it was. */
class CallMetersTest {
    private static final String SERVICE = "test.Service";
    private static final Metadata.Key<String> CALLER = Metadata.Key.of("caller", Metadata.ASCII_STRING_MARSHALLER);

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final RunningCalls running = new RunningCalls();
    private final CallMeters meters = new CallMeters(registry, "grpc", running);

    /** A call that goes nowhere. */
    private static final class Call extends ServerCall<BytesValue, BytesValue> {
        private final String method;

        Call(String method) {
            this.method = method;
        }

        @Override
        public MethodDescriptor<BytesValue, BytesValue> getMethodDescriptor() {
            return MethodDescriptor.<BytesValue, BytesValue>newBuilder()
                    .setType(MethodType.UNARY)
                    .setFullMethodName(MethodDescriptor.generateFullMethodName(SERVICE, method))
                    .setRequestMarshaller(ProtoUtils.marshaller(BytesValue.getDefaultInstance()))
                    .setResponseMarshaller(ProtoUtils.marshaller(BytesValue.getDefaultInstance()))
                    .build();
        }

        @Override
        public void request(int messages) {}

        @Override
        public void sendHeaders(Metadata headers) {}

        @Override
        public void sendMessage(BytesValue message) {}

        @Override
        public void close(Status status, Metadata trailers) {}

        @Override
        public boolean isCancelled() {
            return false;
        }
    }

    /** A call that was let in: how it can be answered, and how it hears that its caller has left. */
    private record Begun(ServerCall<BytesValue, BytesValue> call, ServerCall.Listener<BytesValue> listener) {
        void answer(Status status) {
            call.close(status, new Metadata());
        }
    }

    private Begun begin(String method, Metadata headers) {
        Begun[] begun = new Begun[1];
        ServerCall.Listener<BytesValue> listener =
                meters.interceptCall(new Call(method), headers, (call, alsoHeaders) -> {
                    begun[0] = new Begun(call, new ServerCall.Listener<>() {});
                    return begun[0].listener;
                });
        return new Begun(begun[0].call, listener);
    }

    private Begun begin(String method) {
        return begin(method, new Metadata());
    }

    private long count(String method, Status.Code code) {
        Timer timer = registry.find("rpc.server.duration")
                .tags("door", "grpc", "rpc.service", SERVICE, "rpc.method", method)
                .tag("rpc.grpc.status_code", Integer.toString(code.value()))
                .timer();
        return timer == null ? 0 : timer.count();
    }

    private long countOfAll() {
        return registry.find("rpc.server.duration").timers().stream()
                .mapToLong(Timer::count)
                .sum();
    }

    @Test
    void aCallIsCountedOnceUnderItsMethodAndItsStatus() {
        Begun one = begin("Echo");
        assertThat(countOfAll()).isZero();

        one.answer(Status.OK);
        one.listener.onComplete();
        begin("Echo").answer(Status.NOT_FOUND);
        begin("Other").answer(Status.OK);

        assertThat(count("Echo", Status.Code.OK)).isOne();
        assertThat(count("Echo", Status.Code.NOT_FOUND)).isOne();
        assertThat(count("Other", Status.Code.OK)).isOne();
        assertThat(countOfAll()).isEqualTo(3);
    }

    @Test
    void whoseCallerLeavesIsCancelledWhateverIsAnsweredAfterwards() {
        Begun call = begin("Echo");

        call.listener.onCancel();
        call.answer(Status.OK);

        assertThat(count("Echo", Status.Code.CANCELLED)).isOne();
        assertThat(countOfAll()).isOne();
    }

    @Test
    void whatIsAnsweredIsCountedAsThatWhenItsCallerLeavesAfterwards() {
        Begun call = begin("Echo");

        call.answer(Status.OK);
        call.listener.onCancel();

        assertThat(count("Echo", Status.Code.OK)).isOne();
        assertThat(countOfAll()).isOne();
    }

    @Test
    void aDeadlineThatPassesIsToldFromACallerThatLeaves() {
        ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
        try (Context.CancellableContext late =
                Context.current().withDeadline(Deadline.after(-1, TimeUnit.SECONDS), timer)) {
            late.run(() -> begin("Echo").listener.onCancel());
        } finally {
            timer.shutdownNow();
        }

        assertThat(count("Echo", Status.Code.DEADLINE_EXCEEDED)).isOne();
        assertThat(countOfAll()).isOne();
    }

    @Test
    void aThousandCallersAreTheSameSeriesAsOne() {
        begin("Echo").answer(Status.OK);
        int before = registry.getMeters().size();

        for (int i = 0; i < 1_000; i++) {
            Metadata headers = new Metadata();
            headers.put(CALLER, "10.0.0.1:" + i);
            begin("Echo", headers).answer(Status.OK);
        }

        assertThat(count("Echo", Status.Code.OK)).isEqualTo(1_001);
        assertThat(registry.getMeters()).hasSize(before);
    }

    @Test
    void allMethodsThatNobodyServesAreOneSeries() {
        List<Integer> sizes = List.of(1, 1_000).stream()
                .map(calls -> {
                    for (int i = 0; i < calls; i++) {
                        meters.unknownMethod();
                    }
                    return registry.getMeters().size();
                })
                .toList();

        assertThat(sizes.get(1)).isEqualTo(sizes.get(0));
        assertThat(registry.get("rpc.server.duration")
                        .tags("rpc.service", "_OTHER", "rpc.method", "_OTHER", "rpc.grpc.status_code", "12")
                        .timer()
                        .count())
                .isEqualTo(1_001);
    }

    @Test
    void whatRunsIsShownAsRunning() {
        ServerCall.Listener<BytesValue> call = running.interceptCall(
                new Call("Echo"), new Metadata(), (one, headers) -> new ServerCall.Listener<>() {});
        assertThat(registry.get("rpc.server.active").gauge().value())
                .as("its request is not there yet")
                .isZero();

        call.onHalfClose();
        assertThat(registry.get("rpc.server.active").gauge().value()).isEqualTo(1);

        call.onComplete();
        assertThat(registry.get("rpc.server.active").gauge().value()).isZero();
    }
}
