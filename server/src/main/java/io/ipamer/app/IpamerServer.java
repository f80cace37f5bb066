package io.ipamer.app;

import com.google.common.util.concurrent.Uninterruptibles;
import io.ipamer.api.BuildFacts;
import io.ipamer.api.Listening;
import io.ipamer.api.Services;
import io.ipamer.api.goipam.GoIpamApi;
import io.ipamer.api.grpc.GrpcDoor;
import io.ipamer.api.http.HttpDoor;
import io.ipamer.api.http.pages.Site;
import io.ipamer.api.v1.IpamerApi;
import io.ipamer.app.Config.Setting;
import io.ipamer.app.Config.StoreKind;
import io.ipamer.ipam.Ipam;
import io.ipamer.ipam.Surroundings;
import io.ipamer.store.Store;
import io.ipamer.store.embedded.EmbeddedPostgres;
import io.ipamer.store.embedded.EmbeddedPostgresException;
import io.ipamer.store.memory.MemoryStore;
import io.ipamer.store.sql.DatabaseUrl;
import io.ipamer.store.sql.SqlStore;
import io.ipamer.transfer.Transfers;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** A running server. Closing it lets running calls finish; what was opened last is closed first. */
public final class IpamerServer implements AutoCloseable {
    /** As long a start waits for a database, so that it can say what is there; then it goes on without. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /** The same for the embedded one, which runs by then: what may take its time is making the tables. */
    private static final Duration EMBEDDED_PATIENCE = Duration.ofSeconds(30);

    private static final String IN_MEMORY = "in memory: nothing is kept when the server stops";

    private final Meters meters;
    private final @Nullable EmbeddedPostgres postgres;
    private final Store store;
    private final Supplier<String> data;
    private final CompletableFuture<String> failure;
    private final ScheduledThreadPoolExecutor timer;
    private final Ipam ipam;
    private final Transfers transfers;
    private final Services services;
    private final GrpcDoor grpc;
    private final @Nullable HttpDoor http;

    private IpamerServer(
            Meters meters,
            @Nullable EmbeddedPostgres postgres,
            Store store,
            Supplier<String> data,
            CompletableFuture<String> failure,
            ScheduledThreadPoolExecutor timer,
            Ipam ipam,
            Transfers transfers,
            Services services,
            GrpcDoor grpc,
            @Nullable HttpDoor http) {
        this.meters = meters;
        this.postgres = postgres;
        this.store = store;
        this.data = data;
        this.failure = failure;
        this.timer = timer;
        this.ipam = ipam;
        this.transfers = transfers;
        this.services = services;
        this.grpc = grpc;
        this.http = http;
    }

    /**
     * Starts a server. Its database may come later: until then it is not ready, and calls are UNAVAILABLE.
     *
     * @throws ConfigException when an address cannot be listened on, the database that is set refuses us, or the data
     *     folder cannot be used
     */
    public static IpamerServer start(Config config) throws ConfigException {
        // What could not be served in the end must not have made a database.
        requireFree(config, Setting.GRPC_ADDRESS, config.grpcAddress());
        if (config.httpAddress() != null) {
            requireFree(config, Setting.HTTP_ADDRESS, config.httpAddress());
            LoggerFactory.getILoggerFactory(); // of two threads that want it first, one would be told off
            new Thread(HttpDoor::prepare, "ipamer-http-prepare").start();
        }
        Meters meters = new Meters(Build.facts());
        if (config.store() == StoreKind.MEMORY) {
            IpamerServer server =
                    start(config, meters, null, new MemoryStore(), () -> IN_MEMORY, new CompletableFuture<>());
            server.ready(true);
            return server;
        }
        DatabaseUrl url = config.databaseUrl();
        if (url != null) {
            SqlStore store = SqlStore.connect(url, config.retention(), config.migrates(), meters.registry());
            return onceLookedAt(
                    start(
                            config,
                            meters,
                            null,
                            store,
                            data(store, "at", url.toString()),
                            store.failure()
                                    .thenApply(why -> DatabaseSchema.refusal(DatabaseSchema.named(config, url), why))),
                    store,
                    PATIENCE);
        }
        EmbeddedPostgres postgres = startPostgres(config);
        try {
            String where = "in " + postgres.home();
            DatabaseUrl itsUrl = DatabaseUrl.parse(
                    postgres.jdbcUrl() + "?user=" + postgres.user() + "&password=" + postgres.password());
            SqlStore store =
                    SqlStore.connect(itsUrl, config.retention(), true, meters.registry()); // it has no other operator
            return onceLookedAt(
                    start(
                            config,
                            meters,
                            postgres,
                            store,
                            data(store, "in", postgres.home().toString()),
                            store.failure().thenApply(why -> DatabaseSchema.refusal(where, why))),
                    store,
                    EMBEDDED_PATIENCE);
        } catch (ConfigException | RuntimeException failed) {
            postgres.close();
            throw failed;
        }
    }

    private static void requireFree(Config config, Setting setting, InetSocketAddress address) throws ConfigException {
        try {
            Listening.requireFree(address);
        } catch (IOException refused) {
            throw deaf(config, setting, refused);
        }
    }

    private static ConfigException deaf(Config config, Setting setting, IOException refused) {
        Config.Origin origin = config.origin(setting);
        return new ConfigException(
                "cannot listen on " + origin.value() + " (" + origin.source() + "): " + refused.getMessage());
    }

    private static Supplier<String> data(SqlStore store, String preposition, String place) {
        return () -> store.engine().isEmpty()
                ? "not there yet: calls are UNAVAILABLE until " + place + " can be worked with"
                : store.engine() + " " + preposition + " " + place;
    }

    /** What keeps the data, for anybody: unlike {@link #data} without saying where. */
    private static Supplier<String> shown(Store store, boolean embedded) {
        if (!(store instanceof SqlStore sql)) {
            return () -> IN_MEMORY;
        }
        String whose = embedded ? "which the server brought along" : "which its operator runs";
        return () -> sql.engine().isEmpty()
                ? "not there yet: calls are UNAVAILABLE until the database can be worked with"
                : sql.engine() + ", " + whose;
    }

    private static IpamerServer onceLookedAt(IpamerServer server, SqlStore store, Duration patience)
            throws ConfigException {
        store.onReadiness(server::ready);
        store.awaitFirstLook(patience);
        if (server.failure.isDone()) {
            server.close();
            throw new ConfigException(server.failure.join());
        }
        return server;
    }

    private void ready(boolean ready) {
        services.ready(ready);
        if (ready) {
            ipam.imports().watch();
        }
    }

    private static EmbeddedPostgres startPostgres(Config config) throws ConfigException {
        try {
            return EmbeddedPostgres.start(config.dataDirectory());
        } catch (EmbeddedPostgresException refused) {
            throw new ConfigException(String.valueOf(refused.getMessage()));
        }
    }

    /** Starts a server for a test: in memory, gRPC alone, on a free port of 127.0.0.1. */
    public static IpamerServer inMemory() {
        Map<Setting, String> settings =
                Map.of(Setting.STORE, "memory", Setting.GRPC_ADDRESS, "127.0.0.1:0", Setting.HTTP_ADDRESS, "off");
        try {
            return start(Config.read(settings, Map.of(), null));
        } catch (ConfigException noPort) {
            throw new IllegalStateException(noPort);
        }
    }

    private static IpamerServer start(
            Config config,
            Meters meters,
            @Nullable EmbeddedPostgres postgres,
            Store store,
            Supplier<String> data,
            CompletableFuture<String> failure)
            throws ConfigException {
        ScheduledThreadPoolExecutor timer = timer();
        Surroundings surroundings = surroundings(timer, meters.registry());
        Ipam ipam = new Ipam(store, surroundings);
        Transfers transfers = new Transfers(ipam, meters.registry());
        BuildFacts build = Build.facts();
        // go-ipam's health says SERVING whatever its database does, and its clients restart what does not.
        Services services = new Services(
                List.of(new GoIpamApi(ipam, transfers, build)),
                List.of(new IpamerApi(ipam, transfers, surroundings.timer(), build)));
        GrpcDoor grpc = null;
        try {
            grpc = open(config, services, meters.registry());
            Site site = new Site(build, grpc.port(), shown(store, postgres != null), meters::calls, meters::text);
            HttpDoor http = openHttp(config, services, meters.registry(), site);
            return new IpamerServer(
                    meters, postgres, store, data, failure, timer, ipam, transfers, services, grpc, http);
        } catch (ConfigException | RuntimeException failed) {
            services.leave();
            if (grpc != null) {
                grpc.close();
            }
            transfers.close();
            timer.shutdownNow();
            store.close();
            meters.close();
            throw failed;
        }
    }

    private static GrpcDoor open(Config config, Services services, MeterRegistry meters) throws ConfigException {
        try {
            return GrpcDoor.open(config.grpcAddress(), services, meters);
        } catch (IOException refused) {
            throw deaf(config, Setting.GRPC_ADDRESS, refused);
        }
    }

    private static @Nullable HttpDoor openHttp(Config config, Services services, MeterRegistry meters, Site site)
            throws ConfigException {
        InetSocketAddress address = config.httpAddress();
        try {
            return address == null ? null : HttpDoor.open(address, services, config.httpOrigins(), meters, site);
        } catch (IOException refused) {
            throw deaf(config, Setting.HTTP_ADDRESS, refused);
        }
    }

    /** As the world is: real time, real randomness. */
    @SuppressWarnings("FutureReturnValueIgnored") // the tasks tell of their failures themselves
    private static Surroundings surroundings(ScheduledThreadPoolExecutor timer, MeterRegistry meters) {
        return new Surroundings(
                System::nanoTime,
                (nanos, task) -> timer.schedule(task, nanos, TimeUnit.NANOSECONDS),
                ForkJoinPool.commonPool(),
                new Ids(),
                () -> ThreadLocalRandom.current().nextDouble(),
                System::currentTimeMillis,
                meters);
    }

    private static ScheduledThreadPoolExecutor timer() {
        return new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "ipamer-timer");
            thread.setDaemon(true);
            return thread;
        });
    }

    /** Where the data is, for people. */
    public String data() {
        return data.get();
    }

    /**
     * Waits for as long as the server can do its work, or may yet be able to.
     *
     * @throws ConfigException when its database, which was not there at the start, turns out to refuse us
     */
    public void awaitFailure() throws ConfigException, InterruptedException {
        try {
            throw new ConfigException(failure.get());
        } catch (ExecutionException defect) {
            throw new IllegalStateException(defect);
        }
    }

    Meters meters() {
        return meters;
    }

    /** The port that gRPC is served on. */
    public int grpcPort() {
        return grpc.port();
    }

    /** The port that HTTP is served on; -1 where it is not. */
    public int httpPort() {
        return http == null ? -1 : http.port();
    }

    @Override
    public void close() {
        services.leave();
        // Side by side: both let their calls finish.
        Thread closing = new Thread(() -> {
            if (http != null) {
                http.close();
            }
        });
        closing.start();
        grpc.close();
        Uninterruptibles.joinUninterruptibly(closing);
        transfers.close();
        timer.shutdownNow();
        store.close();
        if (postgres != null) {
            postgres.close();
        }
        meters.close();
    }
}
