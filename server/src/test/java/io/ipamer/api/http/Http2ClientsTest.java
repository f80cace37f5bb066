package io.ipamer.api.http;

import static io.ipamer.api.http.Http2Connection.post;
import static io.ipamer.api.http.RawConnection.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.ipamer.api.http.Http2Connection.Frame;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients of HTTP/2 that leave early, send too much, or frames without end. */
@Timeout(60)
@Isolated // a TestDoor reads what the whole process logs
class Http2ClientsTest {
    @RegisterExtension
    static final TestDoor DOOR = TestDoor.open();

    @RegisterExtension
    static final TestDoor BRIEF = TestDoor.openBriefly(Duration.ofSeconds(1), Duration.ofSeconds(1));

    private static final byte[] ECHO_JSON = post(TestDoor.ECHO, "application/json");
    private static final byte[] LAST = {1, 2, 3, 4, 5, 6, 7, 8};
    private static final byte[] WAIT_GRPC = post(TestDoor.WAIT, "application/grpc");

    private static Http2Connection connect() throws IOException {
        return new Http2Connection(DOOR.port());
    }

    private static Http2Headers head(Http2Connection connection, int stream) throws Exception {
        connection.flush();
        Frame head =
                connection.await(frame -> frame.stream() == stream && frame.type() != Http2Connection.WINDOW_UPDATE);
        assertThat(head.type()).isEqualTo(Http2Connection.HEADERS);
        return head.headers();
    }

    private static void assertServes(Http2Connection connection, int stream) throws Exception {
        connection.request(stream, ECHO_JSON, bytes("{}"));
        assertThat(head(connection, stream).status()).hasToString("200");
        connection.await(frame -> frame.stream() == stream && frame.ends());
    }

    // the usual

    @Test
    void connectSpeaksHttp2Too() throws Exception {
        try (Http2Connection connection = connect()) {
            assertServes(connection, 1);
            connection.request(3, post("/test.Service/What", "application/json"), bytes("{}"));
            assertThat(head(connection, 3).status()).hasToString("404");
            assertServes(connection, 5);
        }
    }

    @Test
    void grpcHasItsStatusInTheTrailers() throws Exception {
        try (Http2Connection connection = connect()) {
            connection.request(1, post(TestDoor.ECHO, "application/grpc"), new byte[5]);
            assertThat(head(connection, 1).status()).hasToString("200");

            Frame end = connection.await(Frame::ends);
            assertThat(end.type()).isEqualTo(Http2Connection.HEADERS);
            assertThat(end.headers().get("grpc-status")).hasToString("0");
        }
    }

    // clients that leave

    @ParameterizedTest
    @ValueSource(strings = {"application/json", "application/proto", "application/grpc", "application/grpc-web+proto"})
    void aCallThatIsResetEndsAndItsConnectionGoesOn(String type) throws Exception {
        try (Http2Connection connection = connect()) {
            byte[] body = type.startsWith("application/grpc")
                    ? new byte[5]
                    : type.endsWith("json") ? bytes("{}") : new byte[0];
            connection.request(1, post(TestDoor.WAIT, type), body);
            connection.flush();
            DOOR.awaitCame(1);

            connection.reset(1);
            connection.flush();

            DOOR.awaitLeft(1);
            assertServes(connection, 3);
        }
    }

    @Test
    void aConnectionThatEndsEndsItsCalls() throws Exception {
        try (Http2Connection connection = connect()) {
            for (int i = 0; i < 10; i++) {
                connection.request(2 * i + 1, WAIT_GRPC, new byte[5]);
            }
            connection.request(21, post(TestDoor.COUNT, "application/grpc"), new byte[5]);
            connection.flush();
            DOOR.awaitCame(11);
        }
        DOOR.awaitLeft(11);
    }

    @Test
    void aBodyThatDoesNotComeInTimeIsRefusedAndItsCallIsNotMade() throws Exception {
        try (Http2Connection connection = new Http2Connection(BRIEF.port())) {
            connection.frame(Http2Connection.HEADERS, Http2Connection.END_HEADERS, 1, WAIT_GRPC);
            connection.frame(Http2Connection.DATA, 0, 1, (byte) 0);
            connection.frame(
                    Http2Connection.HEADERS, Http2Connection.END_HEADERS, 3, post(TestDoor.WAIT, "application/json"));

            assertThat(head(connection, 1).get("grpc-status")).hasToString("4");
            assertThat(head(connection, 3).status()).hasToString("504");
        }
        assertThat(BRIEF.waiting).isEmpty();
    }

    @Test
    void aConnectionWithoutCallsIsNotKeptForLong() throws Exception {
        try (Http2Connection connection = new Http2Connection(BRIEF.port())) {
            connection.flush();

            assertThat(connection
                            .await(frame -> frame.type() == Http2Connection.GO_AWAY)
                            .code())
                    .isZero();
        }
    }

    // too much

    @Test
    void headersMayHoldATokenAndTooManyAreRefused() throws Exception {
        try (Http2Connection connection = connect()) {
            connection.request(1, post(TestDoor.ECHO, "application/json", "token", "x".repeat(12 << 10)), bytes("{}"));
            assertThat(head(connection, 1).status()).hasToString("200");
            connection.await(frame -> frame.stream() == 1 && frame.ends());

            byte[] head = post(TestDoor.ECHO, "application/json", "token", "x".repeat(17 << 10));
            byte[] first = Arrays.copyOf(head, 16 << 10);
            byte[] rest = Arrays.copyOfRange(head, 16 << 10, head.length);
            connection.frame(Http2Connection.HEADERS, Http2Connection.END_STREAM, 3, first);
            connection.frame(Http2Connection.CONTINUATION, Http2Connection.END_HEADERS, 3, rest);
            connection.flush();
            Frame answer = connection.await(frame -> frame.stream() == 3 || frame.type() == Http2Connection.GO_AWAY);
            assertThat(answer.headers().status()).hasToString("431");
        }
    }

    @Test
    void aMessageThatIsTooLargeIsRefusedAndItsConnectionGoesOn() throws Exception {
        try (Http2Connection connection = connect()) {
            byte[] prefix = {0, 4, 0, 0, 1};
            connection.frame(
                    Http2Connection.HEADERS, Http2Connection.END_HEADERS, 1, post(TestDoor.ECHO, "application/grpc"));
            connection.frame(Http2Connection.DATA, 0, 1, prefix);
            assertThat(head(connection, 1).get("grpc-status")).hasToString("8");
            connection.frame(Http2Connection.DATA, 0, 1, new byte[1_000]); // which was on its way

            connection.frame(
                    Http2Connection.HEADERS,
                    Http2Connection.END_HEADERS,
                    3,
                    post(TestDoor.ECHO, "application/grpc", "content-length", "70000000"));
            assertThat(head(connection, 3).get("grpc-status")).hasToString("8");
            connection.frame(
                    Http2Connection.HEADERS,
                    Http2Connection.END_HEADERS,
                    5,
                    post(TestDoor.ECHO, "application/json", "content-length", "70000000"));
            assertThat(head(connection, 5).status()).hasToString("429");
            assertServes(connection, 7);
        }
    }

    @Test
    void aThousandCallersMayGiveUpAtOnce() throws Exception {
        try (Http2Connection connection = connect()) {
            for (int i = 0; i < 1_000; i++) {
                connection.request(2 * i + 1, WAIT_GRPC, new byte[5]);
            }
            connection.flush();
            DOOR.awaitCame(1_000);
            for (int i = 0; i < 1_000; i++) {
                connection.reset(2 * i + 1);
            }
            assertServes(connection, 2_001);
        }
        DOOR.awaitLeft(1_000);
    }

    // floods: their connection is closed

    @Test
    void aFloodOfResetsClosesItsConnection() throws Exception {
        try (Http2Connection connection = connect()) {
            connection.request(1, WAIT_GRPC, new byte[5]);
            assertThat(flood(connection, 20_000, i -> {
                        connection.frame(Http2Connection.HEADERS, Http2Connection.END_HEADERS, 2 * i + 3, WAIT_GRPC);
                        connection.reset(2 * i + 3);
                    }))
                    .isTrue();
        }
        DOOR.awaitCame(1);
        DOOR.awaitLeft(1);
    }

    @Test
    void aMistakeThatCostsAStreamClosesItsConnectionAndEndsItsCalls() throws Exception {
        try (Http2Connection connection = connect()) {
            connection.request(1, WAIT_GRPC, new byte[5]);
            connection.request(3, WAIT_GRPC, new byte[5]);
            connection.flush();
            DOOR.awaitCame(2);

            connection.frame(Http2Connection.WINDOW_UPDATE, 0, 3, new byte[4]);
            connection.flush();

            assertThat(connection.await(Frame::ends).code()).isEqualTo(1);
            assertThat(connection.closes()).isNull();
        }
        DOOR.awaitLeft(2);
    }

    /** CVE-2025-8671: the server is made to reset what it was asked for, here by a window that grows by nothing. */
    @Test
    void aFloodOfMistakesThatHaveTheServerResetClosesItsConnection() throws Exception {
        try (Http2Connection connection = connect()) {
            assertThat(flood(connection, 20_000, i -> {
                        connection.frame(Http2Connection.HEADERS, Http2Connection.END_HEADERS, 2 * i + 1, WAIT_GRPC);
                        connection.frame(Http2Connection.WINDOW_UPDATE, 0, 2 * i + 1, new byte[4]);
                    }))
                    .isTrue();
        }
    }

    /** Nothing more is read from whom reads nothing: what it is owed would have no end. */
    @ParameterizedTest
    @ValueSource(ints = {Http2Connection.PING, Http2Connection.SETTINGS})
    void whatMustBeAcknowledgedIsReadNoFasterThanItsAcknowledgementsAre(int type) throws Exception {
        byte[] payload = new byte[type == Http2Connection.PING ? 8 : 0];
        ExecutorService threads = Executors.newSingleThreadExecutor();
        try (Http2Connection connection = connect()) {
            Future<?> written = threads.submit(() -> {
                for (int sent = 0; sent < 10_000_000; sent++) {
                    connection.frame(type, 0, 0, payload);
                }
                return null;
            });

            assertThatThrownBy(() -> written.get(2, TimeUnit.SECONDS)).isInstanceOf(TimeoutException.class);
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void headersWithoutEndCloseTheirConnection() throws Exception {
        try (Http2Connection connection = connect()) {
            connection.frame(Http2Connection.HEADERS, 0, 1, ECHO_JSON);
            assertThat(flood(
                            connection, 20_000, i -> connection.frame(Http2Connection.CONTINUATION, 0, 1, new byte[0])))
                    .isTrue();
        }
    }

    @Test
    void dataThatIsEmptyWithoutEndClosesItsConnection() throws Exception {
        try (Http2Connection connection = connect()) {
            connection.frame(Http2Connection.HEADERS, Http2Connection.END_HEADERS, 1, ECHO_JSON);
            assertThat(flood(connection, 20_000, i -> connection.frame(Http2Connection.DATA, 0, 1, new byte[0])))
                    .isTrue();
        }
    }

    @FunctionalInterface
    private interface Step {
        void send(int number) throws IOException;
    }

    /** Whether the server closes the connection; nothing of what it says is read before that. */
    private static boolean flood(Http2Connection connection, int times, Step step) throws IOException {
        try {
            for (int sent = 0; sent < times; sent++) {
                step.send(sent);
            }
            connection.frame(Http2Connection.PING, 0, 0, LAST);
            connection.flush();
            connection.await(frame ->
                    frame.type() == Http2Connection.PING && frame.payload().equals(ByteBuffer.wrap(LAST)));
        } catch (SocketException | EOFException closed) {
            return true;
        }
        return false;
    }

    // rubbish

    @ParameterizedTest
    @ValueSource(
            strings = {
                "000000000000000000", // DATA of no stream
                "000000010500000001", // HEADERS that are empty
                "000001010500000001ff", // HEADERS that are no HPACK
                "000000010500000002", // a stream that is the server's
                "000000090400000001", // CONTINUATION of nothing
                "000004080000000000ffffffff", // a window that grows by too much
                "000001060000000000ff", // PING that is too short
                "0000060400000000000004ffffffff", // SETTINGS that cannot be
                "ffffff000000000001", // a frame that is too large
                "000005050400000001", // a PUSH_PROMISE from a client, cut off
            })
    void framesThatCannotBeCloseTheirConnection(String hex) throws Exception {
        try (Http2Connection connection = connect()) {
            connection.bytes(HexFormat.of().parseHex(hex));
            connection.bytes(new byte[64]);
            connection.flush();
            assertThat(connection.closes()).isNotEqualTo(0);
        }
    }

    @Test
    void aPrefaceThatIsWrongClosesItsConnection() throws Exception {
        try (RawConnection connection = DOOR.connect()) {
            connection.send("PRI /test.Service/Echo HTTP/1.1\r\nHost: a\r\n\r\n");
            assertThat(connection.closes()).isTrue();
        }
    }
}
