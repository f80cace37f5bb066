package io.ipamer.transfer;

import io.ipamer.address.Cidr;
import io.ipamer.ipam.Import;
import io.ipamer.ipam.Ipam;
import io.ipamer.model.IpamerException;
import io.ipamer.model.LoadItem;
import io.ipamer.model.Loaded;
import io.ipamer.model.Metadata;
import io.ipamer.model.Namespace;
import io.ipamer.model.Prefix;
import io.ipamer.model.PrefixContent;
import io.ipamer.model.Reason;
import io.ipamer.model.Reservation;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.BufferedWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Whole namespaces as text, in and out. Each transfer has a thread, which waits for callers and store alike; they are few,
 * so that others find room and readers of the store, and more of them wait for their turn. Futures fail with
 * {@link IpamerException} only.
 */
public final class Transfers implements AutoCloseable {
    private static final int AT_ONCE = 2;
    private static final int MOST_WAITING = 64;
    private static final int MINUTE = 60;

    private final Ipam ipam;
    private final ThreadPoolExecutor imports = threads("ipamer-import");
    private final ThreadPoolExecutor exports = threads("ipamer-export");

    /** {@code meters}: where operators are shown how many there are. */
    public Transfers(Ipam ipam, MeterRegistry meters) {
        this.ipam = ipam;
        show("import", imports, meters);
        show("export", exports, meters);
    }

    private static void show(String kind, ThreadPoolExecutor threads, MeterRegistry meters) {
        Gauge.builder("ipamer.running", threads::getActiveCount)
                .description("Imports and exports that are under way")
                .baseUnit("transfers")
                .tag("kind", kind)
                .register(meters);
        Gauge.builder("ipamer.waiting", () -> threads.getQueue().size())
                .description("Imports and exports that wait for their turn")
                .baseUnit("transfers")
                .tag("kind", kind)
                .register(meters);
    }

    private static ThreadPoolExecutor threads(String name) {
        ThreadPoolExecutor threads = new ThreadPoolExecutor(
                AT_ONCE, AT_ONCE, MINUTE, TimeUnit.SECONDS, new ArrayBlockingQueue<>(MOST_WAITING), task -> {
                    Thread thread = new Thread(task, name);
                    thread.setDaemon(true);
                    return thread;
                });
        threads.allowCoreThreadTimeOut(true);
        return threads;
    }

    /** Brings rows to an import. */
    private interface Bringing {
        void bring(Intake intake);
    }

    /**
     * Makes a namespace of a text, whole or not at all. Refused: NAMESPACE_NOT_EMPTY, IMPORT_EXPIRED, INVALID_DUMP when the
     * report tells of something refused; or what the parts were failed with.
     *
     * @param dryRun looks at everything, and imports nothing
     * @param report is told how it goes
     */
    public CompletableFuture<Boolean> importFrom(
            Parts parts, String namespace, Format format, boolean dryRun, Report report) {
        return run(imports, () -> {
            parts.check();
            importNow(namespace, true, dryRun, report, parts::check, intake -> read(parts, format, intake, report));
            return true;
        });
    }

    private static void read(InputStream in, Format format, Intake intake, Report report) {
        switch (format) {
            case IPAMER -> IpamerText.read(in, intake, report);
            case GO_IPAM -> GoIpamText.read(in, intake, report);
        }
    }

    /**
     * Fills a namespace without prefixes from go-ipam's dump, whole or not at all; nothing is mended. Refused:
     * NAMESPACE_NOT_FOUND, NAMESPACE_NOT_EMPTY, IMPORT_EXPIRED, INVALID_DUMP. Cancelling gives it up.
     *
     * @param told of what was loaded, before the caller is
     */
    public CompletableFuture<Loaded> load(String namespace, GoIpamDump dump, Consumer<Loaded> told) {
        Report report = new Report();
        CompletableFuture<Loaded> loaded = new CompletableFuture<>();
        return run(imports, loaded, () -> {
            try {
                importNow(
                        namespace,
                        false,
                        false,
                        report,
                        () -> requireAwaited(loaded),
                        intake -> dump.prefixes().forEach(prefix -> bring(intake, prefix, null)));
            } catch (IpamerException failure) {
                throw withIssue(failure, report);
            }
            Report.News news = report.news();
            Loaded done = new Loaded(news.prefixes(), news.addresses(), news.leaked());
            told.accept(done);
            return done;
        });
    }

    private static void requireAwaited(CompletableFuture<?> promise) {
        if (promise.isDone()) {
            throw new IpamerException(Reason.CANCELLED, "the caller cancelled the call");
        }
    }

    /** There is no other way to tell a caller of {@code Load} what was wrong. */
    private static IpamerException withIssue(IpamerException failure, Report report) {
        List<Issue> issues = report.news().issues();
        return failure.reason() == Reason.INVALID_DUMP && !issues.isEmpty()
                ? new IpamerException(
                        Reason.INVALID_DUMP, "invalid dump: " + issues.get(0).message(), failure.metadata())
                : failure;
    }

    private static void bring(Intake intake, PrefixContent content, Intake.@Nullable Place parent) {
        Intake.Row row = new Intake.Row(
                1,
                content.cidr(),
                content.firstReserved() || content.lastReserved() ? Reservation.FIRST_AND_LAST : Reservation.NONE,
                content.firstReserved(),
                content.lastReserved(),
                Metadata.NONE);
        Intake.Place place = parent == null ? intake.prefix(row) : intake.prefix(row, parent);
        if (content.parentOnly()) {
            intake.parentOnly(place, 1);
        }
        content.acquired().forEach(address -> intake.address(place, 1, new LoadItem(null, address, Metadata.NONE), 0));
        content.leaked().forEach(block -> intake.leaked(place, 1, block));
        content.children().forEach(child -> bring(intake, child, place));
    }

    @SuppressWarnings("FutureReturnValueIgnored") // what is left of it goes in the background
    private void importNow(
            String namespace, boolean mayCreate, boolean dryRun, Report report, Runnable check, Bringing bringing) {
        Import target = Intake.join(ipam.imports().begin(namespace, mayCreate));
        Intake intake = new Intake(target, report, check);
        boolean revealed = false;
        try {
            bringing.bring(intake);
            intake.finish();
            check.run();
            if (report.refused() > 0) {
                throw new IpamerException(
                        Reason.INVALID_DUMP,
                        "nothing was imported: what could not stand as it was: " + report.refused(),
                        Map.of("refused", Long.toString(report.refused())));
            }
            if (!dryRun) {
                Intake.join(target.reveal());
                revealed = true;
            }
        } finally {
            if (!revealed) {
                intake.abandon();
                target.discard();
            }
        }
    }

    /**
     * Writes a namespace as text. Refused: NAMESPACE_NOT_FOUND; or what the stream fails with.
     *
     * @param out is written to by one thread at a time, and may keep it waiting for 10 s at once
     */
    public CompletableFuture<Boolean> exportTo(OutputStream out, String namespace, Format format) {
        return run(exports, () -> {
            exportNow(out, namespace, format);
            return true;
        });
    }

    /** go-ipam's dump of a namespace. Refused: NAMESPACE_NOT_FOUND. */
    public CompletableFuture<String> dump(String namespace) {
        return run(exports, () -> {
            ByteArrayOutputStream text = new ByteArrayOutputStream();
            exportNow(text, namespace, Format.GO_IPAM);
            return text.toString(StandardCharsets.UTF_8);
        });
    }

    private void exportNow(OutputStream out, String name, Format format) {
        Namespace namespace = Intake.join(ipam.exports().namespace(name));
        Writer text = new BufferedWriter(new OutputStreamWriter(out, StandardCharsets.UTF_8));
        NamespaceWriter writer = switch (format) {
            case IPAMER -> new IpamerText.Writing(text);
            case GO_IPAM -> new GoIpamText.Writing(text);
        };
        writer.begin(name);
        Cidr after = null;
        List<Prefix> page = Intake.join(ipam.exports().prefixes(namespace, null));
        while (!page.isEmpty()) {
            for (Prefix prefix : page) {
                if (writer.wants(prefix) && !Intake.join(ipam.exports().read(prefix, writer))) {
                    writer.gone();
                }
                after = prefix.cidr();
            }
            page = Intake.join(ipam.exports().prefixes(namespace, after));
        }
        writer.end();
        try {
            text.flush();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static <T> CompletableFuture<T> run(ThreadPoolExecutor threads, Supplier<T> task) {
        return run(threads, new CompletableFuture<>(), task);
    }

    private static <T> CompletableFuture<T> run(
            ThreadPoolExecutor threads, CompletableFuture<T> result, Supplier<T> task) {
        try {
            threads.execute(new Task<>(result, task));
        } catch (RejectedExecutionException tooMany) {
            result.completeExceptionally(new IpamerException(
                    Reason.OVERLOADED, "too many exports or imports wait for their turn; nothing was changed"));
        }
        return result;
    }

    /** A transfer that waits for its turn, or has it. */
    private record Task<T>(CompletableFuture<T> result, Supplier<T> action) implements Runnable {
        /** Nothing is done that nobody waits for any more. */
        @Override
        public void run() {
            if (result.isDone()) {
                return;
            }
            try {
                result.complete(action.get());
            } catch (RuntimeException | Error failure) {
                result.completeExceptionally(Intake.cause(failure));
            }
        }
    }

    /** What is under way is cut off, and what waits for its turn fails. */
    @Override
    public void close() {
        for (ThreadPoolExecutor threads : List.of(imports, exports)) {
            for (Runnable waiting : threads.shutdownNow()) {
                ((Task<?>) waiting).result.completeExceptionally(Parts.stopped());
            }
        }
    }
}
