package io.ipamer.api.http;

import static io.ipamer.api.http.RawConnection.bytes;
import static io.ipamer.api.http.RawConnection.post;
import static io.ipamer.api.http.RawConnection.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.ipamer.api.http.RawConnection.Answer;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whose pages may call from a browser. */
@Timeout(60)
@Isolated // a TestDoor reads what the whole process logs
class OriginsTest {
    @RegisterExtension
    static final TestDoor CLOSED = TestDoor.open();

    @RegisterExtension
    static final TestDoor CONFIGURED = TestDoor.open("https://ipam.example", "https://ops.example:8443");

    @RegisterExtension
    static final TestDoor ALL = TestDoor.open("*");

    private static Answer call(TestDoor door, String type, String... headers) throws IOException {
        byte[] body = type.startsWith("application/grpc") ? new byte[5] : bytes("{}");
        return door.call(post(TestDoor.ECHO, type, body, headers));
    }

    private static Answer preflight(TestDoor door, String origin) throws IOException {
        return door.call(request(
                "OPTIONS",
                TestDoor.ECHO,
                new byte[0],
                "Origin: " + origin,
                "Access-Control-Request-Method: POST",
                "Access-Control-Request-Headers: content-type,x-grpc-web,connect-protocol-version,grpc-timeout"));
    }

    // none configured

    @ParameterizedTest
    @ValueSource(strings = {"application/json", "application/grpc", "application/grpc-web+proto"})
    void whatIsNoBrowserMayCall(String type) throws IOException {
        assertThat(call(CLOSED, type).status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"application/json", "application/grpc", "application/grpc-web+proto", "text/plain"})
    void pagesOfOthersMayNotCall(String type) throws IOException {
        for (String origin : new String[] {
            "http://evil.example",
            "https://127.0.0.1:1",
            "http://127.0.0.1:1",
            "null",
            "",
            "evil",
            "http://127.0.0.1@evil.example"
        }) {
            Answer answer = call(CLOSED, type, "Origin: " + origin);

            assertThat(answer.status()).as(origin).isEqualTo(403);
            assertThat(answer.body()).contains("pages of this origin may not call; http-origins says which may");
            assertThat(answer.headers()).doesNotContainKey("access-control-allow-origin");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "localhost", "[::1]", "192.0.2.1", "[2001:db8::1]"})
    void theServersOwnPagesMayCallWhereTheyWereAskedForByAddress(String host) throws IOException {
        String authority = host + ":" + CLOSED.port();

        assertThat(call(CLOSED, "application/json", "Host: " + authority, "Origin: http://" + authority)
                        .status())
                .isEqualTo(200);
        assertThat(call(CLOSED, "application/grpc-web+proto", "Host: " + authority, "Origin: http://" + authority)
                        .status())
                .isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "evil.example",
                "127.0.0.1.evil.example",
                "localhost.evil.example",
                "127.0.0.1.",
                "0x7f.1",
                "2130706433",
                "a.localhost"
            })
    void aNameThatLeadsHereMakesNoPageTheServersOwn(String host) throws IOException {
        String authority = host + ":" + CLOSED.port();

        assertThat(call(CLOSED, "application/json", "Host: " + authority, "Origin: http://" + authority)
                        .status())
                .isEqualTo(403);
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1:1, http://127.0.0.1:2",
        "127.0.0.1, http://localhost",
        "localhost:1, http://127.0.0.1:1",
        "127.0.0.1, http://127.0.0.1/x"
    })
    void anotherPortOrNameIsAnotherSite(String host, String origin) throws IOException {
        assertThat(call(CLOSED, "application/json", "Host: " + host, "Origin: " + origin)
                        .status())
                .isEqualTo(403);
    }

    @Test
    void browsersThatAskFirstAreToldThatNobodyMay() throws IOException {
        Answer answer = preflight(CLOSED, "http://evil.example");

        assertThat(answer.status()).isEqualTo(405);
        assertThat(answer.header("allow")).isEqualTo("POST");
        assertThat(answer.headers()).doesNotContainKey("access-control-allow-origin");
    }

    // some configured

    @ParameterizedTest
    @ValueSource(strings = {"https://ipam.example", "https://ops.example:8443"})
    void browsersThatAskFirstAreToldWhoMay(String origin) throws IOException {
        Answer answer = preflight(CONFIGURED, origin);

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("access-control-allow-origin")).isEqualTo(origin);
        assertThat(answer.header("access-control-allow-methods")).isEqualTo("POST");
        assertThat(answer.header("access-control-allow-headers"))
                .contains("content-type", "x-grpc-web", "connect-protocol-version", "grpc-timeout");
        assertThat(answer.header("access-control-max-age")).isEqualTo("600");
        assertThat(answer.headers()).doesNotContainKey("access-control-allow-credentials");
    }

    @ParameterizedTest
    @ValueSource(strings = {"application/json", "application/grpc-web+proto"})
    void pagesOfConfiguredSitesMayCallAndSeeTheStatus(String type) throws IOException {
        Answer answer = call(CONFIGURED, type, "Origin: https://ipam.example");

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("access-control-allow-origin")).isEqualTo("https://ipam.example");
        assertThat(answer.header("access-control-expose-headers"))
                .contains("grpc-status", "grpc-message", "grpc-status-details-bin");
    }

    @Test
    void pagesOfConfiguredSitesSeeRefusalsToo() throws IOException {
        Answer answer =
                CONFIGURED.json(TestDoor.FAIL, "{\"number\":5,\"name\":\"why\"}", "Origin: https://ipam.example");

        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.header("access-control-allow-origin")).isEqualTo("https://ipam.example");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://ipam.example",
                "https://ipam.example:444",
                "https://ops.example",
                "https://ipam.example.evil.example",
                "null"
            })
    void pagesOfSitesThatAreNotConfiguredMayNotCall(String origin) throws IOException {
        Answer answer = call(CONFIGURED, "application/json", "Origin: " + origin);
        Answer asked = preflight(CONFIGURED, origin);

        assertThat(answer.status()).isEqualTo(403);
        assertThat(answer.headers()).doesNotContainKey("access-control-allow-origin");
        assertThat(asked.headers().keySet())
                .noneMatch(name -> name.startsWith("access-control")); // which is a no, whatever the status
    }

    // all

    @Test
    void pagesOfAllSitesMayCallWhereAllAreConfigured() throws IOException {
        assertThat(preflight(ALL, "http://any.example").header("access-control-allow-origin"))
                .isEqualTo("*");
        Answer answer = call(ALL, "application/json", "Origin: http://any.example");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("access-control-allow-origin")).isEqualTo("*");
        assertThat(answer.headers()).doesNotContainKey("access-control-allow-credentials");
    }
}
