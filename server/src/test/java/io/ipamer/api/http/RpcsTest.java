package io.ipamer.api.http;

import static io.ipamer.api.http.RawConnection.bytes;
import static io.ipamer.api.http.RawConnection.post;
import static io.ipamer.api.http.RawConnection.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipamer.api.http.RawConnection.Answer;
import io.micrometer.core.instrument.Timer;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is said to requests that are no calls: wrong paths, methods of HTTP, and content types. */
@Timeout(60)
@Isolated // a TestDoor reads what the whole process logs
class RpcsTest {
    @RegisterExtension
    static final TestDoor DOOR = TestDoor.open();

    private static final String GRPC_FORMS =
            "application/grpc, application/grpc+proto, application/grpc-web, application/grpc-web+proto";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "text/plain",
                "application/xml",
                "application/json; charset=latin1",
                "application/json; charset=what",
                "application/json; charset=",
                "application/json; charset=utf-8; charset=latin1",
                "application/json+x",
                "application/grpc+json",
                "application/connect+json",
                "application/connect+proto",
                "application/grpc-web-text",
                "application/grpc-web-text+proto",
                "application/grpcx",
                "application/*",
                "*/*",
                "json",
                "/",
                ";",
                "application/x-www-form-urlencoded"
            })
    void otherContentTypesAreRefusedWithThoseThatThereAre(String type) throws IOException {
        Answer answer = DOOR.call(post(TestDoor.ECHO, type, bytes("{}")));

        assertThat(answer.status()).isEqualTo(415);
        assertThat(answer.header("accept-post")).isEqualTo("application/json, application/proto, " + GRPC_FORMS);
    }

    @Test
    void callsThatAreRefusedBeforeTheirServiceIsAskedAreCounted() throws IOException {
        long malformed = count("Echo", 3);
        long strangelyPacked = count("Echo", 12);
        long unknown = count("_OTHER", 12);

        DOOR.json(TestDoor.ECHO, "{");
        DOOR.json(TestDoor.ECHO, "{}", "Connect-Timeout-Ms: soon");
        DOOR.json(TestDoor.ECHO, "{}", "Content-Encoding: br");
        DOOR.call(post(TestDoor.ECHO, "application/grpc", bytes(""), "grpc-timeout: soon"));
        DOOR.call(post(TestDoor.ECHO, "application/grpc", bytes(""), "grpc-encoding: br"));
        DOOR.json("/test.Service/Nope", "{}");
        DOOR.call(post("/test.Service/Nope", "application/grpc", bytes("\0\0\0\0\0")));

        assertThat(count("Echo", 3) - malformed).isEqualTo(3);
        assertThat(count("Echo", 12) - strangelyPacked).isEqualTo(2);
        assertThat(count("_OTHER", 12) - unknown).isEqualTo(2);
    }

    private static long count(String method, int code) {
        return DOOR
                .meters
                .find("rpc.server.duration")
                .tags("rpc.method", method, "rpc.grpc.status_code", Integer.toString(code))
                .timers()
                .stream()
                .mapToLong(Timer::count)
                .sum();
    }

    @Test
    void noContentTypeIsRefusedToo() throws IOException {
        Answer answer = DOOR.call(request("POST", TestDoor.ECHO, bytes("{}")));

        assertThat(answer.status()).isEqualTo(415);
        assertThat(answer.header("accept-post")).startsWith("application/json, ");
    }

    @ParameterizedTest
    @ValueSource(strings = {TestDoor.COUNT, TestDoor.COLLECT})
    void streamsAreNotToBeHadInJson(String path) throws IOException {
        for (String type : new String[] {"application/json", "application/proto", "application/connect+json"}) {
            Answer answer = DOOR.call(post(path, type, bytes("{}")));

            assertThat(answer.status()).isEqualTo(415);
            assertThat(answer.header("accept-post")).isEqualTo(GRPC_FORMS);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "HEAD"})
    void callsArePosts(String method) throws IOException {
        try (RawConnection connection = DOOR.connect()) {
            // The answer to HEAD says the length of a body that does not come.
            connection.send(request(method, TestDoor.ECHO, new byte[0], "Connection: close"));
            Answer answer = method.equals("HEAD") ? connection.readHead() : connection.read();

            assertThat(answer.status()).isEqualTo(405);
            assertThat(answer.header("allow")).isEqualTo("POST");
        }
    }

    @Test
    void callsOfConnectByGetAreNotThere() throws IOException {
        Answer answer =
                DOOR.call(request("GET", TestDoor.ECHO + "?connect=v1&encoding=json&message=%7B%7D", new byte[0]));

        assertThat(answer.status()).isEqualTo(405);
        assertThat(answer.header("allow")).isEqualTo("POST");
    }

    @ParameterizedTest
    @ValueSource(strings = {"CONNECT", "BREW", "post"})
    void methodsThatHttpHasNotAreRefused(String method) throws IOException {
        assertThat(DOOR.call(request(method, TestDoor.ECHO, new byte[0])).status())
                .isIn(400, 405);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/what",
                "/test.Service",
                "/test.Service/",
                "/test.Service/What",
                "/a/b/c",
                "/test.Service/Echo/",
                "/TEST.SERVICE/ECHO"
            })
    void aPathThatThereIsNotIsNotFound(String path) throws IOException {
        assertThat(DOOR.call(request("GET", path, new byte[0])).status()).isEqualTo(404);
        assertThat(DOOR.call(post(path, "text/plain", bytes("{}"))).status()).isEqualTo(404);
        assertThat(DOOR.call(request("POST", path, bytes("{}"))).status()).isEqualTo(404);

        Answer answer = DOOR.json(path, "{}");
        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.header("content-type")).isEqualTo("application/json");
        assertThat(answer.body())
                .isEqualTo("{\"code\":\"unimplemented\",\"message\":\"there is no method " + path.substring(1) + "\"}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/../../etc/passwd",
                "/%2e%2e/%2e%2e/etc/passwd",
                "/test.Service/%00",
                "/test.Service%2FEcho",
                "/%zz",
                "/%",
                "/a%0d%0aSet-Cookie:x"
            })
    void strangePathsLeadNowhere(String path) throws IOException {
        Answer answer = DOOR.json(path, "{}");

        assertThat(answer.status()).isIn(400, 404);
        assertThat(answer.headers()).doesNotContainKey("set-cookie");
    }

    @Test
    void slashesInARowCountAsOne() throws IOException {
        assertThat(DOOR.json("//test.Service//Echo", "{}").body()).isEqualTo("{}");
    }

    @Test
    void aQueryIsPassedOver() throws IOException {
        assertThat(DOOR.json(TestDoor.ECHO + "?a=b", "{}").body()).isEqualTo("{}");
    }

    @Test
    void theServerDoesNotSayWhatItIsMadeOf() throws IOException {
        assertThat(DOOR.json(TestDoor.ECHO, "{}").headers()).doesNotContainKey("server");
        assertThat(DOOR.json("/what", "{}").headers()).doesNotContainKey("server");
    }
}
