package io.ipamer.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.Any;
import com.google.protobuf.util.Durations;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import io.grpc.ManagedChannel;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import io.ipamer.app.Config.Setting;
import io.ipamer.proto.v1.CreatePrefixRequest;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import io.ipamer.store.embedded.TestPostgres;
import io.ipamer.store.sql.Wire;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A server and its database, whichever comes first, and while one goes and comes. */
class StartOrderTest {
    private static final String READINESS = "ipamer.v1.IpamerService";

    private TestPostgres.Database database;
    private Wire wire;
    private IpamerServer server;
    private ManagedChannel channel;

    @BeforeEach
    void create() {
        database = TestPostgres.database();
        wire = new Wire(
                "127.0.0.1",
                URI.create(database.jdbcUrl().substring("jdbc:".length())).getPort());
    }

    @AfterEach
    void close() throws IOException {
        if (channel != null) {
            channel.shutdownNow();
        }
        if (server != null) {
            server.close();
        }
        wire.close();
    }

    private Config config(String databaseName, String password, String migrate) throws ConfigException {
        return Config.read(
                Map.of(
                        Setting.GRPC_ADDRESS,
                        "127.0.0.1:0",
                        Setting.HTTP_ADDRESS,
                        "off",
                        Setting.MIGRATE,
                        migrate,
                        Setting.DB_URL,
                        "jdbc:postgresql://127.0.0.1:" + wire.port() + "/" + databaseName + "?user=" + database.user()
                                + "&password=" + URLEncoder.encode(password, StandardCharsets.UTF_8)),
                Map.of(),
                null);
    }

    private String databaseName() {
        return database.jdbcUrl().replaceAll(".*/", "");
    }

    private void start(String migrate) throws Exception {
        server = IpamerServer.start(config(databaseName(), database.password(), migrate));
        channel = NettyChannelBuilder.forAddress("127.0.0.1", server.grpcPort())
                .usePlaintext()
                .build();
    }

    private void execute(String sql) throws SQLException {
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private String ask(String sql) throws SQLException {
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            assertThat(rows.next()).isTrue();
            return rows.getString(1);
        }
    }

    /** What health says of readiness, from now on. */
    private BlockingQueue<ServingStatus> readiness() {
        BlockingQueue<ServingStatus> told = new LinkedBlockingQueue<>();
        HealthGrpc.newStub(channel)
                .watch(HealthCheckRequest.newBuilder().setService(READINESS).build(), new StreamObserver<>() {
                    @Override
                    public void onNext(HealthCheckResponse response) {
                        told.add(response.getStatus());
                    }

                    @Override
                    public void onError(Throwable ended) {
                        // The test waits in vain.
                    }

                    @Override
                    public void onCompleted() {
                        // It never does.
                    }
                });
        return told;
    }

    /** Waits until it says so; on a machine that has much to do it may first say the contrary. */
    private static void await(BlockingQueue<ServingStatus> told, ServingStatus status) throws InterruptedException {
        ServingStatus last = null;
        while (last != status) {
            last = told.poll(30, TimeUnit.SECONDS);
            assertThat(last).as("told in time").isNotNull();
        }
    }

    /** Which of the database's processes the server looks at it through; waits for one. */
    private String lookerOtherThan(String pid) throws SQLException {
        String looker = "";
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while ((looker.isEmpty() || looker.equals(pid)) && System.nanoTime() < end) {
            looker = ask("SELECT COALESCE(string_agg(CAST(pid AS TEXT), ''), '') FROM pg_stat_activity"
                    + " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    + " AND query LIKE '%schema_version%'");
        }
        assertThat(looker).isNotEmpty().isNotEqualTo(pid);
        return looker;
    }

    private ServingStatus health(String service) {
        return HealthGrpc.newBlockingStub(channel)
                .check(HealthCheckRequest.newBuilder().setService(service).build())
                .getStatus();
    }

    private void create(String cidr) {
        IpamerServiceGrpc.newBlockingStub(channel)
                .withDeadlineAfter(20, TimeUnit.SECONDS)
                .createPrefix(CreatePrefixRequest.newBuilder().setCidr(cidr).build());
    }

    /** Returns what the caller is told. */
    private String assertUnavailableWithADelayToRetryAfter() throws Exception {
        StatusRuntimeException refusal =
                catchThrowableOfType(StatusRuntimeException.class, () -> create("10.9.0.0/16"));
        assertThat(refusal.getStatus().getCode()).isEqualTo(Code.UNAVAILABLE);
        Status status = StatusProto.fromThrowable(refusal);
        Any retry = status.getDetailsList().stream()
                .filter(detail -> detail.is(RetryInfo.class))
                .findAny()
                .orElseThrow();
        assertThat(Durations.toMillis(retry.unpack(RetryInfo.class).getRetryDelay()))
                .isPositive();
        return status.getMessage();
    }

    /** Kubernetes restarts what is not alive, and sends nothing to what is not ready; go-ipam is always both. */
    private void assertAliveWhateverTheDatabaseDoes() {
        assertThat(health("")).isEqualTo(ServingStatus.SERVING);
        assertThat(health("api.v1.IpamService")).isEqualTo(ServingStatus.SERVING);
    }

    @Test
    void theServerMayComeFirst() throws Exception {
        wire.set(Wire.State.CUT);
        start("auto");
        BlockingQueue<ServingStatus> readiness = readiness();
        await(readiness, ServingStatus.NOT_SERVING);
        assertAliveWhateverTheDatabaseDoes();
        assertUnavailableWithADelayToRetryAfter();
        assertThat(server.data())
                .isEqualTo("not there yet: calls are UNAVAILABLE until 127.0.0.1:" + wire.port() + "/" + databaseName()
                        + " can be worked with");

        wire.set(Wire.State.WHOLE);

        await(readiness, ServingStatus.SERVING);
        create("10.0.0.0/16");
        assertThat(server.data()).startsWith("PostgreSQL ").endsWith("/" + databaseName());
    }

    @ParameterizedTest
    @EnumSource(
            value = Wire.State.class,
            names = {"CUT", "SILENT"})
    void readinessFollowsTheDatabase(Wire.State outage) throws Exception {
        start("auto");
        BlockingQueue<ServingStatus> readiness = readiness();
        await(readiness, ServingStatus.SERVING);

        wire.set(outage);
        await(readiness, ServingStatus.NOT_SERVING);
        assertAliveWhateverTheDatabaseDoes();

        wire.set(Wire.State.WHOLE);
        await(readiness, ServingStatus.SERVING);
        create("10.0.0.0/16");
    }

    @Test
    void aConnectionThatBreaksIsNoOutage() throws Exception {
        start("auto");
        BlockingQueue<ServingStatus> readiness = readiness();
        await(readiness, ServingStatus.SERVING);
        String before = lookerOtherThan("");

        ask("SELECT CAST(pg_terminate_backend(pid) AS TEXT) FROM pg_stat_activity"
                + " WHERE datname = current_database() AND pid <> pg_backend_pid()");

        lookerOtherThan(before);
        assertThat(health(READINESS)).isEqualTo(ServingStatus.SERVING);
        assertThat(readiness).isEmpty();
    }

    @Test
    void aSchemaThatNoLongerServesTheProgramStopsItUntilItDoes() throws Exception {
        start("auto");
        BlockingQueue<ServingStatus> readiness = readiness();
        await(readiness, ServingStatus.SERVING);

        execute("INSERT INTO schema_version (version, serves_from, checksum) VALUES (32000, 32000, '')");
        await(readiness, ServingStatus.NOT_SERVING);
        assertThat(assertUnavailableWithADelayToRetryAfter())
                .startsWith("the database cannot be used: its schema is on its way to version 32000");

        execute("DELETE FROM schema_version WHERE version = 32000");
        await(readiness, ServingStatus.SERVING);
        create("10.0.0.0/16");
    }

    @Test
    void whoMustNotMigrateServesOnceSomebodyElseDid() throws Exception {
        start("off");
        BlockingQueue<ServingStatus> readiness = readiness();
        await(readiness, ServingStatus.NOT_SERVING);

        assertThat(DatabaseSchema.migrate(config(databaseName(), database.password(), "off")))
                .matches("version [0-9]+ in PostgreSQL .* at 127.0.0.1:" + wire.port() + "/" + databaseName());

        await(readiness, ServingStatus.SERVING);
        create("10.0.0.0/16");
    }

    @Test
    void aDatabaseThatTakesNoWritesIsWaitedFor() throws Exception {
        execute("ALTER DATABASE " + databaseName() + " SET default_transaction_read_only = on");
        start("auto");
        BlockingQueue<ServingStatus> readiness = readiness();
        await(readiness, ServingStatus.NOT_SERVING);

        try (Connection connection = database.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("SET default_transaction_read_only = off");
            statement.execute("ALTER DATABASE " + databaseName() + " RESET default_transaction_read_only");
        }

        await(readiness, ServingStatus.SERVING);
        create("10.0.0.0/16");
    }

    @Test
    void aWrongPasswordEndsTheStartInOneLine() throws Exception {
        Config config = config(databaseName(), "wrong", "auto");
        assertThatExceptionOfType(ConfigException.class)
                .isThrownBy(() -> IpamerServer.start(config))
                .withMessage("cannot use the database 127.0.0.1:" + wire.port() + "/" + databaseName()
                        + " (flag --db-url): SQLSTATE 28P01: FATAL: password authentication failed for user \""
                        + database.user() + "\"");
    }

    @Test
    void aDatabaseThatIsNotThereEndsTheStartInOneLine() throws Exception {
        Config config = config("none", database.password(), "auto");
        assertThatExceptionOfType(ConfigException.class)
                .isThrownBy(() -> IpamerServer.start(config))
                .withMessage("cannot use the database 127.0.0.1:" + wire.port()
                        + "/none (flag --db-url): SQLSTATE 3D000: FATAL: database \"none\" does not exist");
    }

    @Test
    void whatIsRefusedOnlyLaterEndsTheServerThen() throws Exception {
        wire.set(Wire.State.CUT);
        server = IpamerServer.start(config(databaseName(), "wrong", "auto"));

        wire.set(Wire.State.WHOLE);

        assertThatExceptionOfType(ConfigException.class)
                .isThrownBy(() -> server.awaitFailure())
                .withMessageContaining("password authentication failed");
    }
}
