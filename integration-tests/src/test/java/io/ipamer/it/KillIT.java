package io.ipamer.it;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.ipamer.proto.v1.Allocation;
import io.ipamer.proto.v1.CreatePrefixRequest;
import io.ipamer.proto.v1.IpamerServiceGrpc.IpamerServiceBlockingStub;
import io.ipamer.proto.v1.Prefix;
import io.ipamer.store.embedded.EmbeddedPostgres;
import io.ipamer.store.embedded.TestPostgres;
import io.ipamer.store.sql.TableInvariants;
import io.ipamer.store.sql.Wire;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Servers and their database are killed under load, mostly after answers of the database got lost. What was answered
 * stands, and nothing else was done but for callers who used no request id when a server died.
 */
class KillIT {
    /** Six have each of what can die, with answers lost and without; -Dkill.rounds=100 for a night. */
    private static final int ROUNDS = Integer.getInteger("kill.rounds", 6);

    private static final int SERVERS = 2;
    private static final int CALLERS = 16;
    private static final int LOST_ANSWERS = 4;
    private static final int PATIENCE_SECONDS = 30;

    private static final String SHARED = "10.0.0.0/24";
    private static final String SHARED_WITHOUT_IDS = "10.1.0.0/22";
    private static final String PARENT = "10.2.0.0/20";
    private static final String PARENT_WITHOUT_IDS = "10.3.0.0/18";

    /** From these nothing is ever asked for without a request id, from the others never with one. */
    private static final Set<String> ASKED_WITH_IDS = Set.of(SHARED, PARENT);

    /** The prefix, what it gave, and the id of that. */
    private static final String GIVEN = """
            SELECT concat(%1$s, '/', p.plen, ' ', %2$s, ' ', a.allocation_id)
            FROM ip_addr AS a JOIN prefix AS p ON p.prefix_id = a.scope_id
            UNION ALL
            SELECT concat(%1$s, '/', p.plen, ' ', %3$s, '/', c.plen, ' ', c.prefix_id)
            FROM prefix AS c JOIN prefix AS p ON p.prefix_id = c.scope_id""".formatted(dotted("p.first_addr"), dotted("a.addr"), dotted("c.first_addr"));

    /** What servers say when nothing was changed. */
    private static final Set<String> NOT_DONE = Set.of("STORE_UNAVAILABLE", "DEADLINE_EXCEEDED");

    /** What gRPC says of its own when the network or the deadline kept the answer away. */
    private static final Set<Code> NO_ANSWER = Set.of(Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED);

    @TempDir
    Path home;

    private EmbeddedPostgres postgres;
    private Wire wire;
    private volatile List<ServerProcess> servers = List.of();

    /** What was given back, as {@link #GIVEN} once said it. */
    private final Set<String> givenBack = ConcurrentHashMap.newKeySet();

    /** What is given to callers who never heard of it, and so stays. */
    private Set<String> unheard = Set.of();

    /** Request ids of the calls that were done, as far as callers know. */
    private final Set<String> requestsAnswered = ConcurrentHashMap.newKeySet();

    /** Calls of this round for something new that failed, and that nobody can repeat for want of a request id. */
    private final AtomicInteger lost = new AtomicInteger();

    /** Calls that had been done when their request id was sent again. */
    private final AtomicInteger found = new AtomicInteger();

    private final Semaphore answers = new Semaphore(0);
    private volatile boolean over;

    @BeforeEach
    void start() throws Exception {
        postgres = TestPostgres.startIn(home);
        wire = new Wire("127.0.0.1", postgres.port());
        for (int i = 0; i < SERVERS; i++) {
            startServer();
        }
        for (String cidr : List.of(SHARED, SHARED_WITHOUT_IDS, PARENT, PARENT_WITHOUT_IDS)) {
            create(cidr);
        }
        for (int caller = 0; caller < CALLERS; caller++) {
            create(own(caller));
        }
    }

    private void create(String cidr) {
        servers.get(0)
                .stub()
                .createPrefix(CreatePrefixRequest.newBuilder().setCidr(cidr).build());
    }

    /** A prefix of its own for each caller: so there is always something under way that has not to wait for others. */
    private static String own(int caller) {
        return "10.4." + caller + ".0/24";
    }

    private static String dotted(String address) {
        return "concat_ws('.', get_byte(%1$s, 0), get_byte(%1$s, 1), get_byte(%1$s, 2), get_byte(%1$s, 3))"
                .formatted(address);
    }

    @AfterEach
    void stop() throws Exception {
        servers.forEach(ServerProcess::close);
        if (wire != null) {
            wire.close();
        }
        if (postgres != null) {
            postgres.close();
        }
    }

    private TestPostgres.Database database(int port) {
        return new TestPostgres.Database(
                "jdbc:postgresql://127.0.0.1:" + port + "/postgres", postgres.user(), postgres.password());
    }

    private void startServer() throws Exception {
        ServerProcess started = ServerProcess.start(Servers.url(database(wire.port())));
        servers = Stream.concat(servers.stream(), Stream.of(started)).toList();
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2})
    void whatWasAnsweredStandsAndNothingElseWasDone(long seed) throws Exception {
        Random random = new Random(seed);
        Map<String, Integer> holders = new ConcurrentHashMap<>();
        List<PatientCaller> callers = IntStream.range(0, CALLERS)
                .mapToObj(number -> new PatientCaller(number, new Random(seed * CALLERS + number), holders))
                .toList();
        for (int round = 0; round < ROUNDS; round++) {
            boolean killsServer = round % 2 == 0;
            boolean losesAnswers = round % 3 != 0;
            over = false;
            try (Callers load = Callers.start(CALLERS, caller -> {
                while (!over) {
                    callers.get(caller).step();
                }
            })) {
                awaitAnswers(load, 50 + random.nextInt(250));
                if (losesAnswers) {
                    wire.set(Wire.State.ANSWERS_LOST);
                    assertThat(wire.hasLostAnswers(LOST_ANSWERS, PATIENCE_SECONDS))
                            .as("answers got lost")
                            .isTrue();
                }
                if (killsServer) {
                    killServer(random);
                    if (!losesAnswers) {
                        startServer(); // while the other one works
                    }
                } else {
                    killDatabase();
                }
                awaitAnswers(load, 100);
                over = true;
                load.join();
            }
            String what = "after killing the " + (killsServer ? "server" : "database") + " in round " + round;
            compare(callers, what);
            if (!killsServer) {
                assertThat(lost).as("calls that were not answered, " + what).hasValue(0);
            }
            lost.set(0);
            if (servers.size() < SERVERS) {
                startServer(); // takes a third of the time now
            }
        }
        assertThat(found)
                .as("calls that were done though nobody heard of it, and found by their request id")
                .hasPositiveValue();
    }

    /** Waits until callers got so many more; fails as one of them did when they do not. */
    private void awaitAnswers(Callers load, int count) throws Exception {
        answers.drainPermits();
        if (!answers.tryAcquire(count, PATIENCE_SECONDS, SECONDS)) {
            over = true;
            load.join();
            throw new AssertionError("fewer than " + count + " answers in " + PATIENCE_SECONDS + " s");
        }
    }

    private void killServer(Random random) throws Exception {
        ServerProcess killed = servers.get(random.nextInt(SERVERS));
        servers = servers.stream().filter(server -> server != killed).toList();
        killed.close();
        wire.set(Wire.State.WHOLE);
    }

    private void killDatabase() throws Exception {
        ProcessHandle postmaster = ProcessHandle.of(postgres.postmasterPid()).orElseThrow();
        assertThat(postmaster.destroyForcibly()).isTrue();
        postmaster.onExit().get(PATIENCE_SECONDS, SECONDS);
        wire.set(Wire.State.WHOLE);
        postgres.close();
        postgres = TestPostgres.startIn(home);
        wire.leadTo(postgres.port());
    }

    private void compare(List<PatientCaller> callers, String when) throws Exception {
        TestPostgres.Database database = database(postgres.port());
        try (Connection connection = database.connect()) {
            assertThat(TableInvariants.violations(connection)).as(when).isEmpty();
        }
        Set<String> given = new HashSet<>(database.column(GIVEN));
        Set<String> held = callers.stream().flatMap(PatientCaller::holds).collect(toSet());
        assertThat(given).as("given, " + when).containsAll(held);
        given.removeAll(held);
        assertThat(given).as("not given back by anybody, " + when).containsAll(unheard);
        assertThat(given.stream().filter(givenBack::contains))
                .as("given back before, " + when)
                .isEmpty();
        assertThat(given.stream().filter(each -> ASKED_WITH_IDS.contains(each.split(" ", 2)[0])))
                .as("given without an answer, " + when)
                .isEmpty();
        assertThat(given.size() - unheard.size())
                .as("given to those who never heard of it, " + when)
                .isLessThanOrEqualTo(lost.get());
        unheard = given;
        assertThat(new HashSet<>(database.column("SELECT request_id FROM request")))
                .as("request ids that something was done for, " + when)
                .isEqualTo(requestsAnswered);
    }

    private static boolean isReplayed(Message answer) {
        return (Boolean) answer.getField(answer.getDescriptorForType().findFieldByName("replayed"));
    }

    /** As {@link #GIVEN} says it. */
    private static String text(Allocation allocation) {
        return allocation.getPrefixCidr() + " " + allocation.getAddress() + " " + allocation.getAllocationId();
    }

    private static String text(Prefix child) {
        return child.getParentCidr() + " " + child.getCidr() + " " + child.getId();
    }

    /** Sends calls with a request id until there is an answer, and asks again for what it has. */
    private final class PatientCaller extends Caller {
        private final String own;

        PatientCaller(int number, Random random, Map<String, Integer> holders) {
            super(number, random, holders);
            own = own(number);
        }

        Stream<String> holds() {
            return Stream.concat(
                    held.stream().map(one -> text(one.allocation())),
                    children.stream().map(KillIT::text));
        }

        void step() {
            switch (random.nextInt(10)) {
                case 0 -> acquire(SHARED);
                case 1 -> acquire(SHARED_WITHOUT_IDS);
                case 2 -> acquire(own);
                case 3, 4, 5 ->
                    release(random.nextBoolean() ? newRequestId() : "")
                            .ifPresent(allocation -> givenBack.add(text(allocation)));
                case 6 -> {
                    String parent = random.nextBoolean() ? PARENT : PARENT_WITHOUT_IDS;
                    acquireChild(parent, 24 + random.nextInt(5), requestIdFor(parent));
                }
                case 7 ->
                    releaseChild(random.nextBoolean() ? newRequestId() : "")
                            .ifPresent(child -> givenBack.add(text(child)));
                default -> acquireAgain();
            }
        }

        private void acquire(String prefix) {
            acquire(prefix, "", requestIdFor(prefix));
        }

        private String requestIdFor(String prefix) {
            return ASKED_WITH_IDS.contains(prefix) ? newRequestId() : "";
        }

        private void acquireAgain() {
            List<Held> known = new ArrayList<>(held);
            known.removeIf(one -> one.request().getRequestId().isEmpty());
            if (!known.isEmpty()) {
                acquireAgain(known.get(random.nextInt(known.size())));
            }
        }

        @Override
        <T> Optional<T> take(String requestId, Function<IpamerServiceBlockingStub, T> call, String... mayBeRefusedFor) {
            return send(requestId, call, !requestId.isEmpty(), Set.of(mayBeRefusedFor), Set.of());
        }

        /** Names what it gives back, and so can send it again even without a request id. */
        @Override
        <T> Optional<T> giveBack(
                String requestId, Function<IpamerServiceBlockingStub, T> call, String... refusalsOnceGone) {
            return send(requestId, call, true, Set.of(), requestId.isEmpty() ? Set.of(refusalsOnceGone) : Set.of());
        }

        /** Whoever can repeat is impatient at times: then a first sending and a second are under way together. */
        private <T> Optional<T> send(
                String requestId,
                Function<IpamerServiceBlockingStub, T> call,
                boolean repeats,
                Set<String> refusals,
                Set<String> refusalsOnceDone) {
            long end = System.nanoTime() + SECONDS.toNanos(PATIENCE_SECONDS);
            long patience =
                    repeats && random.nextInt(4) == 0 ? 1 + random.nextInt(500) : SECONDS.toMillis(PATIENCE_SECONDS);
            boolean mayBeDone = false;
            while (true) {
                try {
                    T answer = call.apply(any().withDeadlineAfter(patience, MILLISECONDS));
                    if (!requestId.isEmpty() && requestsAnswered.add(requestId) && isReplayed((Message) answer)) {
                        found.incrementAndGet();
                    }
                    answers.release();
                    return Optional.of(answer);
                } catch (StatusRuntimeException failure) {
                    String reason = reason(failure);
                    if (refusals.contains(reason) || mayBeDone && refusalsOnceDone.contains(reason)) {
                        answers.release();
                        return Optional.empty();
                    }
                    boolean unknown = reason.equals("OUTCOME_UNKNOWN")
                            || reason.isEmpty()
                                    && NO_ANSWER.contains(failure.getStatus().getCode());
                    if (!unknown && !NOT_DONE.contains(reason) || System.nanoTime() > end) {
                        throw failure;
                    }
                    if (unknown && !repeats) {
                        lost.incrementAndGet();
                        return Optional.empty();
                    }
                    mayBeDone |= unknown;
                    patience = SECONDS.toMillis(PATIENCE_SECONDS);
                }
            }
        }

        private IpamerServiceBlockingStub any() {
            List<ServerProcess> running = servers;
            return running.get(random.nextInt(running.size())).stub();
        }
    }
}
