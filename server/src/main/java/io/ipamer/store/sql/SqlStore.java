package io.ipamer.store.sql;

import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.Allocation;
import io.ipamer.model.Held;
import io.ipamer.model.Namespace;
import io.ipamer.model.Prefix;
import io.ipamer.plan.Extract;
import io.ipamer.plan.Head;
import io.ipamer.plan.Plan;
import io.ipamer.plan.Read;
import io.ipamer.plan.RequestRow;
import io.ipamer.plan.Scope;
import io.ipamer.store.Span;
import io.ipamer.store.Store;
import io.ipamer.store.StoreException;
import io.ipamer.store.Tag;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.charset.StandardCharsets;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Function;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;
import org.jdbi.v3.core.statement.Update;
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
    private static final int OPEN_PATIENCE_SECONDS = 30;

    private final Function<String, DataSource> driver;
    private final Retention retention;
    private final SqlMeters meters;
    private final ConnectionPool writes;
    private final ConnectionPool reads;
    private final ScheduledExecutorService sweeping;
    private final DatabaseWatch watch;
    private volatile Dialect dialect = Dialect.POSTGRESQL;
    private volatile GroupCommit commits;
    private volatile String engine = "";
    private boolean sweeps;

    private SqlStore(
            Function<String, DataSource> driver,
            Retention retention,
            Schema schema,
            boolean migrates,
            MeterRegistry registry) {
        this.driver = driver;
        this.retention = retention;
        meters = new SqlMeters(registry);
        writes = new ConnectionPool("ipamer-write", WRITERS, meters);
        reads = new ConnectionPool("ipamer-read", READERS, meters);
        commits = dialect.groupCommit(writes, meters);
        sweeping = new ScheduledThreadPoolExecutor(
                1,
                task -> {
                    Thread thread = new Thread(task, "ipamer-sweeper");
                    thread.setDaemon(true);
                    return thread;
                },
                new ThreadPoolExecutor.DiscardPolicy());
        watch = new DatabaseWatch(new Database(driver, schema, migrates), this::turn);
        meters.database(
                () -> watch.known().kind() != Standing.Kind.AWAY,
                () -> watch.known().isFit());
    }

    /**
     * Starts with a database that need not be there yet: until it is, and fit, every call fails as UNAVAILABLE.
     *
     * @param migrates whether a schema that is older than this program's is changed
     * @param meters where operators are shown how the database and the work with it are doing
     */
    public static SqlStore connect(DatabaseUrl url, Retention retention, boolean migrates, MeterRegistry meters) {
        return connect(url::dataSource, retention, Schema.ofProgram(), migrates, meters);
    }

    /** {@code driver}: where connections with certain session settings come from. */
    static SqlStore connect(
            Function<String, DataSource> driver,
            Retention retention,
            Schema schema,
            boolean migrates,
            MeterRegistry meters) {
        SqlStore store = new SqlStore(driver, retention, schema, migrates, meters);
        store.watch.start();
        return store;
    }

    /**
     * Starts with a database that is there; changes its schema if that is older than this program's. Nobody looks at
     * its meters.
     *
     * @throws StoreException UNAVAILABLE when it cannot be worked with
     */
    public static SqlStore open(DatabaseUrl url, Retention retention) {
        return open(url::dataSource, retention);
    }

    static SqlStore open(Function<String, DataSource> driver, Retention retention) {
        SqlStore store = connect(driver, retention, Schema.ofProgram(), true, new SimpleMeterRegistry());
        Standing late = Standing.away("it was not to be had for half a minute");
        CompletableFuture<Standing> decided = store.watch.decided().copy();
        if (!decided.completeOnTimeout(late, OPEN_PATIENCE_SECONDS, TimeUnit.SECONDS)
                .join()
                .isFit()) {
            store.close();
            throw new StoreException(
                    StoreException.Kind.UNAVAILABLE, store.watch.known().text());
        }
        return store;
    }

    /**
     * Brings the schema of a database to this program's version.
     *
     * @return what is there then, for people
     * @throws StoreException UNAVAILABLE when that cannot be, or the database was not to be had for half a minute; another
     *     server that changes its schema is waited for without a limit
     */
    public static String migrate(DatabaseUrl url) {
        return migrate(url::dataSource, Schema.ofProgram(), TimeUnit.SECONDS.toNanos(OPEN_PATIENCE_SECONDS));
    }

    static String migrate(Function<String, DataSource> driver, Schema schema, long patienceNanos) {
        try (Database database = new Database(driver, schema, true)) {
            Standing standing = database.look();
            String told = "";
            long patient = System.nanoTime();
            while (standing.equals(Standing.CHANGING)
                    || (standing.mayBecomeFit() && System.nanoTime() - patient < patienceNanos)) {
                if (!standing.text().equals(told)) {
                    told = standing.text();
                    LOG.warn("the schema cannot be changed yet, to be tried again: {}", told);
                }
                if (standing.equals(Standing.CHANGING)) {
                    patient = System.nanoTime();
                }
                LockSupport.parkNanos(DatabaseWatch.PERIOD_NANOS);
                standing = database.look();
            }
            if (!standing.isFit()) {
                throw new StoreException(StoreException.Kind.UNAVAILABLE, standing.text());
            }
            return "version " + database.schemaVersion() + " in " + standing.engine();
        }
    }

    /** Waits until the database was looked at, or for that time. */
    public void awaitFirstLook(Duration patience) {
        CompletableFuture<Standing> first = watch.first().copy();
        first.completeOnTimeout(watch.known(), patience.toNanos(), TimeUnit.NANOSECONDS)
                .join();
    }

    /** Comes with the reason when the database turns out never to be fit; never comes otherwise. */
    public CompletableFuture<String> failure() {
        return watch.decided()
                .thenCompose(standing -> standing.isFit()
                        ? new CompletableFuture<>()
                        : CompletableFuture.completedFuture(standing.text()));
    }

    /** {@code listener}: is told now and after each change whether the database can be worked with; must be quick. */
    public void onReadiness(Consumer<Boolean> listener) {
        watch.tell(listener);
    }

    /** On the watch's thread: the database has become fit, or is so no more. Returns whether it can be worked with. */
    private boolean turn(Standing standing) {
        if (!standing.isFit()) {
            if (standing.kind() == Standing.Kind.FOREIGN || engine.isEmpty()) {
                String why = standing.isInOurWords() ? standing.text() : ConnectionPool.UNREACHED;
                writes.refuse(why);
                reads.refuse(why);
            }
            return false; // one that is away may be back for a call before the watch sees it
        }
        Dialect found = Dialect.of(standing.text());
        if (found != dialect) {
            dialect = found;
            commits = found.groupCommit(writes, meters);
        }
        engine = standing.engine();
        boolean writable = writes.open(driver.apply(found.writeOptions()));
        boolean readable = reads.open(driver.apply(found.readOptions()));
        if (writable && !sweeps) {
            sweeps = true;
            new Sweeper(retention, meters).start(writes, sweeping);
        }
        return writable && readable;
    }

    /** The engine and its version, as it says them itself; empty until it was reached. */
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
                            Update flush = Flush.of(List.of(commit.plan()), handle, ";\n" + Sql.COMMIT);
                            meters.flush(1, flush::execute);
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

    /** Once more if it fails before anybody was told of anything. */
    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // the nested future is unwrapped
    public CompletableFuture<Boolean> scan(Scope scope, List<Read> wanted, Function<Extract, List<Read>> next) {
        AtomicBoolean told = new AtomicBoolean();
        CompletableFuture<Boolean> first = scan(scope, wanted, next, told);
        return first.handle((there, failure) -> failure == null || told.get() ? first : scan(scope, wanted, next, told))
                .thenCompose(Function.identity());
    }

    private CompletableFuture<Boolean> scan(
            Scope scope, List<Read> wanted, Function<Extract, List<Read>> next, AtomicBoolean told) {
        return reads.submit(
                handle -> handle.inTransaction(transaction -> {
                    Optional<Extract> read = extract(transaction, scope, wanted);
                    if (read.isPresent()) {
                        told.set(true);
                        List<Read> more = next.apply(read.get());
                        while (!more.isEmpty()) {
                            more = next.apply(
                                    Seeks.extract(transaction, scope, read.get().head(), more));
                        }
                    }
                    return read.isPresent();
                }),
                failure -> {
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
                .bind("ids", Columns.array(ids.toArray(String[]::new)))
                .map((row, context) -> Columns.request(row, space))
                .list());
    }

    @Override
    public CompletableFuture<Optional<Namespace>> namespace(String name) {
        return reads.read(handle -> handle.createQuery(Sql.NAMESPACES_NAMED)
                .bind("names", Columns.array(new String[] {name}))
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
    public CompletableFuture<List<Namespace>> namespaces(String after, int limit) {
        return reads.read(handle -> handle.createQuery(Sql.NAMESPACES_AFTER)
                .bind("after_name", after)
                .bind("limit", limit)
                .map((row, context) -> Columns.namespace(row))
                .list());
    }

    @Override
    public CompletableFuture<Page<Prefix>> prefixes(UUID namespaceId, Span span, int limit) {
        return reads.read(handle ->
                page(handle.createQuery(Sql.PREFIXES), namespaceId, span, limit, Columns::prefix, Prefix::cidr));
    }

    @Override
    public CompletableFuture<Page<Prefix>> prefixes(UUID namespaceId, Tag.Word word, Span span, int limit) {
        return reads.read(handle -> page(
                tagged(handle.createQuery(Sql.TAGGED_PREFIXES), word),
                namespaceId,
                span,
                limit,
                Columns::prefix,
                Prefix::cidr));
    }

    @Override
    public CompletableFuture<Page<Held>> allocations(UUID namespaceId, Tag.Word word, Span span, int limit) {
        return reads.read(handle -> page(
                tagged(handle.createQuery(Sql.TAGGED_ALLOCATIONS), word),
                namespaceId,
                span,
                limit,
                row -> new Held(Columns.prefix(row), Columns.allocation(row, "ip_")),
                held -> {
                    IpAddress address = held.allocation().address();
                    return new Cidr(address, address.family().bits());
                }));
    }

    private static Query tagged(Query query, Tag.Word word) {
        return query.bind("tag_key", word.key()).bind("tag_value", word.value());
    }

    private static <T> Page<T> page(
            Query query, UUID namespaceId, Span span, int limit, Columns.Reader<T> reader, Function<T, Cidr> place) {
        List<T> rows = query.bind("ns_id", namespaceId)
                .bind("af", Columns.af(span.first().family()))
                .bind("first", span.first().toBytes())
                .bind("after_plen", span.afterLength())
                .bind("last_af", Columns.af(span.last().family()))
                .bind("last", span.last().toBytes())
                .bind("limit", limit)
                .map((row, context) -> reader.read(row))
                .list();
        return new Page<>(rows, rows.size() < limit ? null : place.apply(rows.get(rows.size() - 1)));
    }

    @Override
    public CompletableFuture<Map<UUID, Integer>> depths(Collection<UUID> prefixIds) {
        return reads.read(handle -> {
            Map<UUID, Integer> depths = new HashMap<>();
            handle.createQuery(Sql.DEPTHS)
                    .bind("ids", Columns.array(prefixIds.toArray(UUID[]::new)))
                    .map((row, context) -> depths.merge(Columns.id(row, "id"), row.getInt("depth"), Math::max))
                    .list();
            return depths;
        });
    }

    @Override
    public CompletableFuture<Optional<Sighting>> sight(String namespace, IpAddress address) {
        return reads.read(handle -> {
            TreeMap<Integer, Prefix> prefixes = new TreeMap<>();
            List<Namespace> found = new ArrayList<>(1);
            List<Allocation> allocation = new ArrayList<>(1);
            handle.createQuery(Sql.SIGHT)
                    .bind("name", namespace)
                    .bind("af", Columns.af(address.family()))
                    .bind("addr", address.toBytes())
                    .map((row, context) -> {
                        int depth = row.getInt("depth");
                        if (depth == 0) {
                            found.add(new Namespace(Columns.id(row, "ns_id"), namespace));
                        } else {
                            prefixes.put(depth, Columns.prefix(row));
                        }
                        if (row.getObject("allocation_id") != null) {
                            allocation.add(Columns.allocation(row, "ip_"));
                        }
                        return depth;
                    })
                    .list();
            return found.stream()
                    .findFirst()
                    .map(known -> new Sighting(
                            known,
                            List.copyOf(prefixes.values()),
                            allocation.stream().findFirst()));
        });
    }

    @Override
    public CompletableFuture<List<Total>> totals(UUID namespaceId) {
        return reads.read(handle -> handle.createQuery(Sql.TOTALS)
                .bind("ns_id", namespaceId)
                .map((row, context) -> Columns.total(row))
                .list());
    }

    @Override
    public CompletableFuture<byte[]> pageTokenKey() {
        return reads.read(handle -> handle.createQuery(Sql.SECRET)
                .bind("name", "page-tokens")
                .mapTo(String.class)
                .one()
                .getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void close() {
        watch.close();
        sweeping.shutdownNow();
        writes.close();
        reads.close();
    }
}
