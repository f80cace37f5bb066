package io.ipamer.store.sql;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.Allocation;
import io.ipamer.model.Metadata;
import io.ipamer.model.Namespace;
import io.ipamer.model.Prefix;
import io.ipamer.model.ReleaseCount;
import io.ipamer.model.Reservation;
import io.ipamer.plan.BlockChange;
import io.ipamer.plan.Change;
import io.ipamer.plan.Head;
import io.ipamer.plan.Plan;
import io.ipamer.plan.Request;
import io.ipamer.plan.RequestRow;
import io.ipamer.plan.Rows;
import io.ipamer.plan.Scope;
import io.ipamer.plan.ScopeChange;
import io.ipamer.store.Store;
import io.ipamer.store.StoreException;
import io.ipamer.store.embedded.TestPostgres;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * That a plan is one transaction rests on how the driver sends several statements at once, which nobody promises. So it is
 * tried: from the first execution to the eighth, prepared on the server never (0), from the first (1) and from the fifth.
 */
class FlushTest {
    private static final int EXECUTIONS = 8;
    private static final int CONNECTIONS = 3;

    /** The driver splits what has as many statements. */
    private static final int DRIVERS_LIMIT = 256;

    private static final Scope ONE = new Scope(new UUID(1, 1), Namespace.ROOT.id(), Cidr.parse("10.0.0.0/8"));
    private static final Scope OTHER = new Scope(new UUID(1, 2), Namespace.ROOT.id(), Cidr.parse("11.0.0.0/8"));
    private static final Metadata SAID =
            Metadata.of("its owner", Map.of("key", "value", "example.org/key", ""), "what it is for");
    private static final String PROBE = ";\nINSERT INTO probe (said) VALUES (current_setting('transaction_isolation'))";

    private Relay relay;
    private TestPostgres.Database database;
    private @Nullable ConnectionPool pool;

    @BeforeEach
    void start() throws IOException {
        database = TestPostgres.database();
        relay = new Relay(
                URI.create(database.jdbcUrl().substring("jdbc:".length())).getPort());
    }

    @AfterEach
    void stop() throws IOException {
        if (pool != null) {
            pool.close();
        }
        relay.close();
    }

    /** A connection as the store has them, but through the relay. */
    private Handle connect(int prepareThreshold) {
        if (pool == null) {
            URI direct = URI.create(database.jdbcUrl().substring("jdbc:".length()));
            DatabaseUrl url =
                    DatabaseUrl.parse("jdbc:postgresql://127.0.0.1:" + relay.port() + direct.getPath() + "?user="
                            + database.user() + "&password=" + database.password()
                            + "&sslmode=disable&gssEncMode=disable&prepareThreshold=" + prepareThreshold);
            pool = new ConnectionPool("flush", CONNECTIONS, new SqlMeters(new SimpleMeterRegistry()));
            pool.open(url.dataSource(Dialect.POSTGRESQL.writeOptions()));
            // The pool fills by itself; once all are open, nobody but the test says anything.
            IntStream.range(0, CONNECTIONS)
                    .mapToObj(n -> pool.jdbi().open())
                    .toList()
                    .forEach(Handle::close);
            pool.jdbi().useHandle(handle -> {
                SqlText.schemaStatements().forEach(handle::execute);
                handle.execute("CREATE TABLE probe (said TEXT NOT NULL)");
                handle.execute("CREATE TABLE gate (passed BIGINT NOT NULL)");
                handle.execute("INSERT INTO gate (passed) VALUES (0)");
                for (Scope scope : List.of(ONE, OTHER)) {
                    handle.execute(
                            "INSERT INTO head SELECT ?, 0, ?, false, 0, 0, 0, 0, false, false", scope.id(), scope.id());
                }
                handle.execute(
                        "INSERT INTO ip_addr SELECT ?, int4send(n), ? FROM generate_series(1, 9) n",
                        ONE.id(),
                        ONE.id());
                handle.execute("INSERT INTO request SELECT ?, 'taken', '', '{}', 0, true", Namespace.ROOT.id());
            });
        }
        return pool.jdbi().open();
    }

    /** A plan of every kind of row. {@code n}: which one it is of its scope, from 1. */
    private static Plan everything(Scope scope, int n, String request) {
        Head after = head(scope, n);
        IpAddress base = base(scope, n);
        Scope created = new Scope(new UUID(scope.id().getLeastSignificantBits() + 1, n), Namespace.ROOT.id(), null);
        Prefix gone = prefix(scope, new UUID(9, 9), base);
        Prefix added = prefix(scope, created.id(), base.plus(1));
        Rows rows = new Rows(
                Map.of(
                        base.plus(9), new Change<>(base.plus(8), null),
                        base.plus(19), new Change<>(base.plus(10), base.plus(11)),
                        base.plus(29), new Change<>(null, base.plus(20))),
                List.of(new BlockChange(true, Cidr.of(base, 24), Cidr.of(base, 26), true)),
                Map.of(
                        base,
                        new Change<>(new Allocation(new UUID(3, n), base, Metadata.NONE), null),
                        base.plus(1),
                        new Change<>(null, new Allocation(new UUID(4, n), base.plus(1), Metadata.NONE)),
                        described(scope, n - 1).address(),
                        new Change<>(described(scope, n - 1), null),
                        described(scope, n).address(),
                        new Change<>(null, described(scope, n))),
                List.of(new Cidr(base.plus(2), 32)),
                Map.of(
                        gone.cidr().last(),
                        new Change<>(gone, null),
                        added.cidr().last(),
                        new Change<>(null, added)),
                Map.of(
                        "gone", new Change<>(new Namespace(new UUID(8, 8), "gone"), null),
                        "new", new Change<>(null, new Namespace(created.id(), scope.id() + " " + n))));
        Scope dropped = new Scope(new UUID(scope.id().getLeastSignificantBits() + 1, n - 1), Namespace.ROOT.id(), null);
        Stream<ScopeChange> drop = n == 1 ? Stream.of() : Stream.of(new ScopeChange.Drop(dropped));
        return new Plan(
                after.txId(),
                Stream.of(
                                Stream.of(new ScopeChange.Advance(scope, head(scope, n - 1), after, rows)),
                                drop,
                                Stream.of(new ScopeChange.Create(
                                        created, Head.fresh(created.id(), false, false), Rows.NONE)))
                        .<ScopeChange>flatMap(changes -> changes)
                        .toList(),
                List.of(new RequestRow(new Request(Namespace.ROOT.id(), request, "f"), new ReleaseCount(3), n, true)));
    }

    private static IpAddress base(Scope scope, int n) {
        return scope.cidr() == null
                ? IpAddress.parse("10.0.0.0")
                : scope.cidr().first().plus(n * 1_000L);
    }

    /** Made by the plan of that number, and taken away by the next. */
    private static Allocation described(Scope scope, int n) {
        return new Allocation(new UUID(5, n), base(scope, n).plus(2), SAID);
    }

    private static Head head(Scope scope, int n) {
        return n == 0
                ? Head.fresh(scope.id(), false, false)
                : new Head(
                        n,
                        new UUID(scope.id().getLeastSignificantBits() + 5, n),
                        false,
                        n,
                        1,
                        1,
                        BigInteger.TEN,
                        true,
                        true,
                        n % 2 == 0);
    }

    private static Prefix prefix(Scope scope, UUID id, IpAddress address) {
        return new Prefix(
                id, Namespace.ROOT.id(), scope.id(), scope.cidr(), new Cidr(address, 32), Reservation.NONE, SAID);
    }

    private static void commit(Handle handle, Scope scope, int n, String end) {
        Flush.of(List.of(everything(scope, n, scope.id() + " " + n)), handle, end)
                .execute();
    }

    private static SQLException failure(Handle handle, Plan plan, String end) {
        Throwable thrown =
                catchThrowable(() -> Flush.of(List.of(plan), handle, end).execute());
        assertThat(thrown).isNotNull().hasCauseInstanceOf(SQLException.class);
        return (SQLException) thrown.getCause();
    }

    /** Every row of every table. */
    private static Map<String, List<String>> content(Handle handle) {
        Map<String, List<String>> content = new TreeMap<>();
        Pattern.compile("CREATE TABLE IF NOT EXISTS (\\w+)")
                .matcher(String.join("", SqlText.schemaStatements()))
                .results()
                .map(found -> found.group(1))
                .forEach(table -> content.put(
                        table,
                        handle.createQuery("SELECT CAST(t AS TEXT) FROM " + table + " AS t ORDER BY 1")
                                .mapTo(String.class)
                                .list()));
        return content;
    }

    @Test
    void theLargestPlanIsEachStatementOnceAndFarFromTheDriversLimit() {
        try (Handle handle = connect(1)) {
            assertThat(Flush.of(List.of(everything(ONE, 2, "r")), handle, "")
                            .getContext()
                            .getRawSql())
                    .isEqualTo(String.join(";\n", Sql.FLUSH));
        }
        // With a COMMIT of its own in lock mode, and room for what is to come.
        assertThat(Sql.FLUSH.size() + 1).isLessThan(DRIVERS_LIMIT / 2);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 5})
    void aPlanTakesOneRoundTripWithOneSync(int prepareThreshold) {
        try (Handle handle = connect(prepareThreshold)) {
            for (int n = 1; n <= EXECUTIONS; n++) {
                relay.forget();

                commit(handle, ONE, n, "");

                assertThat(relay.said('S')).as("syncs of execution %d", n).isEqualTo(1);
                assertThat(relay.said('E')).as("executed").isEqualTo(n == 1 ? Sql.FLUSH.size() - 3 : Sql.FLUSH.size());
                assertThat(relay.said('Q') + relay.said('H'))
                        .as("other round trips")
                        .isZero();
                assertThat(relay.said('P')).as("parsed").satisfies(parsed -> {
                    if (prepareThreshold == 1 && parsed > 0) {
                        assertThat(parsed).isEqualTo(relay.said('E'));
                    }
                });
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 5})
    void anErrorInTheLastStatementLeavesNothingBehind(int prepareThreshold) {
        try (Handle handle = connect(prepareThreshold);
                Handle observer = connect(prepareThreshold)) {
            for (int n = 1; n <= EXECUTIONS; n++) {
                Map<String, List<String>> before = content(observer);

                SQLException failure = failure(handle, everything(ONE, n, "taken"), "");

                assertThat(failure.getMessage()).contains("request_pk");
                assertThat(content(observer)).as("after execution %d", n).isEqualTo(before);
                commit(handle, ONE, n, "");
                assertThat(content(observer)).isNotEqualTo(before);
            }
        }
    }

    /** One change that a flush makes. {@code occurrence}: of the changes of that kind to that table. */
    private record Write(String event, String table, int occurrence) {}

    private static List<Write> writesOfAFlush() {
        Map<String, Integer> occurrences = new TreeMap<>();
        return Pattern.compile("(INSERT|UPDATE|DELETE)(?: INTO| FROM)? (\\w+)")
                .matcher(String.join(";\n", Sql.FLUSH))
                .results()
                .map(found ->
                        new Write(found.group(1), found.group(2), occurrences.merge(found.group(), 1, Integer::sum)))
                .toList();
    }

    /** Raised by the database itself, in the middle of that statement; what is not an error ends the connection. */
    private static final Map<String, StoreException.Kind> RAISED = Map.of(
            "40001", StoreException.Kind.ABORTED,
            "40P01", StoreException.Kind.ABORTED,
            "40003", StoreException.Kind.UNKNOWN,
            "57014", StoreException.Kind.UNKNOWN,
            "53200", StoreException.Kind.UNAVAILABLE,
            "23514", StoreException.Kind.DEFECT,
            "terminate", StoreException.Kind.UNKNOWN);

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aFailureOfAnyStatementLeavesNothingBehind(boolean inTurn) {
        List<Write> writes = writesOfAFlush();
        assertThat(writes).hasSize(Sql.FLUSH.size() + 2); // two guards change head and journal
        Plan first = everything(ONE, 1, "first");
        Plan second = everything(ONE, 2, "second");
        try (Handle observer = connect(1)) {
            observer.execute("CREATE SEQUENCE firings");
            observer.execute("""
                    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
                    BEGIN
                      IF nextval('firings') = TG_ARGV[0]::BIGINT THEN
                        IF TG_ARGV[1] = 'terminate' THEN
                          PERFORM pg_terminate_backend(pg_backend_pid());
                        ELSE
                          RAISE EXCEPTION 'raised' USING ERRCODE = TG_ARGV[1];
                        END IF;
                      END IF;
                      RETURN NULL;
                    END $$""");
            Faults faults = new Faults(DatabaseUrl.parse(
                    database.jdbcUrl() + "?user=" + database.user() + "&password=" + database.password()));
            try (SqlStore store = SqlStore.open(faults, Retention.DEFAULT)) {
                assertThat(told(store, first, inTurn)).isEqualTo("COMMITTED");
                Map<String, List<String>> before = content(observer);
                Map<String, String> expected = new TreeMap<>();
                Map<String, String> actual = new TreeMap<>();
                for (Write write : writes) {
                    RAISED.forEach((state, kind) -> {
                        observer.execute("SELECT setval('firings', 1, false)");
                        observer.execute("CREATE TRIGGER refuse BEFORE " + write.event + " ON " + write.table
                                + " FOR EACH STATEMENT EXECUTE FUNCTION refuse(" + write.occurrence + ", '" + state
                                + "')");

                        String told = told(store, second, inTurn);

                        observer.execute("DROP TRIGGER refuse ON " + write.table);
                        expected.put(write + " " + state, kind + ", nothing left");
                        actual.put(
                                write + " " + state,
                                told + (content(observer).equals(before) ? ", nothing left" : ", left something"));
                    });
                }
                assertThat(actual).isEqualTo(expected);
                assertThat(told(store, second, inTurn)).isEqualTo("COMMITTED");
                assertThat(content(observer)).isNotEqualTo(before);
            }
            assertThat(faults.misuses()).isEmpty();
        }
    }

    private static String told(SqlStore store, Plan plan, boolean inTurn) {
        try {
            return (inTurn
                            ? store.inTurn(ONE, List.of(), head -> new Store.Step.Commit(plan))
                                    .thenApply(Optional::orElseThrow)
                            : store.commit(plan))
                    .get(20, SECONDS)
                    .name();
        } catch (ExecutionException failure) {
            return failure.getCause() instanceof StoreException known
                    ? known.kind().name()
                    : String.valueOf(failure.getCause());
        } catch (Exception late) {
            throw new AssertionError(late);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 5})
    void aPlanIsOneTransactionThatSeesOneMoment(int prepareThreshold) {
        try (Handle handle = connect(prepareThreshold)) {
            for (int n = 1; n <= EXECUTIONS; n++) {
                handle.execute("DELETE FROM probe");

                commit(handle, ONE, n, PROBE);

                assertThat(handle.createQuery("SELECT said FROM probe")
                                .mapTo(String.class)
                                .list())
                        .containsExactly("repeatable read");
                assertThat(handle.createQuery("SELECT xmin::TEXT FROM probe"
                                        + " UNION SELECT xmin::TEXT FROM head WHERE scope_id = :id"
                                        + " UNION SELECT xmin::TEXT FROM journal WHERE scope_id = :id AND seq = :n"
                                        + " UNION SELECT xmin::TEXT FROM request WHERE revision = :n")
                                .bind("id", ONE.id())
                                .bind("n", n)
                                .mapTo(String.class)
                                .list())
                        .as("transactions that wrote it")
                        .hasSize(1);
            }
        }
    }

    /** On this rests that nothing stricter is needed: whoever plans on a scope writes its head. See {@link Dialect}. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void ofTwoPlansThatHaveToDoWithOneScopeTheSecondIsUndone(boolean dropsFirst) {
        Plan fill = everything(ONE, 1, "fill");
        ScopeChange parent = new ScopeChange.Advance(OTHER, head(OTHER, 0), head(OTHER, 1), Rows.NONE);
        Plan drop = new Plan(head(OTHER, 1).txId(), List.of(parent, new ScopeChange.Drop(ONE)), List.of());
        Executor threads = task -> new Thread(task).start();
        try (Handle first = connect(1);
                Handle second = connect(1);
                Handle gate = connect(1)) {
            gate.begin();
            gate.execute("SELECT passed FROM gate FOR UPDATE");
            CompletableFuture<Integer> done = CompletableFuture.supplyAsync(
                    () -> Flush.of(List.of(dropsFirst ? drop : fill), first, ";\nUPDATE gate SET passed = passed + 1")
                            .execute(),
                    threads);
            awaitWaiting(gate, 1);
            CompletableFuture<SQLException> undone =
                    CompletableFuture.supplyAsync(() -> failure(second, dropsFirst ? fill : drop, ""), threads);
            awaitWaiting(gate, 2);
            gate.rollback();

            done.join();
            assertThat(undone.join().getSQLState()).isEqualTo("40001");
        }
    }

    private static void awaitWaiting(Handle handle, int count) {
        Instant patience = Instant.now().plus(Duration.ofSeconds(5));
        while (handle.createQuery("SELECT count(*) FROM pg_locks WHERE NOT granted")
                        .mapTo(Integer.class)
                        .one()
                < count) {
            assertThat(Instant.now()).as("fewer wait").isBefore(patience);
        }
    }

    /** Stands before a database and counts what clients say to it, by kind of message. */
    private static final class Relay implements AutoCloseable {
        private final ServerSocket door = new ServerSocket(0, 9, InetAddress.getLoopbackAddress());
        private final List<Socket> sockets = new ArrayList<>();
        private final Map<Character, AtomicInteger> said = Stream.of('S', 'Q', 'H', 'P', 'E')
                .collect(Collectors.toUnmodifiableMap(kind -> kind, kind -> new AtomicInteger()));

        Relay(int port) throws IOException {
            start(() -> {
                while (true) {
                    Socket client = door.accept();
                    Socket server = new Socket(InetAddress.getLoopbackAddress(), port);
                    client.setTcpNoDelay(true);
                    server.setTcpNoDelay(true);
                    synchronized (sockets) {
                        sockets.add(client);
                        sockets.add(server);
                    }
                    start(() -> server.getInputStream().transferTo(client.getOutputStream()));
                    start(() -> count(client, server));
                }
            });
        }

        private void count(Socket client, Socket server) throws IOException {
            DataInputStream in = new DataInputStream(client.getInputStream());
            OutputStream out = server.getOutputStream();
            int kind = 0; // the first message has none
            while (true) {
                int length = in.readInt();
                byte[] body = in.readNBytes(length - 4);
                AtomicInteger count = said.get((char) kind);
                if (count != null) {
                    count.incrementAndGet();
                }
                byte[] message = new byte[length + 1];
                message[0] = (byte) kind;
                message[1] = (byte) (length >> 24);
                message[2] = (byte) (length >> 16);
                message[3] = (byte) (length >> 8);
                message[4] = (byte) length;
                System.arraycopy(body, 0, message, 5, body.length);
                out.write(message, kind == 0 ? 1 : 0, kind == 0 ? length : length + 1);
                kind = in.readUnsignedByte();
            }
        }

        int port() {
            return door.getLocalPort();
        }

        void forget() {
            said.values().forEach(count -> count.set(0));
        }

        int said(char kind) {
            AtomicInteger count = said.get(kind);
            return count == null ? 0 : count.get();
        }

        private interface Passing {
            void on() throws IOException;
        }

        private static void start(Passing work) {
            Thread thread = new Thread(
                    () -> {
                        try {
                            work.on();
                        } catch (IOException closed) {
                            // One side has gone, or the test is over.
                        }
                    },
                    "relay");
            thread.setDaemon(true);
            thread.start();
        }

        @Override
        public void close() throws IOException {
            door.close();
            synchronized (sockets) {
                for (Socket socket : sockets) {
                    socket.close();
                }
            }
        }
    }
}
