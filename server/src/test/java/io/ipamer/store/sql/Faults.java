package io.ipamer.store.sql;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.core.BaseConnection;
import org.postgresql.core.TransactionState;

/**
 * Connections to a real database that fail where they are told to. They also see to it that whoever uses them leaves no
 * transaction open, and does not use one again that is not to be trusted.
 */
final class Faults implements Function<String, DataSource> {

    /** Where in the store's work something fails. */
    enum Phase {
        FLUSH_NOT_SENT(Action.PREPARE, true),
        FLUSH_REFUSED(Action.EXECUTE, true),
        FLUSH_DONE_ANSWER_LOST(Action.ANSWER, true),
        TURN_BEGIN(Action.EXECUTE, false),
        TURN_LOCKED_ANSWER_LOST(Action.ANSWER, false),
        TURN_READ(Action.EXECUTE, false),
        TURN_FLUSH_REFUSED(Action.EXECUTE, true),
        TURN_FLUSH_DONE_ANSWER_LOST(Action.ANSWER, true),
        TURN_LEAVE(Action.EXECUTE, false),
        READ_HEAD(Action.EXECUTE, false),
        READ_ROWS(Action.ANSWER, false),
        JOURNAL(Action.EXECUTE, false),
        REQUESTS(Action.EXECUTE, false),
        LOCATE(Action.EXECUTE, false);

        private final Action action;
        private final boolean writes;

        Phase(Action action, boolean writes) {
            this.action = action;
            this.writes = writes;
        }

        /** Whether a plan is being sent. */
        boolean writes() {
            return writes;
        }

        /** Whether the plan is done when it fails. */
        boolean isDone() {
            return writes && action == Action.ANSWER;
        }

        private boolean is(Action now, boolean writer, String sql) {
            if (now != action) {
                return false;
            }
            return switch (this) {
                case FLUSH_NOT_SENT, FLUSH_REFUSED, FLUSH_DONE_ANSWER_LOST -> isFlush(sql) && !endsTurn(sql);
                case TURN_FLUSH_REFUSED, TURN_FLUSH_DONE_ANSWER_LOST -> isFlush(sql) && endsTurn(sql);
                case TURN_BEGIN, TURN_LOCKED_ANSWER_LOST -> sql.startsWith(Sql.BEGIN);
                case TURN_READ -> writer && sql.contains("FROM ip_free");
                case TURN_LEAVE -> sql.equals(Sql.ROLLBACK);
                case READ_HEAD -> !writer && isHead(sql);
                case READ_ROWS -> !writer && sql.contains("FROM ip_free");
                case JOURNAL -> !writer && sql.contains("FROM journal");
                case REQUESTS -> !writer && sql.contains("FROM request");
                case LOCATE -> sql.contains("FROM namespace AS n");
            };
        }
    }

    private enum Action {
        PREPARE,
        EXECUTE,
        ANSWER
    }

    private record Armed(Phase phase, Supplier<? extends @Nullable Throwable> failure, AtomicInteger times) {}

    private final DatabaseUrl url;
    private final Queue<Armed> armed = new ConcurrentLinkedQueue<>();
    private final List<String> misuses = new CopyOnWriteArrayList<>();
    private final AtomicInteger writersOpened = new AtomicInteger();

    Faults(DatabaseUrl url) {
        this.url = url;
    }

    /** The next so many times. {@code failure}: null to go on. */
    void arm(Phase phase, int times, Supplier<? extends @Nullable Throwable> failure) {
        armed.add(new Armed(phase, failure, new AtomicInteger(times)));
    }

    /** Returns the phases that were not come to as often as was told. */
    List<Phase> disarm() {
        List<Phase> left = armed.stream()
                .filter(each -> each.times.get() > 0)
                .map(Armed::phase)
                .toList();
        armed.clear();
        return left;
    }

    /** What nobody may do with a connection, and somebody did since this was asked last. */
    List<String> misuses() {
        List<String> seen = List.copyOf(misuses);
        misuses.clear();
        return seen;
    }

    /** Connections for writing that were opened so far. */
    int writersOpened() {
        return writersOpened.get();
    }

    @Override
    public DataSource apply(String options) {
        boolean writer = options.contains("lock_timeout");
        DataSource real = url.dataSource(options);
        return proxy(DataSource.class, (proxy, method, arguments) -> {
            Object result = call(real, method, arguments);
            if (!(result instanceof Connection connection)) {
                return result;
            }
            if (writer) {
                writersOpened.incrementAndGet();
            }
            return proxy(Connection.class, new Line(connection, writer));
        });
    }

    /** What a flush begins with. */
    private static final String GUARDS = Sql.ADVANCE.substring(0, Sql.ADVANCE.indexOf("FROM unnest"));

    private static boolean isFlush(String sql) {
        return sql.startsWith(GUARDS);
    }

    private static boolean endsTurn(String sql) {
        return sql.endsWith(Sql.COMMIT);
    }

    private static boolean isHead(String sql) {
        return sql.endsWith("FROM head WHERE scope_id = ?");
    }

    private final class Line implements InvocationHandler {
        private final Connection real;
        private final boolean writer;
        private volatile @Nullable Throwable spoilt;

        Line(Connection real, boolean writer) {
            this.real = real;
            this.writer = writer;
        }

        @Override
        public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments) throws Throwable {
            if (method.getName().equals("prepareStatement") && arguments != null) {
                String sql = (String) arguments[0];
                strike(Action.PREPARE, sql);
                Object statement = call(real, method, arguments);
                return proxy(PreparedStatement.class, statement(statement, sql));
            }
            Object result = call(real, method, arguments);
            return method.getName().equals("createStatement") ? proxy(Statement.class, statement(result, "")) : result;
        }

        private InvocationHandler statement(@Nullable Object statement, String prepared) {
            return (proxy, method, arguments) -> {
                if (!method.getName().startsWith("execute")) {
                    return call(statement, method, arguments);
                }
                String sql = arguments == null ? prepared : (String) arguments[0];
                watch(sql);
                strike(Action.EXECUTE, sql);
                Object result = call(statement, method, arguments);
                strike(Action.ANSWER, sql);
                return result;
            };
        }

        private void watch(String sql) throws SQLException {
            if (spoilt != null) {
                misuses.add("used after " + spoilt + ": " + sql.lines().findFirst());
            }
            boolean begins = sql.startsWith(Sql.BEGIN) || (isFlush(sql) && !endsTurn(sql)) || (!writer && isHead(sql));
            if (begins && real.unwrap(BaseConnection.class).getTransactionState() != TransactionState.IDLE) {
                misuses.add("begun in a transaction that somebody left open: "
                        + sql.lines().findFirst());
            }
        }

        private void strike(Action now, String sql) throws Throwable {
            for (Armed fault : armed) {
                if (fault.phase.is(now, writer, sql) && fault.times.getAndDecrement() > 0) {
                    Throwable failure = fault.failure.get();
                    if (failure == null) {
                        continue;
                    }
                    if (!(failure instanceof SQLException told) || Dialect.spoils(told)) {
                        spoilt = failure;
                    }
                    throw failure;
                }
            }
        }
    }

    private static @Nullable Object call(@Nullable Object target, Method method, Object @Nullable [] arguments)
            throws Throwable {
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException failure) {
            throw failure.getCause();
        }
    }

    private static <T> T proxy(Class<T> type, InvocationHandler handler) {
        return type.cast(Proxy.newProxyInstance(Faults.class.getClassLoader(), new Class<?>[] {type}, handler));
    }
}
