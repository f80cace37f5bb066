package io.ipamer.app;

import io.ipamer.api.BuildFacts;
import io.ipamer.api.goipam.GoIpamApi;
import io.ipamer.api.grpc.GrpcDoor;
import io.ipamer.api.v1.IpamerApi;
import io.ipamer.app.Config.Setting;
import io.ipamer.app.Config.StoreKind;
import io.ipamer.ipam.Ipam;
import io.ipamer.ipam.Surroundings;
import io.ipamer.store.Store;
import io.ipamer.store.StoreException;
import io.ipamer.store.embedded.EmbeddedPostgres;
import io.ipamer.store.embedded.EmbeddedPostgresException;
import io.ipamer.store.memory.MemoryStore;
import io.ipamer.store.sql.DatabaseUrl;
import io.ipamer.store.sql.SqlStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A running server. Closing it lets running calls finish; what was opened last is closed first. */
public final class IpamerServer implements AutoCloseable {
    private final @Nullable EmbeddedPostgres postgres;
    private final Store store;
    private final String data;
    private final ScheduledThreadPoolExecutor timer;
    private final GrpcDoor grpc;

    private IpamerServer(
            @Nullable EmbeddedPostgres postgres,
            Store store,
            String data,
            ScheduledThreadPoolExecutor timer,
            GrpcDoor grpc) {
        this.postgres = postgres;
        this.store = store;
        this.data = data;
        this.timer = timer;
        this.grpc = grpc;
    }

    /**
     * Starts a server.
     *
     * @throws IOException when an address cannot be listened on
     * @throws ConfigException when the database or the data folder that is set cannot be used
     */
    public static IpamerServer start(Config config) throws IOException, ConfigException {
        // What could not be served in the end must not have made a database, nor have waited for one.
        GrpcDoor.requireFree(config.grpcAddress());
        DatabaseUrl url = config.databaseUrl();
        if (config.store() == StoreKind.MEMORY) {
            return start(
                    config.grpcAddress(), null, new MemoryStore(), "in memory: nothing is kept when the server stops");
        } else if (url != null) {
            SqlStore store =
                    open(url, config, url + " (" + config.origin(Setting.DB_URL).source() + ")");
            return start(config.grpcAddress(), null, store, store.engine() + " at " + url);
        }
        EmbeddedPostgres postgres = startPostgres(config);
        try {
            DatabaseUrl itsUrl = DatabaseUrl.parse(
                    postgres.jdbcUrl() + "?user=" + postgres.user() + "&password=" + postgres.password());
            SqlStore store = open(itsUrl, config, "in " + postgres.home());
            return start(config.grpcAddress(), postgres, store, store.engine() + " in " + postgres.home());
        } catch (IOException | ConfigException | RuntimeException failure) {
            postgres.close();
            throw failure;
        }
    }

    private static EmbeddedPostgres startPostgres(Config config) throws ConfigException {
        try {
            return EmbeddedPostgres.start(config.dataDirectory());
        } catch (EmbeddedPostgresException refused) {
            throw new ConfigException(String.valueOf(refused.getMessage()));
        }
    }

    private static SqlStore open(DatabaseUrl url, Config config, String name) throws ConfigException {
        try {
            return SqlStore.open(url, config.retention());
        } catch (StoreException refused) {
            throw new ConfigException("cannot use the database " + name + ": " + refused.getMessage());
        }
    }

    /** Starts a server for a test: in memory, on a free port of 127.0.0.1. */
    public static IpamerServer inMemory() {
        try {
            return start(
                    new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0),
                    null,
                    new MemoryStore(),
                    "in memory");
        } catch (IOException noPort) {
            throw new UncheckedIOException(noPort);
        }
    }

    private static IpamerServer start(
            InetSocketAddress grpcAddress, @Nullable EmbeddedPostgres postgres, Store store, String data)
            throws IOException {
        ScheduledThreadPoolExecutor timer = timer();
        Ipam ipam = new Ipam(store, surroundings(timer));
        BuildFacts build = Build.facts();
        try {
            GrpcDoor grpc = GrpcDoor.open(grpcAddress, List.of(new IpamerApi(ipam, build), new GoIpamApi(ipam, build)));
            return new IpamerServer(postgres, store, data, timer, grpc);
        } catch (IOException | RuntimeException failure) {
            timer.shutdownNow();
            store.close();
            throw failure;
        }
    }

    /** As the world is: real time, real randomness. */
    @SuppressWarnings("FutureReturnValueIgnored") // the tasks tell of their failures themselves
    private static Surroundings surroundings(ScheduledThreadPoolExecutor timer) {
        return new Surroundings(
                System::nanoTime,
                (nanos, task) -> timer.schedule(task, nanos, TimeUnit.NANOSECONDS),
                ForkJoinPool.commonPool(),
                new Ids(),
                () -> ThreadLocalRandom.current().nextDouble());
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
        return data;
    }

    /** The port that gRPC is served on. */
    public int grpcPort() {
        return grpc.port();
    }

    @Override
    public void close() {
        grpc.close();
        timer.shutdownNow();
        store.close();
        if (postgres != null) {
            postgres.close();
        }
    }
}
