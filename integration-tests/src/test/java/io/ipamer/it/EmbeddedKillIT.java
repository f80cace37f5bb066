package io.ipamer.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.ipamer.proto.v1.AcquireIpRequest;
import io.ipamer.proto.v1.Allocation;
import io.ipamer.proto.v1.CreatePrefixRequest;
import io.ipamer.store.embedded.TestPostgres;
import io.ipamer.store.sql.TableInvariants;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A server that keeps its data itself, killed with or without its database, or only that, while many call it: what it
 * answered is there afterwards, and what it did not answer is done once, when it is asked again.
 */
@Timeout(300)
class EmbeddedKillIT {
    private static final int CALLERS = 16;
    private static final int PATIENCE_SECONDS = 60;

    private enum Victim {
        PROGRAM,
        PROGRAM_AND_DATABASE,
        DATABASE,
        /** Told to stop, not killed. */
        NONE
    }

    @TempDir
    Path folder;

    private final Set<String> addresses = ConcurrentHashMap.newKeySet();
    private final Queue<String> unproven = new ConcurrentLinkedQueue<>();
    private final Queue<String> failures = new ConcurrentLinkedQueue<>();
    private Path home;
    private volatile ServerProcess server;
    private volatile boolean done;

    @BeforeEach
    void nameHome() {
        home = folder.resolve("data");
    }

    @AfterEach
    void stop() {
        done = true;
        if (server != null) {
            server.close();
        }
        eventually(
                "the database ends with its program",
                () -> postmaster().filter(ProcessHandle::isAlive).isEmpty());
    }

    private Optional<ProcessHandle> postmaster() {
        try {
            return Files.readAllLines(home.resolve("db/data/postmaster.pid")).stream()
                    .findFirst()
                    .flatMap(pid -> ProcessHandle.of(Long.parseLong(pid)));
        } catch (IOException none) {
            return Optional.empty();
        }
    }

    private ServerProcess start() throws IOException {
        return ServerProcess.startWith("--data-dir", home.toString());
    }

    /** Acquires addresses one after the other; a call that fails is sent again until it is answered. */
    private final class Acquirer {
        private final int number;
        private final AtomicLong answers = new AtomicLong();

        Acquirer(int number) {
            this.number = number;
        }

        void call() throws InterruptedException {
            while (!done) {
                AcquireIpRequest request = AcquireIpRequest.newBuilder()
                        .setPrefixCidr("10.0.0.0/8")
                        .setRequestId("caller-" + number + "-" + answers.get())
                        .build();
                Allocation answer = answered(request);
                assertThat(addresses.add(answer.getAddress()))
                        .as("%s is given once", answer.getAddress())
                        .isTrue();
                unproven.add(answer.getAllocationId());
                answers.incrementAndGet();
            }
        }

        private Allocation answered(AcquireIpRequest request) throws InterruptedException {
            while (true) {
                try {
                    return server.stub().acquireIp(request).getAllocation();
                } catch (StatusRuntimeException failure) {
                    assertThat(failure.getStatus().getCode())
                            .as("%s", failure.getStatus())
                            .isIn(Code.UNAVAILABLE, Code.UNKNOWN, Code.DEADLINE_EXCEEDED);
                    String reason = Caller.reason(failure);
                    failures.add(reason.isEmpty() ? failure.getStatus().toString() : reason);
                    Thread.sleep(5);
                }
            }
        }
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = 1)
    void whateverIsKilledWhatWasAnsweredStays(long seed, TestReporter reporter) throws Exception {
        Random random = new Random(seed);
        List<Victim> victims = new ArrayList<>(List.of(Victim.NONE));
        victims.addAll(Collections.nCopies(8, Victim.PROGRAM));
        victims.addAll(Collections.nCopies(6, Victim.PROGRAM_AND_DATABASE));
        victims.addAll(Collections.nCopies(6, Victim.DATABASE));
        Collections.shuffle(victims, random);

        TestPostgres.bringProgramsInto(home);
        server = start();
        server.stub()
                .createPrefix(
                        CreatePrefixRequest.newBuilder().setCidr("10.0.0.0/8").build());
        StringBuilder report = new StringBuilder();
        ExecutorService threads = Executors.newFixedThreadPool(CALLERS);
        try {
            List<Acquirer> callers = new ArrayList<>();
            List<Future<?>> calling = new ArrayList<>();
            for (int i = 0; i < CALLERS; i++) {
                Acquirer caller = new Acquirer(i);
                callers.add(caller);
                calling.add(threads.submit(() -> {
                    caller.call();
                    return null;
                }));
            }
            for (Victim victim : victims) {
                awaitAnswersToAll(callers, calling, 1 + random.nextInt(50));
                failures.clear();
                long killed = System.nanoTime();
                kill(victim);
                // The first may be one that was under way.
                awaitAnswersToAll(callers, calling, 2);
                report.append(' ')
                        .append(victim)
                        .append(' ')
                        .append(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - killed));
                if (victim == Victim.NONE) {
                    // Calls are refused at the door; until the last is answered the database is there.
                    assertThat(failures).isNotEmpty().allMatch(failure -> failure.contains("UNAVAILABLE, description"));
                }
                assertAnswersAreThere();
            }
            done = true;
            for (Future<?> caller : calling) {
                caller.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            }
            assertAnswersAreThere();
            try (Connection connection = connect()) {
                assertThat(TableInvariants.violations(connection)).isEmpty();
                assertThat(number(connection.prepareStatement("SELECT count(*) FROM ip_addr")))
                        .isEqualTo(addresses.size());
            }
            reporter.publishEntry("killed, and all answered again after ms", report.toString());
        } finally {
            done = true;
            threads.shutdownNow();
        }
    }

    /** Returns when each caller has had so many answers from now on. */
    private static void awaitAnswersToAll(List<Acquirer> callers, List<Future<?>> calling, int count) throws Exception {
        List<Long> enough =
                callers.stream().map(caller -> caller.answers.get() + count).toList();
        for (Acquirer caller : callers) {
            Future<?> call = calling.get(caller.number);
            eventually(
                    "caller " + caller.number + " is answered",
                    () -> caller.answers.get() >= enough.get(caller.number) || call.isDone());
            if (call.isDone()) {
                call.get();
            }
        }
    }

    private void kill(Victim victim) throws Exception {
        ProcessHandle program = server.handle();
        ProcessHandle postmaster = postmaster().orElseThrow();
        switch (victim) {
            case NONE -> {
                program.destroy();
                program.onExit().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
                assertThat(postmaster.isAlive()).as("closed with its program").isFalse();
            }
            case PROGRAM -> program.destroyForcibly();
            case DATABASE -> {
                postmaster.destroyForcibly();
                eventually(
                        "another database runs",
                        () -> postmaster()
                                .filter(now -> !now.equals(postmaster))
                                .isPresent());
                return;
            }
            case PROGRAM_AND_DATABASE -> {
                // First those between the two, who would end the database in order.
                program.descendants()
                        .filter(process ->
                                process.parent().filter(postmaster::equals).isEmpty())
                        .forEach(ProcessHandle::destroyForcibly);
                program.destroyForcibly();
            }
        }
        program.onExit().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        ServerProcess dead = server;
        server = start();
        dead.close();
    }

    private void assertAnswersAreThere() throws Exception {
        List<String> answers = new ArrayList<>();
        for (String id = unproven.poll(); id != null; id = unproven.poll()) {
            answers.add(id);
        }
        try (Connection connection = connect();
                PreparedStatement statement =
                        connection.prepareStatement("SELECT count(*) FROM ip_addr WHERE allocation_id = ANY (?)")) {
            statement.setArray(
                    1,
                    connection.createArrayOf(
                            "uuid", answers.stream().map(UUID::fromString).toArray()));
            assertThat(number(statement)).isEqualTo(answers.size());
        }
    }

    private static long number(PreparedStatement query) throws Exception {
        try (ResultSet row = query.executeQuery()) {
            row.next();
            return row.getLong(1);
        }
    }

    private Connection connect() throws Exception {
        String port = Files.readAllLines(home.resolve("db/data/postmaster.pid")).get(3);
        return DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:" + port + "/postgres",
                "postgres",
                Files.readString(home.resolve("db-password")).strip());
    }

    /** What can be seen in the folder as a first start goes on; each is a moment to be killed at. */
    private static final List<String> STAGES = List.of(
            ".unpack-*",
            ".unpack-*/share",
            "postgresql-*",
            "db/init-*",
            "db/init-*/global/pg_control",
            "db/data",
            "db/data/postmaster.pid");

    @Test
    void aFirstStartThatIsKilledAtAnyStageIsMadeUpForByTheNext() throws Exception {
        for (String stage : STAGES) {
            Process first = ServerProcess.launch("--data-dir", home.toString());
            try {
                eventually(stage + " is seen", () -> isThere(home, stage) || !first.isAlive());
                assertThat(first.isAlive()).as("alive at %s", stage).isTrue();
            } finally {
                first.destroyForcibly();
            }
            first.onExit().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
        server = start();
        assertThat(server.stub()
                        .createPrefix(CreatePrefixRequest.newBuilder()
                                .setCidr("10.0.0.0/8")
                                .build())
                        .getPrefix()
                        .getCidr())
                .isEqualTo("10.0.0.0/8");
        assertThat(isThere(home, ".unpack-*")).isFalse();
    }

    /** Whether there is a file below whose path, name by name, matches. */
    private static boolean isThere(Path where, String pattern) {
        int slash = pattern.indexOf('/');
        String first = slash < 0 ? pattern : pattern.substring(0, slash);
        try (DirectoryStream<Path> found = Files.newDirectoryStream(where, first)) {
            for (Path one : found) {
                if (slash < 0 || isThere(one, pattern.substring(slash + 1))) {
                    return true;
                }
            }
            return false;
        } catch (IOException notYet) {
            return false;
        }
    }

    private static void eventually(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what).isLessThan(end);
            try {
                Thread.sleep(1);
            } catch (InterruptedException interrupted) {
                throw new AssertionError(what, interrupted);
            }
        }
    }
}
