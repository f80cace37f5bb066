package io.ipamer.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.rpc.ErrorInfo;
import io.ipamer.app.IpamerServer;
import io.ipamer.proto.v1.CreatePrefixRequest;
import io.ipamer.proto.v1.CreatePrefixResponse;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** {@code ipamer.v1} for callers that have an HTTP client and nothing else. */
class ConnectIT {
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private IpamerServer server;

    @BeforeEach
    void start() {
        server = Servers.inMemory();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private HttpResponse<byte[]> post(String method, String type, byte[] request) throws Exception {
        return client.send(
                HttpRequest.newBuilder(URI.create(
                                "http://127.0.0.1:" + server.httpPort() + "/ipamer.v1.IpamerService/" + method))
                        .timeout(Duration.ofSeconds(20))
                        .header("Content-Type", type)
                        .POST(BodyPublishers.ofByteArray(request))
                        .build(),
                BodyHandlers.ofByteArray());
    }

    private static JsonObject json(HttpResponse<byte[]> response) {
        assertThat(response.headers().firstValue("content-type")).contains("application/json");
        return JsonParser.parseString(new String(response.body(), StandardCharsets.UTF_8))
                .getAsJsonObject();
    }

    private HttpResponse<byte[]> post(String method, String json) throws Exception {
        return post(method, "application/json", json.getBytes(StandardCharsets.UTF_8));
    }

    private JsonObject done(String method, String json) throws Exception {
        HttpResponse<byte[]> response = post(method, json);
        JsonObject answer = json(response);
        assertThat(response.statusCode()).as("%s", answer).isEqualTo(200);
        return answer;
    }

    /** What an error says of why, in the detail that our contract promises. */
    private static ErrorInfo reason(JsonObject error) throws Exception {
        for (JsonElement detail : error.getAsJsonArray("details")) {
            JsonObject one = detail.getAsJsonObject();
            if (one.get("type").getAsString().equals("google.rpc.ErrorInfo")) {
                String value = one.get("value").getAsString();
                assertThat(value).as("base64 without padding").matches("[A-Za-z0-9+/]+");
                return ErrorInfo.parseFrom(Base64.getDecoder().decode(value));
            }
        }
        throw new AssertionError("no ErrorInfo in " + error);
    }

    @Test
    void aPrefixAndAnAddressTakeNothingButJson() throws Exception {
        JsonObject created = done(
                "CreatePrefix",
                "{\"cidr\": \"10.0.0.0/24\", \"owner\": \"net\", \"labels\": {\"site\": \"a\"},"
                        + " \"reservation\": \"RESERVATION_POLICY_NONE\"}");
        JsonObject prefix = created.getAsJsonObject("prefix");
        assertThat(prefix.get("id").getAsString()).hasSize(36);
        prefix.remove("id");
        assertThat(prefix)
                .isEqualTo(
                        JsonParser.parseString(
                                "{\"namespace\":\"root\",\"cidr\":\"10.0.0.0/24\","
                                        + "\"reservation\":\"RESERVATION_POLICY_NONE\",\"owner\":\"net\",\"labels\":{\"site\":\"a\"}}"));
        // An int64 is text in JSON, so that no reader rounds it.
        assertThat(created.get("revision")).isEqualTo(JsonParser.parseString("\"1\""));
        assertThat(created.has("replayed")).isFalse();

        JsonObject allocation =
                done("AcquireIp", "{\"prefixCidr\": \"10.0.0.0/24\"}").getAsJsonObject("allocation");
        assertThat(allocation.get("address").getAsString()).isEqualTo("10.0.0.0");
        assertThat(allocation.get("prefixCidr").getAsString()).isEqualTo("10.0.0.0/24");
        assertThat(allocation.get("allocationId").getAsString()).hasSize(36);
    }

    @Test
    void namesOfFieldsMayBeAsInTheContract() throws Exception {
        done("CreatePrefix", "{\"cidr\": \"10.0.0.0/24\", \"request_id\": \"one\"}");
        assertThat(done("CreatePrefix", "{\"cidr\": \"10.0.0.0/24\", \"requestId\": \"one\"}")
                        .get("replayed")
                        .getAsBoolean())
                .isTrue();
        assertThat(done("AcquireIp", "{\"prefix_cidr\": \"10.0.0.0/24\"}")
                        .getAsJsonObject("allocation")
                        .get("address")
                        .getAsString())
                .isEqualTo("10.0.0.1");
    }

    @Test
    void aRefusalCarriesItsReason() throws Exception {
        HttpResponse<byte[]> response = post("AcquireIp", "{\"prefixCidr\": \"10.0.0.0/24\"}");
        assertThat(response.statusCode()).isEqualTo(404);
        JsonObject error = json(response);
        assertThat(error.get("code").getAsString()).isEqualTo("not_found");
        assertThat(error.get("message").getAsString()).contains("10.0.0.0/24");
        assertThat(reason(error).getReason()).isEqualTo("PREFIX_NOT_FOUND");
    }

    @Test
    void aRefusalNamesTheFieldThatIsWrong() throws Exception {
        HttpResponse<byte[]> response = post("CreatePrefix", "{\"cidr\": \"10.0.0.300/24\"}");
        assertThat(response.statusCode()).isEqualTo(400);
        JsonObject error = json(response);
        assertThat(error.get("code").getAsString()).isEqualTo("invalid_argument");
        assertThat(reason(error).getReason()).isEqualTo("INVALID_CIDR");
        assertThat(reason(error).getMetadataMap())
                .containsEntry("field", "cidr")
                .containsEntry("value", "10.0.0.300/24");
    }

    @Test
    void theHttpStatusIsThatOfTheCode() throws Exception {
        done("CreatePrefix", "{\"cidr\": \"10.0.0.0/24\"}");
        HttpResponse<byte[]> overlap = post("CreatePrefix", "{\"cidr\": \"10.0.0.0/25\"}");
        assertThat(overlap.statusCode()).isEqualTo(409);
        assertThat(json(overlap).get("code").getAsString()).isEqualTo("already_exists");
        assertThat(reason(json(overlap)).getReason()).isEqualTo("PREFIX_OVERLAPS");
        done("AcquireIp", "{\"prefixCidr\": \"10.0.0.0/24\"}");
        HttpResponse<byte[]> inUse = post("DeletePrefix", "{\"cidr\": \"10.0.0.0/24\"}");
        assertThat(inUse.statusCode()).isEqualTo(400);
        assertThat(json(inUse).get("code").getAsString()).isEqualTo("failed_precondition");
    }

    @Test
    void inBinaryAnAnswerIsAMessageAndARefusalIsJson() throws Exception {
        byte[] request =
                CreatePrefixRequest.newBuilder().setCidr("10.0.0.0/24").build().toByteArray();
        HttpResponse<byte[]> created = post("CreatePrefix", "application/proto", request);
        assertThat(created.statusCode()).isEqualTo(200);
        assertThat(created.headers().firstValue("content-type")).contains("application/proto");
        assertThat(CreatePrefixResponse.parseFrom(created.body()).getPrefix().getCidr())
                .isEqualTo("10.0.0.0/24");
        HttpResponse<byte[]> again = post("CreatePrefix", "application/proto", request);
        assertThat(again.statusCode()).isEqualTo(409);
        assertThat(reason(json(again)).getReason()).isEqualTo("PREFIX_OVERLAPS");
    }
}
