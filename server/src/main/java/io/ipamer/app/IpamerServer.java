package io.ipamer.app;

import io.ipamer.api.BuildFacts;
import io.ipamer.api.goipam.GoIpamApi;
import io.ipamer.api.grpc.GrpcDoor;
import io.ipamer.api.v1.IpamerApi;
import io.ipamer.ipam.Ipam;
import io.ipamer.ipam.Surroundings;
import io.ipamer.store.Store;
import io.ipamer.store.StoreException;
import io.ipamer.store.memory.MemoryStore;
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

/** A running server. Closing it lets running calls finish; what was opened last is closed first. */
public final class IpamerServer implements AutoCloseable {
    private final Store store;
    private final String data;
    private final ScheduledThreadPoolExecutor timer;
    private final GrpcDoor grpc;

    private IpamerServer(Store store, String data, ScheduledThreadPoolExecutor timer, GrpcDoor grpc) {
        this.store = store;
        this.data = data;
        this.timer = timer;
        this.grpc = grpc;
    }

    /**
     * Starts a server.
     *
     * @throws IOException when an address cannot be listened on
     * @throws ConfigException when the database that is set cannot be used
     */
    public static IpamerServer start(Config config) throws IOException, ConfigException {
        if (config.databaseUrl() == null) {
            return start(config.grpcAddress(), new MemoryStore(), "in memory: nothing is kept when the server stops");
        }
        SqlStore store;
        try {
            store = SqlStore.open(config.databaseUrl(), config.retention());
        } catch (StoreException refused) {
            throw new ConfigException("cannot use the database " + config.databaseUrl() + " ("
                    + config.origin(Config.Setting.DB_URL).source() + "): " + refused.getMessage());
        }
        return start(config.grpcAddress(), store, store.engine() + " at " + config.databaseUrl());
    }

    /** Starts a server for a test: in memory, on a free port of 127.0.0.1. */
    public static IpamerServer inMemory() {
        try {
            return start(
                    new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0),
                    new MemoryStore(),
                    "in memory");
        } catch (IOException noPort) {
            throw new UncheckedIOException(noPort);
        }
    }

    private static IpamerServer start(InetSocketAddress grpcAddress, Store store, String data) throws IOException {
        ScheduledThreadPoolExecutor timer = timer();
        Ipam ipam = new Ipam(store, surroundings(timer));
        BuildFacts build = Build.facts();
        try {
            GrpcDoor grpc = GrpcDoor.open(grpcAddress, List.of(new IpamerApi(ipam, build), new GoIpamApi(ipam, build)));
            return new IpamerServer(store, data, timer, grpc);
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
    }
}
