package io.ipamer.store.sql;

import io.ipamer.address.Cidr;
import io.ipamer.model.Namespace;
import io.ipamer.model.Prefix;
import io.ipamer.plan.Extract;
import io.ipamer.plan.Head;
import io.ipamer.plan.Plan;
import io.ipamer.plan.Read;
import io.ipamer.plan.RequestRow;
import io.ipamer.plan.Scope;
import io.ipamer.store.Store;
import io.ipamer.store.StoreException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the data in CockroachDB or PostgreSQL, which several servers may share. Plans go through one pool of
 * connections, everything else through another, whose connections can only read.
 */
public final class SqlStore implements Store {
    private static final Logger LOG = LoggerFactory.getLogger(SqlStore.class);
    private static final int WRITERS = 16;
    private static final int READERS = 8;
    private static final int CONNECT_ATTEMPTS = 30;
    private static final long CONNECT_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final String engine;
    private final Dialect dialect;
    private final ConnectionPool writes;
    private final ConnectionPool reads;
    private final GroupCommit commits;
    private final ScheduledExecutorService sweeping;

    private SqlStore(String version, Function<String, DataSource> driver, Retention retention) {
        engine = version.split(" on |,| \\(", 2)[0];
        dialect = Dialect.of(version);
        writes = new ConnectionPool("ipamer-write", driver.apply(dialect.writeOptions()), WRITERS);
        reads = new ConnectionPool("ipamer-read", driver.apply(dialect.readOptions()), READERS);
        commits = dialect.groupCommit(writes);
        sweeping = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "ipamer-sweeper");
            thread.setDaemon(true);
            return thread;
        });
        new Sweeper(writes.jdbi(), retention).start(sweeping);
    }

    /**
     * Opens the database and makes its tables if there are none. Waits up to half a minute for a database that is not
     * up yet.
     *
     * @throws StoreException UNAVAILABLE when it cannot be reached or does not let us in
     */
    public static SqlStore open(DatabaseUrl url, Retention retention) {
        return open(url::dataSource, retention);
    }

    /** {@code driver}: where connections with certain session settings come from. */
    static SqlStore open(Function<String, DataSource> driver, Retention retention) {
        return new SqlStore(prepare(driver.apply("")), driver, retention);
    }

    /** Makes the tables; returns the engine's version. */
    private static String prepare(DataSource driver) {
        for (int attempt = 1; ; attempt++) {
            try (Connection connection = driver.getConnection();
                    Statement statement = connection.createStatement()) {
                for (String sql : Schema.statements()) {
                    statement.execute(sql);
                }
                try (ResultSet row = statement.executeQuery(Sql.VERSION)) {
                    row.next();
                    return row.getString(1);
                }
            } catch (SQLException failure) {
                if (attempt == CONNECT_ATTEMPTS || !Dialect.mayComeUp(failure)) {
                    throw Dialect.ofStart(failure);
                }
                LOG.warn("the database is not ready, trying again: {}", failure.getMessage());
                LockSupport.parkNanos(CONNECT_PAUSE_NANOS);
            }
        }
    }

    /** The engine and its version, as it says them itself. */
    public String engine() {
        return engine;
    }

    @Override
    public CompletableFuture<Optional<Extract>> read(Scope scope, List<Read> wanted) {
        return reads.read(handle -> wanted.isEmpty()
                ? extract(handle, scope, wanted)
                : handle.inTransaction(transaction -> extract(transaction, scope, wanted)));
    }

    private static Optional<Extract> extract(Handle handle, Scope scope, List<Read> wanted) {
        Optional<Head> head = handle.createQuery(Sql.HEAD)
                .bind("scope_id", scope.id())
                .map((row, context) -> Columns.head(row))
                .findOne();
        return head.map(known -> Seeks.extract(handle, scope, known, wanted));
    }

    @Override
    public CompletableFuture<Outcome> commit(Plan plan) {
        return commits.commit(plan);
    }

    @Override
    public CompletableFuture<Optional<Outcome>> inTurn(
            Scope scope, List<Read> wanted, Function<Optional<Extract>, Step> next) {
        AtomicBoolean sent = new AtomicBoolean();
        return writes.submit(
                handle -> {
                    boolean left = false;
                    try {
                        Step step = takeTurn(handle, scope, wanted, next);
                        boolean commits = step instanceof Step.Commit;
                        sent.set(commits);
                        if (step instanceof Step.Commit commit) {
                            Flush.of(List.of(commit.plan()), handle, ";\n" + Sql.COMMIT)
                                    .execute();
                        } else {
                            handle.execute(Sql.ROLLBACK);
                        }
                        left = true;
                        return commits ? Optional.of(Outcome.COMMITTED) : Optional.empty();
                    } catch (UnableToExecuteStatementException refused) {
                        if (refused.getCause() instanceof SQLException told && Dialect.leavesConnectionSound(told)) {
                            handle.execute(Sql.ROLLBACK);
                            left = true;
                        }
                        throw refused;
                    } finally {
                        if (!left) {
                            writes.discard(handle); // and with it the transaction and its lock
                        }
                    }
                },
                failure -> {
                    if (sent.get()) {
                        return Optional.of(Dialect.outcome(failure));
                    }
                    throw Dialect.ofRead(failure);
                });
    }

    /** Waits for the head's lock, then reads until it is clear what is to be done. */
    private Step takeTurn(Handle handle, Scope scope, List<Read> wanted, Function<Optional<Extract>, Step> next) {
        Optional<Head> head = handle.createQuery(dialect.beginTurn() + ";\n" + Sql.LOCKED_HEAD)
                .bind("scope_id", scope.id())
                .execute((statement, context) -> headAfterBegin(statement.get()));
        Step step = next.apply(head.map(known -> Seeks.extract(handle, scope, known, wanted)));
        while (step instanceof Step.ReadOn more && head.isPresent()) {
            step = next.apply(Optional.of(Seeks.extract(handle, scope, head.get(), more.reads())));
        }
        return step;
    }

    private static Optional<Head> headAfterBegin(PreparedStatement statement) throws SQLException {
        while (statement.getResultSet() == null && (statement.getMoreResults() || statement.getUpdateCount() >= 0)) {
            // The result of the statement that began the transaction.
        }
        try (ResultSet rows = statement.getResultSet()) {
            return rows != null && rows.next() ? Optional.of(Columns.head(rows)) : Optional.empty();
        }
    }

    @Override
    public CompletableFuture<Optional<UUID>> journal(UUID scope, long seq) {
        return reads.read(handle -> handle.createQuery(Sql.JOURNAL)
                .bind("scope_id", scope)
                .bind("seq", seq)
                .map((row, context) -> Columns.id(row, "tx_id"))
                .findOne());
    }

    @Override
    public CompletableFuture<List<RequestRow>> requests(UUID space, Collection<String> ids) {
        return reads.read(handle -> handle.createQuery(Sql.REQUESTS)
                .bind("space_id", space)
                .bind("ids", Columns.array("text", ids.toArray()))
                .map((row, context) -> Columns.request(row, space))
                .list());
    }

    @Override
    public CompletableFuture<Optional<Namespace>> namespace(String name) {
        return reads.read(handle -> handle.createQuery(Sql.NAMESPACES_NAMED)
                .bind("names", Columns.array("text", new Object[] {name}))
                .map((row, context) -> Columns.namespace(row))
                .findOne());
    }

    @Override
    public CompletableFuture<Located> locate(String namespace, Cidr cidr) {
        return reads.read(handle -> handle.createQuery(Sql.LOCATE)
                .bind("name", namespace)
                .bind("af", Columns.af(cidr.family()))
                .bind("first", cidr.first().toBytes())
                .bind("plen", cidr.length())
                .map((row, context) -> new Located(
                        Optional.of(new Namespace(Columns.id(row, "found_ns_id"), namespace)),
                        row.getObject("prefix_id") == null ? Optional.empty() : Optional.of(Columns.prefix(row))))
                .findOne()
                .orElse(new Located(Optional.empty(), Optional.empty())));
    }

    @Override
    public CompletableFuture<List<Namespace>> namespaces() {
        // Engines and databases differ in how they order text.
        return reads.read(
                handle -> handle.createQuery(Sql.NAMESPACES).map((row, context) -> Columns.namespace(row)).stream()
                        .sorted(Comparator.comparing(Namespace::name))
                        .toList());
    }

    @Override
    public CompletableFuture<List<Prefix>> prefixes(UUID namespaceId) {
        return reads.read(handle -> handle.createQuery(Sql.PREFIXES)
                .bind("ns_id", namespaceId)
                .map((row, context) -> Columns.prefix(row))
                .list());
    }

    @Override
    public void close() {
        sweeping.shutdownNow();
        writes.close();
        reads.close();
    }
}
