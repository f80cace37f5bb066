package io.ipamer.benchmarks;

import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import io.ipamer.client.Allocation;
import io.ipamer.client.IpamerAsync;
import io.ipamer.client.IpamerClient;
import io.ipamer.client.Metadata;
import io.ipamer.proto.v1.AcquireIpRequest;
import io.ipamer.proto.v1.AcquireIpResponse;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import io.ipamer.proto.v1.IpamerServiceGrpc.IpamerServiceBlockingStub;
import io.ipamer.proto.v1.IpamerServiceGrpc.IpamerServiceFutureStub;
import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What the Java client costs over the generated stubs: one AcquireIp at a time over a channel in the same process, to a
 * server that answers the same address each time. The stubs send a request id and a deadline too, as callers should.
 * With {@code -prof gc} it says the bytes.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
@Fork(value = 2, jvmArgsAppend = "-XX:+UseSerialGC")
@State(Scope.Benchmark)
public class ClientOverhead {
    private static final String PREFIX = "10.0.0.0/24";
    private static final long DEADLINE_SECONDS = 20;

    private Server server;
    private ManagedChannel channel;
    private IpamerServiceBlockingStub blocking;
    private IpamerServiceFutureStub future;
    private IpamerClient client;
    private IpamerAsync async;
    private long calls;

    @Setup
    public void open() throws IOException {
        AcquireIpResponse.Builder answer = AcquireIpResponse.newBuilder().setRevision(7);
        answer.getAllocationBuilder()
                .setAllocationId("d8614ed9-790e-45bb-9aed-185daa5ee1ae")
                .setAddress("10.0.0.1")
                .setNamespace("root")
                .setPrefixCidr(PREFIX);
        AcquireIpResponse same = answer.build();
        server = InProcessServerBuilder.forName("overhead")
                .directExecutor()
                .addService(new IpamerServiceGrpc.IpamerServiceImplBase() {
                    @Override
                    public void acquireIp(AcquireIpRequest request, StreamObserver<AcquireIpResponse> answers) {
                        answers.onNext(same);
                        answers.onCompleted();
                    }
                })
                .build()
                .start();
        channel = InProcessChannelBuilder.forName("overhead").directExecutor().build();
        blocking = IpamerServiceGrpc.newBlockingStub(channel);
        future = IpamerServiceGrpc.newFutureStub(channel);
        client = IpamerClient.builder().channel(channel).build();
        async = client.async();
    }

    @TearDown
    public void close() {
        client.close();
        channel.shutdownNow();
        server.shutdownNow();
    }

    @Benchmark
    public AcquireIpResponse stub() {
        return blocking.withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS).acquireIp(request());
    }

    @Benchmark
    public Allocation client() {
        return client.acquireIp(PREFIX);
    }

    @Benchmark
    public AcquireIpResponse futureStub() throws ExecutionException, InterruptedException {
        return future.withDeadlineAfter(DEADLINE_SECONDS, TimeUnit.SECONDS)
                .acquireIp(request())
                .get();
    }

    @Benchmark
    public Allocation futureClient() {
        return async.acquireIp(PREFIX, Metadata.NONE).join();
    }

    private AcquireIpRequest request() {
        return AcquireIpRequest.newBuilder()
                .setPrefixCidr(PREFIX)
                .setRequestId("call-" + ++calls)
                .build();
    }
}
