package io.ipamer.api.http;

import static io.ipamer.api.http.RawConnection.bytes;
import static io.ipamer.api.http.RawConnection.head;
import static io.ipamer.api.http.RawConnection.join;
import static io.ipamer.api.http.RawConnection.post;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Field;
import com.sun.management.UnixOperatingSystemMXBean;
import io.grpc.stub.StreamObserver;
import io.ipamer.api.http.RawConnection.Answer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients of HTTP/1.1 that are slow, leave early, say things in two ways, or are many. */
@Timeout(60)
@Isolated // a TestDoor reads what the whole process logs
class Http1ClientsTest {
    @RegisterExtension
    static final TestDoor DOOR = TestDoor.open();

    @RegisterExtension
    static final TestDoor BRIEF = TestDoor.openBriefly(Duration.ofSeconds(1), Duration.ofSeconds(1));

    private static final String JSON = "Content-Type: application/json";

    private static byte[] echo(String name) {
        return post(TestDoor.ECHO, "application/json", bytes(body(name)));
    }

    private static String body(String name) {
        return "{\"name\":\"" + name + "\"}";
    }

    // the usual, said unusually

    /** As many requests as come could be sent before the first is answered. */
    @Test
    void requestsThatDoNotWaitForAnswersAreReadNoFasterThanTheyAreAnswered() throws Exception {
        int calls = 2_000;
        byte[] call = post(TestDoor.WAIT, "application/json", bytes("{}"));
        try (RawConnection connection = DOOR.connect()) {
            CompletableFuture<Void> sent = CompletableFuture.runAsync(() -> {
                try {
                    for (int i = 0; i < calls; i++) {
                        connection.send(call);
                    }
                } catch (IOException broken) {
                    throw new UncheckedIOException(broken);
                }
            });
            int most = 0;
            for (int i = 0; i < calls; i++) {
                StreamObserver<Field> next = DOOR.waiting.take();
                most = Math.max(most, 1 + DOOR.waiting.size());
                next.onNext(Field.getDefaultInstance());
                next.onCompleted();
            }
            sent.join();
            for (int i = 0; i < calls; i++) {
                assertThat(connection.read().status()).isEqualTo(200);
            }
            // A hundred, and what comes with them in one piece.
            assertThat(most).isLessThan(400);
        }
    }

    @Test
    void requestsInARowAreAnsweredInTheirOrder() throws IOException {
        try (RawConnection connection = DOOR.connect()) {
            connection.send(join(echo("a"), echo("b"), post("/what", "application/json", bytes("{}")), echo("c")));

            assertThat(connection.read().body()).isEqualTo(body("a"));
            assertThat(connection.read().body()).isEqualTo(body("b"));
            assertThat(connection.read().status()).isEqualTo(404);
            assertThat(connection.read().body()).isEqualTo(body("c"));
        }
    }

    @Test
    void whoeverExpectsToBeToldToGoOnIsTold() throws IOException {
        try (RawConnection connection = DOOR.connect()) {
            connection.send(head("POST", TestDoor.ECHO, JSON, "Content-Length: 12", "Expect: 100-continue"));
            assertThat(connection.read().status()).isEqualTo(100);

            connection.send(body("a"));
            assertThat(connection.read().body()).isEqualTo(body("a"));
        }
    }

    @Test
    void otherExpectationsFail() throws IOException {
        assertThat(DOOR.json(TestDoor.ECHO, "{}", "Expect: what").status()).isEqualTo(417);
    }

    @Test
    void clientsOfHttp10AreAnsweredAndTheConnectionClosed() throws IOException {
        try (RawConnection connection = DOOR.connect()) {
            connection.send(
                    "POST " + TestDoor.ECHO + " HTTP/1.0\r\n" + JSON + "\r\nContent-Length: 12\r\n\r\n" + body("a"));
            Answer answer = connection.read();

            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.header("connection")).isEqualTo("close");
            assertThat(answer.header("content-length")).isEqualTo("12");
            assertThat(answer.body()).isEqualTo(body("a"));
        }
    }

    @Test
    void thePathMayBeAWholeAddress() throws IOException {
        assertThat(DOOR.json("http://127.0.0.1" + TestDoor.ECHO, "{}").body()).isEqualTo("{}");
        assertThat(DOOR.json("http://other.example:99" + TestDoor.ECHO, "{}").body())
                .isEqualTo("{}");
    }

    @Test
    void aBodyMayComeInChunks() throws IOException {
        try (RawConnection connection = DOOR.connect()) {
            connection.send(join(
                    head("POST", TestDoor.ECHO, JSON, "Transfer-Encoding: chunked"),
                    bytes("6;x=y\r\n{\"name\r\n6\r\n\":\"a\"}\r\n0\r\nTrailer: x\r\n\r\n")));
            assertThat(connection.read().body()).isEqualTo(body("a"));
            assertThat(connection.call(echo("b")).body()).isEqualTo(body("b"));
        }
    }

    // sizes

    @Test
    void headersMayHoldATokenAndTooManyAreRefused() throws IOException {
        assertThat(DOOR.json(TestDoor.ECHO, "{}", "Token: " + "x".repeat(12 << 10))
                        .status())
                .isEqualTo(200);

        assertThat(DOOR.json(TestDoor.ECHO, "{}", "Token: " + "x".repeat(17 << 10))
                        .status())
                .isEqualTo(431);
        String[] many = new String[2_000];
        Arrays.setAll(many, i -> "Token-" + i + ": x");
        assertThat(DOOR.json(TestDoor.ECHO, "{}", many).status()).isEqualTo(431);
    }

    @Test
    void aPathThatIsTooLongIsRefused() throws IOException {
        assertThat(DOOR.json("/" + "x".repeat(70_000), "{}").status()).isEqualTo(414);
    }

    // rubbish, and what could be read in two ways

    @ParameterizedTest
    @ValueSource(
            strings = {
                "rubbish\r\n\r\n",
                "\r\n\r\n\r\n\r\n",
                "POST\r\n\r\n",
                "POST / HTTP/9.9\r\n\r\n",
                "POST / HTTP/1.1 x\r\nHost: a\r\n\r\n",
                "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003\r\n\r\n",
                "POST /test.Service/Wait HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: x\r\n\r\n{}",
                "POST /test.Service/Wait HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: -2\r\n\r\n{}",
                "POST /test.Service/Wait HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: +2\r\n\r\n{}",
                "POST /test.Service/Wait HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 99999999999999999999\r\n\r\n{}",
                "POST /test.Service/Wait HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\nA\u0000b: c\r\n\r\n{}",
                "POST /test.Service/Wait HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\nno colon\r\n\r\n{}",
                "POST /test.Service/Wait HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n{}\r\n0\r\n\r\n",
                "POST /test.Service/Wait HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
                "POST /test.Service/Wait HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n",
                "POST /test.Service/Wait HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n0\r\n\r\n",
                "POST /test.Service/Wait HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}x\r\n0\r\n\r\n"
            })
    void whatIsNoHttpIsRefusedAndTheConnectionClosed(String request) throws IOException {
        try (RawConnection connection = DOOR.connect()) {
            connection.send(request);
            connection.finish();
            String answer = connection.rest();

            assertThat(answer).doesNotContain(" 200 ");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Content-Length: 4|Content-Length: 60",
                "Content-Length: 60|Content-Length: 4",
                "Content-Length: 4, 60",
                "Content-Length: 4|Transfer-Encoding:\u000bchunked",
                "Content-Length: 4|Transfer-Encoding : chunked",
                "Content-Length : 4"
            })
    void aBodyWhoseLengthCanBeReadInTwoWaysHidesNoSecondRequest(String lengths) throws IOException {
        byte[] hidden = post(TestDoor.WAIT, "application/json", bytes("{}"));
        try (RawConnection connection = DOOR.connect()) {
            String[] headers = (JSON + "|" + lengths).split("\\|");
            connection.send(join(head("POST", TestDoor.ECHO, headers), bytes("0\r\n\r\n"), hidden));
            connection.finish();
            String answers = connection.rest();

            assertThat(answers.split("HTTP/1.1 ", -1).length - 1).isLessThanOrEqualTo(1);
            assertThat(answers).doesNotContain(" 200 ");
        }
        assertThat(DOOR.waiting).isEmpty();
    }

    /** HTTP has it so (RFC 9112, 6.3), though it would have us close the connection then. */
    @Test
    void whereBothLengthsComeTheChunksCount() throws IOException {
        try (RawConnection connection = DOOR.connect()) {
            connection.send(join(
                    head("POST", TestDoor.ECHO, JSON, "Content-Length: 4", "Transfer-Encoding: chunked"),
                    bytes("c\r\n{\"name\":\"a\"}\r\n0\r\n\r\n")));

            assertThat(connection.read().body()).isEqualTo(body("a"));
            assertThat(connection.call(echo("b")).body()).isEqualTo(body("b"));
        }
    }

    // clients that are slow

    @Test
    void whoeverSendsNothingIsNotWaitedForLong() throws IOException {
        try (RawConnection silent = BRIEF.connect();
                RawConnection begun = BRIEF.connect();
                RawConnection served = BRIEF.connect()) {
            begun.send("POST /test.Service/Echo HTTP/1.1\r\nHost: a\r\n");
            assertThat(served.call(echo("a")).status()).isEqualTo(200);

            assertThat(begun.closes()).isTrue();
            assertThat(served.closes()).isTrue();
            assertThat(silent.closes()).isTrue();
        }
    }

    @Test
    void headersThatComeByteByByteAreNotWaitedForLong() throws IOException {
        try (RawConnection connection = BRIEF.connect()) {
            connection.send("POST /test.Service/Echo HTTP/1.1\r\nHost: a\r\nX: ");
            assertThat(connection.closesThough("x", 100)).isTrue();
        }
    }

    @Test
    void aBodyThatDoesNotComeInTimeIsRefusedAndItsCallIsNotMade() throws IOException {
        try (RawConnection json = BRIEF.connect();
                RawConnection grpc = BRIEF.connect();
                RawConnection other = BRIEF.connect()) {
            json.send(join(head("POST", TestDoor.WAIT, JSON, "Content-Length: 12"), bytes("{")));
            grpc.send(join(
                    head("POST", TestDoor.WAIT, "Content-Type: application/grpc", "Content-Length: 12"), new byte[3]));
            other.send(join(head("POST", TestDoor.WAIT, "Content-Length: 12"), new byte[3]));

            Answer answer = json.read();
            assertThat(answer.status()).isEqualTo(504);
            assertThat(answer.body())
                    .isEqualTo(
                            "{\"code\":\"deadline_exceeded\",\"message\":\"the request did not come whole in time\"}");
            answer = grpc.read();
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.grpc("grpc-status")).isEqualTo("4");
            assertThat(answer.grpc("grpc-message")).isEqualTo("the request did not come whole in time");
            assertThat(other.read().status()).isEqualTo(415);
        }
        assertThat(BRIEF.waiting).isEmpty();
    }

    // clients that leave

    private static final List<String> FORMS =
            List.of("application/json", "application/proto", "application/grpc", "application/grpc-web+proto");

    @Test
    void whoeverLeavesEndsTheirCalls() throws Exception {
        for (String form : FORMS) {
            try (RawConnection connection = DOOR.connect()) {
                connection.send(post(TestDoor.WAIT, form, waitFor(form)));
                DOOR.awaitCame(1);
                connection.reset();
            }
        }
        try (RawConnection connection = DOOR.connect()) {
            connection.send(post(TestDoor.COUNT, "application/grpc", new byte[5]));
            DOOR.awaitCame(1);
            connection.reset();
        }
        DOOR.awaitLeft(FORMS.size() + 1);
    }

    /** As Go's servers have it, go-ipam's too. */
    @Test
    void whoeverClosesTheirSideHasLeft() throws Exception {
        List<RawConnection> connections = new ArrayList<>();
        for (String form : FORMS) {
            RawConnection connection = DOOR.connect();
            connections.add(connection);
            connection.send(post(TestDoor.WAIT, form, waitFor(form)));
            DOOR.awaitCame(1);
            connection.finish();
        }
        DOOR.awaitLeft(FORMS.size());
        for (RawConnection connection : connections) {
            assertThat(connection.closes()).isTrue();
            connection.close();
        }
    }

    @Test
    void whoeverLeavesInTheMiddleOfABodyMakesNoCall() throws Exception {
        for (String type : new String[] {"application/json", "application/grpc"}) {
            try (RawConnection connection = DOOR.connect()) {
                connection.send(
                        join(head("POST", TestDoor.WAIT, "Content-Type: " + type, "Content-Length: 12"), new byte[3]));
                connection.finish();
                assertThat(connection.closes()).isTrue();
            }
        }
        assertThat(DOOR.waiting).isEmpty();
    }

    private static byte[] waitFor(String type) {
        return type.startsWith("application/grpc") ? new byte[5] : type.endsWith("json") ? bytes("{}") : new byte[0];
    }

    // clients that are many

    /** Both ends of a connection are files of this process: where it may not have that many open, there are fewer. */
    @Test
    void tenThousandIdleConnectionsDisturbNobody() throws IOException {
        UnixOperatingSystemMXBean system = (UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long free = system.getMaxFileDescriptorCount() - system.getOpenFileDescriptorCount();
        int number = (int) Math.min(10_000, (free - 200) / 2);
        if (number < 10_000) {
            System.err.println("Http1ClientsTest: " + number + " idle connections, as this process may open no more");
        }
        InetSocketAddress address =
                new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), DOOR.port());
        List<SocketChannel> idle = new ArrayList<>();
        try {
            for (int i = 0; i < number; i++) {
                SocketChannel connection = SocketChannel.open(address);
                idle.add(connection);
                if (i % 2 == 0) {
                    connection.write(ByteBuffer.wrap(bytes("POST /test.Service/Echo HTTP/1.1\r\nHost: a\r\n")));
                }
                if (i % 1_000 == 0) {
                    DOOR.assertServes();
                }
            }
            DOOR.assertServes();
            // They are not forgotten either.
            SocketChannel last = idle.get(1);
            last.write(ByteBuffer.wrap(echo("a")));
            ByteBuffer answer = ByteBuffer.allocate(1_000);
            assertThat(last.read(answer)).isPositive();
            assertThat(new String(answer.array(), 0, answer.position(), UTF_8)).startsWith("HTTP/1.1 200 ");
        } finally {
            for (SocketChannel connection : idle) {
                connection.close();
            }
        }
    }
}
