package io.ipamer.api.http;

import static io.ipamer.api.http.RawConnection.bytes;
import static io.ipamer.api.http.RawConnection.post;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.protobuf.Field;
import com.google.rpc.ErrorInfo;
import io.ipamer.api.Limits;
import io.ipamer.api.http.RawConnection.Answer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Connect's unary calls on the wire: what is taken, how refusals look. */
@Timeout(60)
@Isolated // a TestDoor reads what the whole process logs
class ConnectCallsTest {
    @RegisterExtension
    static final TestDoor DOOR = TestDoor.open();

    private static void assertRefused(Answer answer, int status, String code, String message) {
        assertThat(answer.status()).as(answer.body()).isEqualTo(status);
        assertThat(answer.header("content-type")).isEqualTo("application/json");
        JsonObject error = JsonParser.parseString(answer.body()).getAsJsonObject();
        assertThat(error.get("code").getAsString()).isEqualTo(code);
        assertThat(error.get("message").getAsString()).contains(message);
        assertThat(error.keySet()).containsExactly("code", "message");
    }

    // what is taken

    @Test
    void jsonIsAnsweredInJson() throws IOException {
        Answer answer = DOOR.json(TestDoor.ECHO, "{\"name\":\"a\"}");

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("content-type")).isEqualTo("application/json");
        assertThat(answer.header("accept-encoding")).isEqualTo("gzip");
        assertThat(answer.header("content-encoding")).isEmpty();
        assertThat(answer.header("content-length")).isEqualTo("12");
        assertThat(answer.body()).isEqualTo("{\"name\":\"a\"}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "application/json; charset=utf-8",
                "application/json;charset=UTF-8",
                "Application/JSON",
                "application/json; charset=\"utf-8\""
            })
    void jsonMaySayThatItIsUtf8(String type) throws IOException {
        Answer answer = DOOR.call(post(TestDoor.ECHO, type, bytes("{\"name\":\"ä\"}")));

        assertThat(answer.body()).isEqualTo("{\"name\":\"ä\"}");
        assertThat(answer.header("content-type")).isEqualTo("application/json");
    }

    @Test
    void protobufIsAnsweredInProtobuf() throws IOException {
        Field field = Field.newBuilder().setName("a").setNumber(7).build();
        Answer answer = DOOR.call(post(TestDoor.ECHO, "application/proto", field.toByteArray()));

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("content-type")).isEqualTo("application/proto");
        assertThat(Field.parseFrom(answer.bytes())).isEqualTo(field);
    }

    @Test
    void anEmptyBodyIsAnEmptyMessageOfProtobuf() throws IOException {
        Answer answer = DOOR.call(post(TestDoor.ECHO, "application/proto", new byte[0]));

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.bytes()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"0aff", "08", "ff", "0a0141ffffffffffffffffffffff"})
    void whatIsNoProtobufIsRefused(String hex) throws IOException {
        byte[] body = HexFormat.of().parseHex(hex);

        assertRefused(
                DOOR.call(post(TestDoor.ECHO, "application/proto", body)),
                400,
                "invalid_argument",
                "malformed request: ");
    }

    @Test
    void textThatIsNotUtf8IsRefusedInProtobuf() throws IOException {
        byte[] body = {Field.NAME_FIELD_NUMBER << 3 | 2, 1, (byte) 0xff};

        assertRefused(DOOR.call(post(TestDoor.ECHO, "application/proto", body)), 400, "invalid_argument", "UTF-8");
    }

    // headers

    @Test
    void theVersionOfTheProtocolMayBeSaid() throws IOException {
        assertThat(DOOR.json(TestDoor.ECHO, "{}", "Connect-Protocol-Version: 1").status())
                .isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"2", "", "one", "1, 1"})
    void otherVersionsOfTheProtocolAreRefused(String version) throws IOException {
        assertRefused(
                DOOR.json(TestDoor.ECHO, "{}", "Connect-Protocol-Version: " + version),
                400,
                "invalid_argument",
                "Connect-Protocol-Version is \"" + version + "\"; there is 1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-1", "x", "1.5", "12345678901", "1 2", "+1", "١"})
    void timeoutsAreMillisecondsOfAtMostTenDigits(String timeout) throws IOException {
        assertRefused(
                DOOR.json(TestDoor.ECHO, "{}", "Connect-Timeout-Ms: " + timeout),
                400,
                "invalid_argument",
                "; it must be a number of at most 10 digits");
    }

    @ParameterizedTest
    @ValueSource(strings = {"9999999999", "30000"})
    void timeoutsMayBeLong(String timeout) throws IOException {
        assertThat(DOOR.json(TestDoor.ECHO, "{}", "Connect-Timeout-Ms: " + timeout)
                        .status())
                .isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "1"})
    void whatTakesLongerThanItsTimeoutIsRefusedAndEnds(String timeout) throws Exception {
        Answer answer = DOOR.json(TestDoor.WAIT, "{}", "Connect-Timeout-Ms: " + timeout);

        assertThat(answer.status()).isEqualTo(504);
        assertThat(answer.body()).startsWith("{\"code\":\"deadline_exceeded\",\"message\":\"");
        // The service has seen it only if it was on its way in time.
        while (!DOOR.waiting.isEmpty()) {
            assertThat(DOOR.cancelled.take()).isSameAs(DOOR.waiting.take());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"br", "deflate", "zstd", "gzip, gzip", "x"})
    void otherEncodingsAreUnimplemented(String encoding) throws IOException {
        assertRefused(
                DOOR.json(TestDoor.ECHO, "{}", "Content-Encoding: " + encoding),
                501,
                "unimplemented",
                "Content-Encoding is \"" + encoding + "\"; there are gzip and identity");
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "GZIP", "identity", ""})
    void encodingsThatThereAreMayBeNamedInAnyCase(String encoding) throws IOException {
        byte[] body = bytes("{\"name\":\"a\"}");
        Answer answer = DOOR.call(post(
                TestDoor.ECHO,
                "application/json",
                encoding.equalsIgnoreCase("gzip") ? gzip(body) : body,
                "Content-Encoding: " + encoding));

        assertThat(answer.body()).isEqualTo("{\"name\":\"a\"}");
    }

    @Test
    void aBodyThatIsNotPackedAsItSaysIsRefused() throws IOException {
        assertRefused(
                DOOR.json(TestDoor.ECHO, "{}", "Content-Encoding: gzip"),
                400,
                "invalid_argument",
                "malformed request: it is not packed with gzip, as Content-Encoding says");
    }

    @Test
    void aPackedBodyThatIsCutOffIsRefused() throws IOException {
        byte[] packed = gzip(bytes("{\"name\":\"a\"}"));
        byte[] half = Arrays.copyOf(packed, packed.length / 2);

        assertRefused(
                DOOR.call(post(TestDoor.ECHO, "application/json", half, "Content-Encoding: gzip")),
                400,
                "invalid_argument",
                "it is not packed with gzip");
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "br, gzip", "gzip;q=0.5", "GZIP", "deflate;q=1, gzip ; q=1.0"})
    void answersArePackedForThoseWhoTakeIt(String accepted) throws IOException {
        String text = "{\"name\":\"" + "a".repeat(5_000) + "\"}";
        Answer answer = DOOR.json(TestDoor.ECHO, text, "Accept-Encoding: " + accepted);

        assertThat(answer.header("content-encoding")).isEqualTo("gzip");
        assertThat(answer.bytes().length).isLessThan(500);
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(answer.bytes()))) {
            assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8)).isEqualTo(text);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "identity",
                "*",
                "br",
                "gzip;q=0",
                "gzip; q=0.000, br",
                "xgzip",
                "*;q=0",
                "*, gzip;q=0",
                "x;gzip=1"
            })
    void answersAreNotPackedForOthers(String accepted) throws IOException {
        String text = "{\"name\":\"" + "a".repeat(5_000) + "\"}";
        Answer answer = DOOR.json(TestDoor.ECHO, text, "Accept-Encoding: " + accepted);

        assertThat(answer.header("content-encoding")).isEmpty();
        assertThat(answer.body()).isEqualTo(text);
    }

    @Test
    void refusalsAreNeverPacked() throws IOException {
        Answer answer = DOOR.json(
                TestDoor.FAIL, "{\"number\":5,\"name\":\"" + "a".repeat(5_000) + "\"}", "Accept-Encoding: gzip");

        assertThat(answer.header("content-encoding")).isEmpty();
        assertThat(answer.body()).startsWith("{\"code\":\"not_found\",\"message\":\"aaa");
    }

    // refusals

    @ParameterizedTest
    @CsvSource({
        "1, canceled, 499",
        "2, unknown, 500",
        "3, invalid_argument, 400",
        "4, deadline_exceeded, 504",
        "5, not_found, 404",
        "6, already_exists, 409",
        "7, permission_denied, 403",
        "8, resource_exhausted, 429",
        "9, failed_precondition, 400",
        "10, aborted, 409",
        "11, out_of_range, 400",
        "12, unimplemented, 501",
        "13, internal, 500",
        "14, unavailable, 503",
        "15, data_loss, 500",
        "16, unauthenticated, 401"
    })
    void everyCodeHasItsNameAndItsStatusOfHttp(int number, String name, int status) throws IOException {
        Answer answer = DOOR.json(TestDoor.FAIL, "{\"number\":" + number + ",\"name\":\"why\"}");

        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.body()).startsWith("{\"code\":\"" + name + "\",\"message\":\"why\",");
    }

    @ParameterizedTest
    @ValueSource(strings = {"application/json", "application/proto"})
    void refusalsAreJsonWithTheirDetails(String type) throws IOException {
        Field request =
                Field.newBuilder().setNumber(5).setName("no \"ä\" <€>\n").build();
        byte[] body = type.equals("application/proto") ? request.toByteArray() : bytes(Json.write(request));
        Answer answer = DOOR.call(post(TestDoor.FAIL, type, body));

        String value = Base64.getEncoder()
                .withoutPadding()
                .encodeToString(ErrorInfo.newBuilder()
                        .setReason("TEST")
                        .setDomain("ipamer")
                        .build()
                        .toByteArray());
        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.header("content-type")).isEqualTo("application/json");
        assertThat(answer.header("content-encoding")).isEmpty();
        assertThat(answer.body())
                .isEqualTo("{\"code\":\"not_found\",\"message\":\"no \\\"ä\\\" <€>\\n\",\"details\":[{"
                        + "\"type\":\"google.rpc.ErrorInfo\",\"value\":\"" + value + "\","
                        + "\"debug\":{\"reason\":\"TEST\",\"domain\":\"ipamer\"}}]}");
        assertThat(value).doesNotContain("=").hasSizeGreaterThan(10);
    }

    @Test
    void whatNoHandlerForesawIsAnIncidentWhoseCauseIsNotTold() throws IOException {
        Answer answer = DOOR.json(TestDoor.FAIL, "{}");

        assertThat(answer.status()).isEqualTo(500);
        assertThat(answer.body()).contains("\"code\":\"internal\"", "incident ").doesNotContain("disk secrets");
    }

    // sizes

    @Test
    void aMessageMayBeAsLargeAsTheLimit() throws IOException {
        byte[] largest = ofSize(Limits.MAX_MESSAGE_BYTES);
        Answer answer = DOOR.call(post(TestDoor.ECHO, "application/proto", largest));

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.bytes()).hasSize(Limits.MAX_MESSAGE_BYTES);
    }

    @Test
    void aMessageThatIsOneByteLargerIsRefused() throws IOException {
        assertRefused(
                DOOR.call(post(TestDoor.ECHO, "application/proto", ofSize(Limits.MAX_MESSAGE_BYTES + 1))),
                429,
                "resource_exhausted",
                "the message is larger than 67108864 bytes");
    }

    @Test
    void aBodyThatSaysItIsTooLargeIsRefusedBeforeItComes() throws IOException {
        try (RawConnection connection = DOOR.connect()) {
            connection.send(RawConnection.head(
                    "POST", TestDoor.ECHO, "Content-Type: application/json", "Content-Length: 70000000"));

            assertRefused(connection.read(), 429, "resource_exhausted", "the message is larger than 67108864 bytes");
        }
    }

    @Test
    void aBodyInChunksThatBecomesTooLargeIsRefused() throws IOException {
        try (RawConnection connection = DOOR.connect()) {
            connection.send(RawConnection.head(
                    "POST", TestDoor.ECHO, "Content-Type: application/json", "Transfer-Encoding: chunked"));
            byte[] chunk = RawConnection.join(bytes("400000\r\n"), new byte[4 << 20], bytes("\r\n"));
            for (int i = 0; i < 16; i++) {
                connection.send(chunk);
            }
            connection.send(bytes("10\r\n" + "x".repeat(16) + "\r\n"));

            assertRefused(connection.read(), 429, "resource_exhausted", "the message is larger than 67108864 bytes");
        }
    }

    @Test
    void aBombIsRefusedWithoutBeingUnpacked() throws IOException {
        byte[] request = post(TestDoor.ECHO, "application/json", bomb(), "Content-Encoding: gzip");
        assertThat(request.length).isLessThan(2 << 20);

        long before = TestDoor.allocatedBytes();
        assertRefused(DOOR.call(request), 429, "resource_exhausted", "the message is larger than 67108864 bytes");
        assertThat(TestDoor.allocatedBytes() - before).isLessThan(4L * Limits.MAX_MESSAGE_BYTES);
    }

    /** A message of Protobuf that has that many bytes. */
    static byte[] ofSize(int size) {
        byte[] message = new byte[size];
        byte[] prefix = {(byte) (Field.DEFAULT_VALUE_FIELD_NUMBER << 3 | 2), 0, 0, 0, 0};
        int text = size - prefix.length;
        for (int i = 1; i < prefix.length; i++) {
            prefix[i] = (byte) (text & 0x7f | (i < prefix.length - 1 ? 0x80 : 0));
            text >>>= 7;
        }
        System.arraycopy(prefix, 0, message, 0, prefix.length);
        return message;
    }

    /** 1 GiB of zeros, as 1,024 packs in a row, which are one to whoever unpacks them. */
    static byte[] bomb() throws IOException {
        byte[] one = gzip(new byte[1 << 20]);
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        for (int i = 0; i < 1 << 10; i++) {
            packed.writeBytes(one);
        }
        return packed.toByteArray();
    }

    static byte[] gzip(byte[] body) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream gzip = new GZIPOutputStream(packed)) {
            gzip.write(body);
        }
        return packed.toByteArray();
    }
}
