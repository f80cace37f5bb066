package io.ipamer.api.http;

import static io.ipamer.api.http.RawConnection.bytes;
import static io.ipamer.api.http.RawConnection.post;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Field;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.Iterator;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

/** How the door closes. */
@Timeout(60)
@Isolated // a TestDoor reads what the whole process logs
class ClosingTest {
    private final TestDoor door = TestDoor.open();

    @Test
    void closingSaysNotServingThenLetsRunningCallsFinishAndTakesNoNewOnes() throws Exception {
        Iterator<HealthCheckResponse> watch = HealthGrpc.newBlockingStub(door.channel())
                .watch(HealthCheckRequest.newBuilder()
                        .setService(TestDoor.SERVICE)
                        .build());
        assertThat(watch.next().getStatus()).isEqualTo(ServingStatus.SERVING);
        try (RawConnection json = door.connect();
                RawConnection grpc = door.connect();
                Http2Connection http2 = new Http2Connection(door.port())) {
            json.send(post(TestDoor.WAIT, "application/json", bytes("{}")));
            grpc.send(post(TestDoor.WAIT, "application/grpc", new byte[5]));
            http2.request(1, Http2Connection.post(TestDoor.WAIT, "application/grpc"), new byte[5]);
            http2.flush();
            door.awaitCame(3);

            Thread closer = new Thread(door::leave);
            closer.start();

            assertThat(watch.next().getStatus()).isEqualTo(ServingStatus.NOT_SERVING);
            awaitRefused();
            assertThat(closer.isAlive()).isTrue();

            for (StreamObserver<Field> call : door.takeCame()) {
                call.onNext(Field.newBuilder().setName("a").build());
                call.onCompleted();
            }
            assertThat(json.read().body()).isEqualTo("{\"name\":\"a\"}");
            assertThat(grpc.read().grpc("grpc-status")).isEqualTo("0");
            assertThat(http2.await(frame -> frame.stream() == 1 && frame.ends())
                            .headers()
                            .get("grpc-status"))
                    .hasToString("0");
            closer.join();
        }
    }

    /** Nobody listens any more. */
    private void awaitRefused() {
        IOException refused = null;
        while (refused == null) {
            try (RawConnection late = door.connect()) {
                late.call(post(TestDoor.ECHO, "application/json", bytes("{}")));
            } catch (IOException unavailable) {
                refused = unavailable;
            }
        }
    }

    @Test
    void closingDoesNotWaitForWatchesOfTheHealth() {
        Iterator<HealthCheckResponse> watch =
                HealthGrpc.newBlockingStub(door.channel()).watch(HealthCheckRequest.getDefaultInstance());
        assertThat(watch.next().getStatus()).isEqualTo(ServingStatus.SERVING);

        long started = System.nanoTime();
        door.leave();

        assertThat(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - started)).isLessThan(10);
        assertThat(watch.next().getStatus()).isEqualTo(ServingStatus.NOT_SERVING);
        assertThatThrownBy(watch::hasNext).isInstanceOf(StatusRuntimeException.class);
    }

    @Test
    void closingDoesNotWaitForConnectionsThatSayNothingOrHalfOfIt() throws IOException {
        try (RawConnection silent = door.connect();
                RawConnection begun = door.connect();
                RawConnection half = door.connect();
                Http2Connection halfOfGrpc = new Http2Connection(door.port())) {
            halfOfGrpc.frame(
                    Http2Connection.HEADERS,
                    Http2Connection.END_HEADERS,
                    1,
                    Http2Connection.post(TestDoor.ECHO, "application/grpc"));
            halfOfGrpc.frame(Http2Connection.DATA, 0, 1, new byte[3]);
            halfOfGrpc.flush();
            begun.send("POST /test.Service/Echo HTTP/1.1\r\n");
            half.send("POST /test.Service/Echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    + "Content-Length: 100\r\n\r\n{");

            long started = System.nanoTime();
            door.leave();

            assertThat(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - started))
                    .isLessThan(10);
            assertThat(silent.closes()).isTrue();
            assertThat(begun.closes()).isTrue();
            assertThat(half.closes()).isTrue();
        }
    }
}
