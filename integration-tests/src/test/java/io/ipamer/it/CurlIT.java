package io.ipamer.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;

/** The call that go-ipam's README shows, typed by a person. */
class CurlIT {
    @Test
    void aPersonPostsJsonAndReadsJson() throws IOException {
        assumeTrue(Ran.finds("curl"), "there is no curl");
        try (ServerProcess server = ServerProcess.startWithHttp("--store", "memory")) {
            assertThat(post(server, "ListPrefixes", "{}")).isEqualTo("{} 200 application/json");
            assertThat(post(server, "CreatePrefix", "{\"cidr\": \"10.0.0.0/29\"}"))
                    .isEqualTo("{\"prefix\":{\"cidr\":\"10.0.0.0/29\"}} 200 application/json");
            assertThat(post(server, "AcquireIP", "{\"prefixCidr\": \"10.0.0.0/29\"}"))
                    .isEqualTo("{\"ip\":{\"ip\":\"10.0.0.1\",\"parentPrefix\":\"10.0.0.0/29\"}} 200 application/json");
            assertThat(post(server, "ListPrefixes", "{}"))
                    .isEqualTo("{\"prefixes\":[{\"cidr\":\"10.0.0.0/29\"}]} 200 application/json");
            assertThat(post(server, "GetPrefix", "{\"cidr\": \"10.9.0.0/24\"}"))
                    .startsWith("{\"code\":\"not_found\",\"message\":\"NotFound")
                    .endsWith("} 404 application/json");
        }
    }

    /** The README's line, with fewer words about it and the status after what came. */
    private static String post(ServerProcess server, String method, String json) {
        Ran curl = Ran.of(
                "curl",
                "-sS",
                "-w",
                " %{http_code} %{content_type}",
                "-X",
                "POST",
                "-d",
                json,
                "-H",
                "Content-Type: application/json",
                server.httpAddress() + "/api.v1.IpamService/" + method);
        assertThat(curl.exitCode()).as(curl.output()).isZero();
        return curl.output();
    }
}
