package io.ipamer.api.http.pages;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.DescriptorProtos.MethodDescriptorProto;
import com.google.protobuf.DescriptorProtos.ServiceDescriptorProto;
import com.google.protobuf.DescriptorProtos.SourceCodeInfo;
import com.google.protobuf.DescriptorProtos.SourceCodeInfo.Location;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.util.JsonFormat;
import io.grpc.protobuf.ProtoServiceDescriptorSupplier;
import io.ipamer.api.BuildFacts;
import io.ipamer.api.Services;
import io.ipamer.api.http.HttpDoor;
import io.ipamer.app.Config;
import io.ipamer.app.Config.Setting;
import io.ipamer.app.IpamerServer;
import io.ipamer.proto.goipam.IpamServiceGrpc;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The pages of a door that has both contracts; those that call something ask a whole server in memory. */
final class PagesTest {
    private static final String IPAMER_PAGE = "/api/ipamer.v1.IpamerService";
    private static final String GO_IPAM_PAGE = "/api/api.v1.IpamService";
    private static final Pattern REFERENCE = Pattern.compile("(?:href|src|action)=\"([^\"]*)\"|url\\(([^)]*)\\)");
    private static final Pattern CURL = Pattern.compile("curl -H 'Content-Type: application/json' -d '([^']*)' (\\S+)");

    private static final HttpClient CLIENT = HttpClient.newHttpClient();
    private static final Services SERVICES = new Services(
            List.of(new IpamServiceGrpc.IpamServiceImplBase() {}),
            List.of(new IpamerServiceGrpc.IpamerServiceImplBase() {}));
    private static final Site SITE = new Site(
            new BuildFacts("1.2.3", "v1.2.3-4-gabcdef", "abcdef", "2026-01-31T12:00:00Z"),
            9090,
            () -> "PostgreSQL <18>",
            () -> new CallCounts(40, 3, 2, 1),
            () -> "ipamer_things_total 7\n");

    @SuppressWarnings("NullAway.Init") // before all tests
    private static HttpDoor door;

    @BeforeAll
    static void open() throws IOException {
        door = open(SERVICES);
    }

    private static HttpDoor open(Services served) throws IOException {
        return HttpDoor.open(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                served,
                Set.of(),
                new SimpleMeterRegistry(),
                SITE);
    }

    @AfterAll
    static void close() {
        door.close();
    }

    static Stream<String> pages() {
        return Stream.of("/", "/api", IPAMER_PAGE, GO_IPAM_PAGE);
    }

    static Stream<ServiceDescriptor> contracts() {
        return Stream.of(IpamerServiceGrpc.getServiceDescriptor(), IpamServiceGrpc.getServiceDescriptor())
                .map(service -> (ProtoServiceDescriptorSupplier) Objects.requireNonNull(service.getSchemaDescriptor()))
                .map(ProtoServiceDescriptorSupplier::getServiceDescriptor);
    }

    @Test
    void theServerIsReadyWhileItsDatabaseCanBeWorkedWith() throws Exception {
        SERVICES.ready(false);

        assertThat(get("/readyz").statusCode()).isEqualTo(503);
        assertThat(get("/readyz").body())
                .isEqualTo("not ready: the database cannot be worked with; the server's log says why\n");

        SERVICES.ready(true);

        assertThat(get("/readyz").statusCode()).isEqualTo(200);
        assertThat(get("/readyz").body()).isEqualTo("ready\n");

        SERVICES.ready(false);

        assertThat(get("/readyz").statusCode()).isEqualTo(503);
    }

    @Test
    void theProcessIsHealthyWhateverItsDatabaseDoes() throws Exception {
        assertThat(get("/healthz").statusCode()).isEqualTo(200);
        assertThat(get("/healthz").body()).isEqualTo("ok\n");
    }

    @Test
    void aServerThatLeavesIsNeitherReadyNorHealthy() throws Exception {
        Services leaving = new Services(List.of(), List.of());
        leaving.ready(true);
        try (HttpDoor another = open(leaving)) {
            leaving.leave();

            URI home = URI.create("http://127.0.0.1:" + another.port() + "/");
            for (String probe : List.of("readyz", "healthz")) {
                HttpResponse<String> answer =
                        CLIENT.send(HttpRequest.newBuilder(home.resolve(probe)).build(), BodyHandlers.ofString());
                assertThat(answer.statusCode()).as(probe).isEqualTo(503);
                assertThat(answer.body()).as(probe).isEqualTo("not ready: the server was told to stop\n");
            }
            assertThat(CLIENT.send(HttpRequest.newBuilder(home).build(), BodyHandlers.ofString())
                            .body())
                    .contains("the server was told to stop");
        }
    }

    @Test
    void metricsComeInPrometheusText() throws Exception {
        HttpResponse<String> metrics = get("/metrics");

        assertThat(metrics.statusCode()).isEqualTo(200);
        assertThat(type(metrics)).isEqualTo("text/plain; version=0.0.4; charset=utf-8");
        assertThat(metrics.body()).isEqualTo("ipamer_things_total 7\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"/", "/healthz", "/readyz", "/metrics", "/api", "/api/", IPAMER_PAGE, GO_IPAM_PAGE, "/api/x"})
    void everyPageSaysWhatBrowsersMayDoWithIt(String path) throws Exception {
        Map<String, List<String>> headers = get(path).headers().map();

        assertThat(headers)
                .containsEntry("x-content-type-options", List.of("nosniff"))
                .containsEntry("referrer-policy", List.of("no-referrer"))
                .containsEntry("cache-control", List.of("no-store"));
        assertThat(headers.get("content-security-policy"))
                .singleElement(STRING)
                .startsWith("default-src 'none'; style-src 'sha256-")
                .contains("frame-ancestors 'none'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/healthz", "/metrics", "/api", IPAMER_PAGE})
    void headAnswersAsGetWithoutTheBody(String path) throws Exception {
        HttpResponse<String> head = send(path, request -> request.method("HEAD", BodyPublishers.noBody()));
        HttpResponse<String> get = get(path);

        assertThat(head.statusCode()).isEqualTo(get.statusCode());
        assertThat(type(head)).isEqualTo(type(get));
        assertThat(head.body()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/healthz", "/readyz", "/metrics", "/api", IPAMER_PAGE})
    void pagesAreOnlyRead(String path) throws Exception {
        for (String method : List.of("POST", "PUT", "DELETE", "OPTIONS")) {
            HttpResponse<String> refusal = send(path, request -> request.method(method, BodyPublishers.noBody()));

            assertThat(refusal.statusCode()).as(method).isEqualTo(405);
            assertThat(refusal.headers().firstValue("allow")).as(method).contains("GET, HEAD");
        }
    }

    @Test
    void aServiceThatIsNotThereHasNoPage() throws Exception {
        assertThat(get("/api/ipamer.v1.Nothing").statusCode()).isEqualTo(404);
        assertThat(get("/api/%3Cscript%3E").body()).doesNotContain("script");
    }

    @Test
    void theFirstPageTellsPeopleWhatThisIsAndHowItIsDoing() throws Exception {
        SERVICES.ready(true);

        HttpResponse<String> page = browse("/");

        assertThat(type(page)).isEqualTo("text/html; charset=utf-8");
        assertThat(page.body())
                .contains("hands out prefixes and addresses", "1.2.3", "v1.2.3-4-gabcdef", ">ready<", "127.0.0.1:9090")
                .contains("PostgreSQL &lt;18&gt;", "40 answered (3 refused, 2 failed), 1 running")
                .contains("href=\"api\"", "href=\"metrics\"", "href=\"readyz\"");
        assertThat(page.headers().firstValue("vary")).contains("accept");
    }

    @Test
    void theFirstPageIsPlainLinesForAShell() throws Exception {
        HttpResponse<String> page = get("/");

        assertThat(type(page)).isEqualTo("text/plain; charset=utf-8");
        assertThat(page.body())
                .startsWith("Ipamer 1.2.3 (v1.2.3-4-gabcdef)\n")
                .contains("PostgreSQL <18>", "http://127.0.0.1:" + door.port() + "/api");
    }

    @ParameterizedTest
    @MethodSource("contracts")
    void everyPartOfAContractIsOnItsPageWithItsComment(ServiceDescriptor contract) throws Exception {
        String page = browse("/api/" + contract.getFullName()).body();
        Comments comments = Comments.read();

        List<String> anchors = new ArrayList<>();
        List<String> commented = new ArrayList<>(List.of(contract.getFullName()));
        for (MethodDescriptor method : contract.getMethods()) {
            anchors.add(method.getName());
            commented.add(method.getFullName());
        }
        for (FileDescriptor file : files(contract)) {
            for (Descriptor message : file.getMessageTypes()) {
                anchors.add(message.getFullName());
                commented.add(message.getFullName());
                for (FieldDescriptor field : message.getFields()) {
                    anchors.add(field.getFullName());
                    commented.add(field.getFullName());
                }
            }
            for (EnumDescriptor type : file.getEnumTypes()) {
                anchors.add(type.getFullName());
                commented.add(type.getFullName());
                for (EnumValueDescriptor value : type.getValues()) {
                    anchors.add(type.getFullName() + "." + value.getName());
                    commented.add(type.getFullName() + "." + value.getName());
                }
            }
        }
        assertThat(anchors)
                .hasSizeGreaterThan(50)
                .allSatisfy(anchor -> assertThat(page).contains("id=\"" + anchor + "\""));
        Prose words = new Prose(Map.of());
        String text = words(page);
        assertThat(commented).allSatisfy(name -> {
            assertThat(comments.of(name)).as(name).isNotBlank();
            assertThat(text).as(name).contains(words(words.html(comments.of(name))));
        });
    }

    @Test
    void theListOfTheApiLeadsToEveryMethod() throws Exception {
        String list = browse("/api").body();

        contracts()
                .forEach(contract -> assertThat(contract.getMethods())
                        .allSatisfy(method -> assertThat(list)
                                .contains("href=\"api/" + contract.getFullName() + "#" + method.getName() + "\"")));
    }

    @ParameterizedTest
    @MethodSource("pages")
    void pagesReferOnlyToWhatIsHere(String path) throws Exception {
        String page = browse(path).body();

        Matcher reference = REFERENCE.matcher(page);
        int seen = 0;
        while (reference.find()) {
            String target = reference.group(1);
            assertThat(target).as("%s", reference.group()).isNotNull();
            URI uri = uri(path).resolve(target);
            assertThat(uri.getAuthority()).isEqualTo("127.0.0.1:" + door.port());
            if (target.startsWith("#")) {
                assertThat(page).contains("id=\"" + target.substring(1) + "\"");
            } else if (!uri.getPath().equals("/readyz")) {
                assertThat(browse(uri.getPath()).statusCode()).as(target).isEqualTo(200);
            }
            seen++;
        }
        assertThat(seen).isPositive();
        assertThat(page).doesNotContain("<script", "<img", "<link", "style=\"");
    }

    /** A request's Host is pasted into shells. */
    @ParameterizedTest
    @ValueSource(strings = {"\"><script>alert(1)</script>", "x;reboot", "x'y", "$(reboot)", "a b", ""})
    void aHostThatIsNoneIsNotShown(String host) throws Exception {
        for (String path : List.of("/", IPAMER_PAGE)) {
            String answer = asking(path, host);

            if (answer.startsWith("HTTP/1.1 200")) {
                assertThat(answer).contains("http://localhost:" + door.port() + "/ipamer.v1.IpamerService/");
                assertThat(answer).doesNotContain("<script", "reboot", "x'y", "http://a b");
            } else {
                assertThat(answer).startsWith("HTTP/1.1 400");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ipam.example.net", "ipam.example.net:8080", "[::1]:8080", "10.0.0.1"})
    void examplesCallTheHostThatWasAsked(String host) throws Exception {
        assertThat(asking("/", host)).contains("http://" + host + "/ipamer.v1.IpamerService/CreatePrefix");
        assertThat(asking(IPAMER_PAGE, host)).contains("http://" + host + "/ipamer.v1.IpamerService/AcquireIp");
    }

    @Test
    void whatStandsInAContractIsShownAsText() throws Exception {
        String rude = "<script>alert(1)</script> `<b>\"` & 'x'";
        FileDescriptorProto file = FileDescriptorProto.newBuilder()
                .setName("rude.proto")
                .setPackage("rude")
                .addMessageType(DescriptorProto.newBuilder().setName("Nothing"))
                .addService(ServiceDescriptorProto.newBuilder()
                        .setName("Rude")
                        .addMethod(MethodDescriptorProto.newBuilder()
                                .setName("Call")
                                .setInputType(".rude.Nothing")
                                .setOutputType(".rude.Nothing")))
                .setSourceCodeInfo(SourceCodeInfo.newBuilder()
                        .addLocation(Location.newBuilder()
                                .addAllPath(List.of(6, 0))
                                .setLeadingComments(rude)
                                .addLeadingDetachedComments(rude))
                        .addLocation(Location.newBuilder()
                                .addAllPath(List.of(6, 0, 2, 0))
                                .setLeadingComments(" - " + rude))
                        .addLocation(
                                Location.newBuilder().addAllPath(List.of(4, 0)).setLeadingComments(rude)))
                .build();
        Comments comments =
                new Comments(FileDescriptorSet.newBuilder().addFile(file).build());
        ServiceDescriptor service = FileDescriptor.buildFrom(file, new FileDescriptor[0])
                .getServices()
                .get(0);

        String page = new ServicePage(service, comments, "localhost").html();

        assertThat(page).doesNotContain("<script", "<b>").contains("&lt;script&gt;", "<code>&lt;b&gt;&quot;</code>");
    }

    /** Parsed by a stricter reader than the door's, which leaves out what it does not know. */
    @ParameterizedTest
    @MethodSource("contracts")
    void everyExampleIsARequestThatTheServerUnderstands(ServiceDescriptor contract) throws Exception {
        Examples examples = new Examples();
        try (IpamerServer server = IpamerServer.start(Config.read(
                Map.of(
                        Setting.STORE, "memory",
                        Setting.GRPC_ADDRESS, "127.0.0.1:0",
                        Setting.HTTP_ADDRESS, "127.0.0.1:0"),
                Map.of(),
                null))) {
            String authority = "127.0.0.1:" + server.httpPort();
            for (MethodDescriptor method : contract.getMethods()) {
                String name = contract.getFullName() + "/" + method.getName();
                if (method.isClientStreaming()) {
                    continue;
                }
                DynamicMessage.Builder message = DynamicMessage.newBuilder(method.getInputType());
                JsonFormat.parser().merge(examples.request(name), message);
                assertThat(message.getAllFields().isEmpty())
                        .as("%s has an example", name)
                        .isEqualTo(mayBeEmpty(method));
                if (!method.isServerStreaming()) {
                    HttpResponse<String> answer = paste(examples.curl(authority, name));
                    assertThat(answer.body())
                            .as(name)
                            .startsWith("{")
                            .doesNotContain("malformed", "unimplemented", "must ", "INVALID", "FIELD_MISSING");
                }
            }
        }
    }

    private static boolean mayBeEmpty(MethodDescriptor method) {
        return method.getName().matches("List(Namespaces|Prefixes)|(Get)?Version|Dump|Export|GetNamespaceUsage");
    }

    @Test
    void theFirstCallWorksWhenItIsPasted() throws Exception {
        try (IpamerServer server = IpamerServer.start(Config.read(
                Map.of(
                        Setting.STORE, "memory",
                        Setting.GRPC_ADDRESS, "127.0.0.1:0",
                        Setting.HTTP_ADDRESS, "127.0.0.1:0"),
                Map.of(),
                null))) {
            URI home = URI.create("http://127.0.0.1:" + server.httpPort() + "/");
            String page = CLIENT.send(HttpRequest.newBuilder(home).build(), BodyHandlers.ofString())
                    .body();

            HttpResponse<String> answer = paste(page);

            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.body()).contains("\"cidr\":\"10.0.0.0/24\"");
            assertThat(page).contains("in memory").contains("127.0.0.1:" + server.grpcPort());
        }
    }

    private HttpResponse<String> paste(String text) throws Exception {
        Matcher curl = CURL.matcher(text);
        assertThat(curl.find()).isTrue();
        return CLIENT.send(
                HttpRequest.newBuilder(URI.create(curl.group(2)))
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString(curl.group(1)))
                        .build(),
                BodyHandlers.ofString());
    }

    /** All that a contract is made of. */
    private static List<FileDescriptor> files(ServiceDescriptor contract) {
        return Stream.concat(Stream.of(contract.getFile()), contract.getFile().getDependencies().stream())
                .filter(file -> !file.getPackage().startsWith("google."))
                .toList();
    }

    /** What is read of HTML. */
    private static String words(String html) {
        return html.replaceAll("<[^>]*>", " ")
                .replaceAll("\\s+", " ")
                .replaceAll(" ?([.,:;()\"&]) ?", "$1")
                .strip();
    }

    private static String type(HttpResponse<?> response) {
        return response.headers().firstValue("content-type").orElse("");
    }

    private HttpResponse<String> get(String path) throws Exception {
        return send(path, request -> {});
    }

    private HttpResponse<String> browse(String path) throws Exception {
        return send(path, request -> request.header("Accept", "text/html,application/xhtml+xml,*/*;q=0.8"));
    }

    private HttpResponse<String> send(String path, Consumer<HttpRequest.Builder> with) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri(path));
        with.accept(request);
        return CLIENT.send(request.build(), BodyHandlers.ofString());
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + door.port() + path);
    }

    /** The answer to a GET with that Host, which Java's client does not let us choose. */
    private String asking(String path, String host) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), door.port())) {
            socket.getOutputStream().write(("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n").getBytes(UTF_8));
            BufferedReader answer = new BufferedReader(new InputStreamReader(socket.getInputStream(), ISO_8859_1));
            String status = answer.readLine();
            int length = 0;
            for (String line = answer.readLine(); !line.isEmpty(); line = answer.readLine()) {
                if (line.startsWith("content-length:")) {
                    length = Integer.parseInt(
                            line.substring(line.indexOf(':') + 1).strip());
                }
            }
            char[] body = new char[length];
            for (int read = 0; read < length; ) {
                read += answer.read(body, read, length - read);
            }
            return status + "\n" + new String(body);
        }
    }
}
