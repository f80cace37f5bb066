package io.ipamer.api.http;

import static io.ipamer.api.http.RawConnection.bytes;
import static io.ipamer.api.http.RawConnection.join;
import static io.ipamer.api.http.RawConnection.post;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.io.BaseEncoding;
import com.google.protobuf.Any;
import com.google.protobuf.Field;
import com.google.rpc.ErrorInfo;
import io.ipamer.api.Limits;
import io.ipamer.api.http.RawConnection.Answer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** gRPC's and gRPC-Web's frames over HTTP/1.1, well and badly formed. */
@Timeout(60)
@Isolated // a TestDoor reads what the whole process logs
class GrpcOverHttpTest {
    @RegisterExtension
    static final TestDoor DOOR = TestDoor.open();

    private static final String GRPC = "application/grpc";
    private static final String WEB = "application/grpc-web+proto";
    private static final byte[] A = Field.newBuilder().setName("a").build().toByteArray();

    private static byte[] frame(int flag, byte[] message) {
        return join(
                ByteBuffer.allocate(5).put((byte) flag).putInt(message.length).array(), message);
    }

    private static Answer call(byte[] body, String... headers) throws IOException {
        return DOOR.call(post(TestDoor.ECHO, GRPC, body, headers));
    }

    private static void assertRefused(Answer answer, int code, String message) {
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("content-type")).startsWith(GRPC);
        assertThat(answer.grpc("grpc-status")).as(answer.grpc("grpc-message")).isEqualTo(Integer.toString(code));
        assertThat(answer.grpc("grpc-message")).contains(message);
        assertThat(answer.bytes()).isEmpty();
    }

    // answers

    @ParameterizedTest
    @ValueSource(strings = {"application/grpc", "application/grpc+proto"})
    void anAnswerIsAMessageAndTheStatusIsInTheTrailers(String type) throws IOException {
        Answer answer = DOOR.call(post(TestDoor.ECHO, type, frame(0, A)));

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("content-type")).isEqualTo(type);
        assertThat(answer.header("grpc-accept-encoding")).contains("gzip");
        assertThat(answer.headers()).doesNotContainKey("grpc-status");
        assertThat(answer.bytes()).isEqualTo(frame(0, A));
        assertThat(answer.trailers()).containsEntry("grpc-status", "0").doesNotContainKey("grpc-message");
    }

    @ParameterizedTest
    @ValueSource(strings = {"application/grpc-web", "application/grpc-web+proto"})
    void anAnswerForTheWebHasItsStatusAtTheEndOfTheBody(String type) throws IOException {
        Answer answer = DOOR.call(post(TestDoor.ECHO, type, frame(0, A)));

        assertThat(answer.header("content-type")).isEqualTo(type);
        assertThat(answer.headers()).doesNotContainKey("grpc-status");
        assertThat(answer.trailers()).isEmpty();
        assertThat(answer.bytes()).isEqualTo(join(frame(0, A), frame(0x80, bytes("grpc-status: 0\r\n"))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"application/grpc", "application/grpc-web+proto"})
    void aRefusalIsInTheHeadersAlone(String type) throws IOException {
        Field request = Field.newBuilder()
                .setNumber(5)
                .setName("50% of Düsseldorf\n€ 😀~")
                .build();
        Answer answer = DOOR.call(post(TestDoor.FAIL, type, frame(0, request.toByteArray())));

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.bytes()).isEmpty();
        assertThat(answer.trailers()).isEmpty();
        assertThat(answer.header("grpc-status")).isEqualTo("5");
        assertThat(answer.header("grpc-message")).isEqualTo("50%25 of D%C3%BCsseldorf%0A%E2%82%AC %F0%9F%98%80~");
    }

    @Test
    void theDetailsOfARefusalAreInBase64() throws IOException {
        Field request = Field.newBuilder().setNumber(9).setName("no").build();
        Answer answer = DOOR.call(post(TestDoor.FAIL, GRPC, frame(0, request.toByteArray())));

        byte[] details = Base64.getDecoder().decode(answer.header("grpc-status-details-bin"));
        com.google.rpc.Status status = com.google.rpc.Status.parseFrom(details);
        assertThat(status.getMessage()).isEqualTo("no");
        assertThat(status.getDetails(0))
                .isEqualTo(Any.pack(ErrorInfo.newBuilder()
                        .setReason("TEST")
                        .setDomain("ipamer")
                        .build()));
    }

    @Test
    void whatNoHandlerForesawIsAnIncidentWhoseCauseIsNotTold() throws IOException {
        Answer answer = DOOR.call(post(TestDoor.FAIL, GRPC, frame(0, new byte[0])));

        assertRefused(answer, 13, "incident ");
        assertThat(answer.grpc("grpc-message")).doesNotContain("disk secrets");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/test.Service/What",
                "/what.Service/Echo",
                "/test.Service/",
                "/test.Service/Echo/",
                "/x",
                "/a/b/c"
            })
    void aMethodThatThereIsNotIsUnimplemented(String path) throws IOException {
        assertRefused(DOOR.call(post(path, GRPC, frame(0, A))), 12, path.substring(1));
        assertRefused(DOOR.call(post(path, WEB, frame(0, A))), 12, path.substring(1));
    }

    // frames

    @ParameterizedTest
    @ValueSource(strings = {"00", "00000000", "000000000a", "000000000a0102", "0000000000ff", "00000000000000"})
    void aRequestThatEndsInTheMiddleIsRefused(String hex) throws IOException {
        assertRefused(call(HexFormat.of().parseHex(hex)), 3, "the request ends in the middle of a message");
    }

    @Test
    void aRequestWithoutAMessageIsRefused() throws IOException {
        assertRefused(call(new byte[0]), 12, "test.Service/Echo takes one message; none came");
    }

    @Test
    void aRequestWithTwoMessagesIsRefusedWhereOneIsDue() throws IOException {
        byte[] two = join(frame(0, A), frame(0, A));

        assertRefused(call(two), 12, "test.Service/Echo takes one message; a second came");
        assertRefused(
                DOOR.call(post(TestDoor.COUNT, GRPC, two)), 12, "test.Service/Count takes one message; a second came");
    }

    @Test
    void manyMessagesAreTakenWhereManyAreDue() throws IOException {
        byte[] two = frame(0, Field.newBuilder().setNumber(2).build().toByteArray());
        byte[] five = frame(0, Field.newBuilder().setNumber(5).build().toByteArray());

        assertThat(DOOR.call(post(TestDoor.COLLECT, GRPC, join(two, two, new byte[5], two)))
                        .bytes())
                .isEqualTo(frame(0, Field.newBuilder().setNumber(6).build().toByteArray()));
        assertThat(DOOR.call(post(TestDoor.COLLECT, GRPC, five)).bytes()).isEqualTo(five);
        assertThat(DOOR.call(post(TestDoor.COLLECT, GRPC, new byte[0])).bytes()).isEqualTo(frame(0, new byte[0]));
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 0x7f, 0x80, 0xff})
    void aFlagThatThereIsNotIsRefused(int flag) throws IOException {
        assertRefused(
                call(frame(flag, A)),
                13,
                "the first byte of a message is " + flag + "; it must be 0, or 1 for a packed one");
    }

    @Test
    void aPackedMessageOfAnUnknownPackingIsRefused() throws IOException {
        byte[] packed = frame(1, ConnectCallsTest.gzip(A));

        assertRefused(call(packed), 13, "grpc-encoding does not say with what");
        assertRefused(call(packed, "grpc-encoding: identity"), 13, "grpc-encoding does not say with what");
    }

    @Test
    void messagesMayBePackedOrNot() throws IOException {
        assertThat(call(frame(1, ConnectCallsTest.gzip(A)), "grpc-encoding: gzip")
                        .bytes())
                .isEqualTo(frame(0, A));
        assertThat(call(frame(0, A), "grpc-encoding: gzip").bytes()).isEqualTo(frame(0, A));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "78", "1f8b", "1f8b0800000000000000"})
    void whatIsNotGzipIsRefused(String hex) throws IOException {
        assertRefused(
                call(frame(1, HexFormat.of().parseHex(hex)), "grpc-encoding: gzip"),
                3,
                "a message is not packed with gzip, as grpc-encoding says");
    }

    @Test
    void aPackThatIsCutOffIsRefused() throws IOException {
        byte[] packed = ConnectCallsTest.gzip(A);
        byte[] half = Arrays.copyOf(packed, packed.length - 5);

        assertRefused(call(frame(1, half), "grpc-encoding: gzip"), 3, "a message is not packed with gzip");
    }

    @ParameterizedTest
    @ValueSource(strings = {"snappy", "deflate", "br", "gzip, gzip", ""})
    void otherEncodingsAreUnimplemented(String encoding) throws IOException {
        Answer answer = call(frame(0, A), "grpc-encoding: " + encoding);

        assertRefused(answer, 12, "grpc-encoding is \"" + encoding + "\"; there are gzip and identity");
        assertThat(answer.header("grpc-accept-encoding")).isEqualTo("identity,gzip");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "1", "S", "1s", "-1S", "1.5S", "123456789S", "1 S", "1SS", "+1S", "0x1S"})
    void timeoutsAreAtMostEightDigitsAndAUnit(String timeout) throws IOException {
        assertRefused(
                call(frame(0, A), "grpc-timeout: " + timeout),
                3,
                "; it must be a number of at most 8 digits and H, M, S, m, u or n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"99999999H", "99999999M", "1H", "10S", "10000m", "99999999u"})
    void timeoutsMayBeLong(String timeout) throws IOException {
        assertThat(call(frame(0, A), "grpc-timeout: " + timeout).bytes()).isEqualTo(frame(0, A));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0S", "0n", "1n", "1m", "20m"})
    void whatTakesLongerThanItsTimeoutIsRefusedAndEnds(String timeout) throws Exception {
        assertRefused(DOOR.call(post(TestDoor.WAIT, GRPC, frame(0, A), "grpc-timeout: " + timeout)), 4, "");
        // The service has seen it only if it was on its way in time.
        while (!DOOR.waiting.isEmpty()) {
            assertThat(DOOR.cancelled.take()).isSameAs(DOOR.waiting.take());
        }
    }

    @ParameterizedTest
    @CsvSource({"0aff, malformed request", "08, malformed request", "2201ff, malformed request"})
    void whatIsNoProtobufIsRefused(String hex, String why) throws IOException {
        assertRefused(call(frame(0, HexFormat.of().parseHex(hex))), 3, why);
    }

    // sizes

    @Test
    void aMessageMayBeAsLargeAsTheLimit() throws IOException {
        byte[] request = frame(0, ConnectCallsTest.ofSize(Limits.MAX_MESSAGE_BYTES));
        Answer answer = call(request);

        assertThat(answer.grpc("grpc-status")).isEqualTo("0");
        assertThat(answer.bytes().length).isEqualTo(request.length);
    }

    @ParameterizedTest
    @ValueSource(strings = {GRPC, WEB})
    void aMessageThatIsOneByteLargerIsRefused(String type) throws IOException {
        byte[] request = frame(0, ConnectCallsTest.ofSize(Limits.MAX_MESSAGE_BYTES + 1));

        assertRefused(DOOR.call(post(TestDoor.ECHO, type, request)), 8, "the message is larger than 67108864 bytes");
    }

    @Test
    void aBodyThatSaysItIsTooLargeIsRefusedBeforeItComes() throws IOException {
        try (RawConnection connection = DOOR.connect()) {
            connection.send(RawConnection.head(
                    "POST", TestDoor.ECHO, "Content-Type: application/grpc", "Content-Length: 70000000"));

            assertRefused(connection.read(), 8, "the message is larger than 67108864 bytes");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"04000001", "7fffffff", "80000000", "ffffffff"})
    void aPrefixThatSaysItsMessageIsTooLargeIsEnough(String length) throws IOException {
        try (RawConnection connection = DOOR.connect()) {
            connection.send(RawConnection.head(
                    "POST", TestDoor.ECHO, "Content-Type: application/grpc", "Transfer-Encoding: chunked"));
            connection.send(
                    join(bytes("5\r\n"), BaseEncoding.base16().lowerCase().decode("00" + length), bytes("\r\n")));

            assertRefused(connection.read(), 8, "the message is larger than 67108864 bytes");
        }
    }

    @Test
    void aBodyOfMessagesWithoutEndIsRefusedWhereOneIsDue() throws IOException {
        try (RawConnection connection = DOOR.connect()) {
            connection.send(RawConnection.head(
                    "POST", TestDoor.ECHO, "Content-Type: application/grpc", "Transfer-Encoding: chunked"));
            byte[] mebibytes = frame(0, ConnectCallsTest.ofSize((4 << 20) - 5));
            connection.send(join(bytes("400000\r\n"), mebibytes, bytes("\r\n400000\r\n"), mebibytes, bytes("\r\n")));

            assertRefused(connection.read(), 12, "test.Service/Echo takes one message; a second came");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {GRPC, WEB})
    void aBombIsRefusedWithoutBeingUnpacked(String type) throws IOException {
        byte[] request = post(TestDoor.ECHO, type, frame(1, ConnectCallsTest.bomb()), "grpc-encoding: gzip");

        long before = TestDoor.allocatedBytes();
        assertRefused(DOOR.call(request), 8, "the message is larger than 67108864 bytes");
        assertThat(TestDoor.allocatedBytes() - before).isLessThan(4L * Limits.MAX_MESSAGE_BYTES);
    }
}
