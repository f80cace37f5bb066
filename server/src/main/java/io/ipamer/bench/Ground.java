package io.ipamer.bench;

import io.grpc.Status;
import io.ipamer.address.AddressFamily;
import io.ipamer.address.AddressFormatException;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import java.time.Duration;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A namespace of the run's own, with prefixes that cannot run full, and what is held in them. Everything is a part of
 * fd00::/8, which is big enough for any number of runs that start at its low end, as no two share a namespace.
 */
final class Ground {
    /** Of the prefixes that give addresses: 2^64 of them. */
    private static final int ADDRESSES_LENGTH = 64;

    /** Of the prefixes that give children: 2^32 of them. */
    private static final int PARENT_LENGTH = 32;

    private static final int CHILD_LENGTH = 64;
    private static final long FIRST = 0xFD00_0000_0000_0000L;

    /** How long is spent on removing what was made: what releases 100 addresses a second would take days. */
    private static final Duration CLEARING = Duration.ofSeconds(60);

    private final BenchSettings settings;
    private final String namespace;
    private final Contract contract;
    private final Load load;
    private final List<Cidr> prefixes;
    private final Held held;
    private final AtomicLong created = new AtomicLong();

    Ground(BenchSettings settings, String namespace, Load load) {
        this.settings = settings;
        this.namespace = namespace;
        this.load = load;
        contract = settings.contract() == ContractKind.IPAMER_V1
                ? new IpamerV1(namespace, settings.requestIds())
                : new GoIpam(namespace);
        boolean blocks = switch (settings.scenario()) {
            case CHILD, CREATE_PREFIX -> true;
            case ACQUIRE, ACQUIRE_RELEASE, READ, FILL -> false;
        };
        held = new Held(blocks ? AddressFamily.IPV6.bits() - CHILD_LENGTH : 0);
        int count = settings.scenario() == Scenario.CREATE_PREFIX ? 0 : settings.prefixes();
        int length = settings.scenario() == Scenario.CHILD ? PARENT_LENGTH : ADDRESSES_LENGTH;
        prefixes = IntStream.range(0, count)
                .mapToObj(i -> new Cidr(IpAddress.v6(FIRST + ((long) i << 64 - length), 0), length))
                .toList();
    }

    /**
     * Makes namespace and prefixes.
     *
     * @throws BenchException when the server cannot be reached, or refuses
     */
    void prepare() throws BenchException, InterruptedException {
        Status refused =
                work("connect", List.<Call<?, ?>>of(contract.createNamespace()).iterator(), Load.Course.untilDone());
        if (!refused.isOk()) {
            throw new BenchException(
                    switch (refused.getCode()) {
                        case UNAVAILABLE ->
                            "--target " + settings.target() + " cannot be reached: " + sentence(refused);
                        case UNIMPLEMENTED ->
                            "--contract " + settings.contract() + " is not what --target " + settings.target()
                                    + " speaks";
                        default -> "cannot create a namespace: " + sentence(refused);
                    });
        }
        Status failed = work(
                "prefixes",
                prefixes.stream()
                        .<Call<?, ?>>map(prefix -> contract.createPrefix(prefix.toString()))
                        .iterator(),
                Load.Course.untilDone());
        if (!failed.isOk()) {
            throw new BenchException("cannot create the prefixes: " + sentence(failed));
        }
    }

    /** Acquires some more addresses of the first prefix. */
    void fill(int count) throws BenchException, InterruptedException {
        Cidr prefix = prefixes.get(0);
        Load.Outcome outcome = load.run(
                "filling",
                crew(Script.working(
                        contract.acquireMany(prefix.toString(), count).iterator(), given -> {
                            for (String address : given.split(",")) {
                                hold(prefix, address);
                            }
                        })),
                Load.Course.untilDone());
        if (outcome.wrong() != null) {
            throw new BenchException(outcome.wrong());
        }
        if (!outcome.firstError().isOk()) {
            throw new BenchException("cannot fill the prefix: " + sentence(outcome.firstError()));
        }
    }

    /** A script for each caller. */
    List<Script> scripts() {
        List<Supplier<Call<?, ?>>> hot = prefixes.stream()
                .map(prefix -> switch (settings.scenario()) {
                    case CHILD -> contract.acquireChild(prefix.toString(), CHILD_LENGTH);
                    case READ -> contract.readPrefix(prefix.toString());
                    case ACQUIRE, ACQUIRE_RELEASE, FILL, CREATE_PREFIX -> contract.acquire(prefix.toString());
                })
                .toList();
        return IntStream.range(0, settings.callers())
                .<Script>mapToObj(caller -> {
                    Choice choice = new Choice(settings.seed() + caller, prefixes.size());
                    return switch (settings.scenario()) {
                        case ACQUIRE -> new Taking(hot, choice, this::hold);
                        case CHILD -> new Taking(hot, choice, this::holdChild);
                        case READ -> new Taking(hot, choice, Ground::sameAsWanted);
                        case CREATE_PREFIX -> new Creating();
                        case ACQUIRE_RELEASE, FILL -> new TakingAndGivingBack(hot, choice);
                    };
                })
                .toList();
    }

    /** How many answers were checked against what was held. */
    long checked() {
        return held.added();
    }

    /** Releases and deletes all that is left; says what stays and why, null when nothing does. */
    @Nullable
    String clear() throws InterruptedException {
        long end = System.nanoTime() + CLEARING.toNanos();
        Stream<Call<?, ?>> givingBack = switch (settings.scenario()) {
            case CHILD -> blocks().map(contract::releaseChild);
            case CREATE_PREFIX -> blocks().map(contract::deletePrefix);
            case ACQUIRE, ACQUIRE_RELEASE, READ, FILL -> addresses();
        };
        List<Stream<Call<?, ?>>> stages = List.of(
                givingBack,
                prefixes.stream().map(prefix -> contract.deletePrefix(prefix.toString())),
                Stream.of(contract.deleteNamespace()));
        for (Stream<Call<?, ?>> stage : stages) {
            Iterator<Call<?, ?>> calls = stage.iterator();
            long left = Math.max(0, end - System.nanoTime());
            Status failed = work("clean-up", calls, Load.Course.untilDone(Duration.ofNanos(left)));
            if (!failed.isOk() || calls.hasNext()) {
                return "namespace " + namespace + ", as "
                        + (failed.isOk() ? "clearing took more than " + CLEARING.toSeconds() + " s" : sentence(failed));
            }
        }
        return null;
    }

    private Stream<String> blocks() {
        return stream(held.pages())
                .flatMap(List::stream)
                .map(first -> Cidr.of(first, CHILD_LENGTH).toString());
    }

    private Stream<Call<?, ?>> addresses() {
        return stream(held.pages())
                .flatMap(page ->
                        contract
                                .releaseMany(
                                        Cidr.of(page.get(0), ADDRESSES_LENGTH).toString(), page)
                                .stream());
    }

    private static <T> Stream<T> stream(Iterator<T> iterator) {
        return Stream.iterate(iterator, Iterator::hasNext, same -> same).map(Iterator::next);
    }

    private Status work(String phase, Iterator<Call<?, ?>> calls, Load.Course course) throws InterruptedException {
        Load.Outcome outcome = load.run(phase, crew(Script.working(calls, given -> {})), course);
        return outcome.unanswered() > 0 ? Status.DEADLINE_EXCEEDED.withDescription("no answer") : outcome.firstError();
    }

    private List<Script> crew(Script shared) {
        return Collections.nCopies(settings.callers(), shared);
    }

    static String sentence(Status status) {
        Throwable cause = status.getCause();
        return status.getCode()
                + (status.getDescription() == null ? "" : ": " + status.getDescription())
                + (cause == null ? "" : ": " + cause.getMessage());
    }

    private IpAddress hold(Cidr prefix, String given) {
        IpAddress address;
        try {
            address = IpAddress.parse(given);
        } catch (AddressFormatException malformed) {
            throw new WrongAnswerException(prefix + " gave \"" + given + "\", which is no address");
        }
        if (!prefix.contains(address)) {
            throw new WrongAnswerException(prefix + " gave " + address + ", which is not in it");
        }
        if (!held.add(address)) {
            throw new WrongAnswerException("duplicate: " + prefix + " gave " + address + " while it was held already");
        }
        return address;
    }

    private void holdChild(Cidr parent, String given) {
        Cidr child;
        try {
            child = Cidr.parseStrict(given);
        } catch (AddressFormatException malformed) {
            throw new WrongAnswerException(parent + " gave \"" + given + "\", which is no CIDR");
        }
        if (!parent.contains(child) || child.length() != CHILD_LENGTH) {
            throw new WrongAnswerException(parent + " gave " + child + ", which is not a /" + CHILD_LENGTH + " in it");
        }
        if (!held.add(child.first())) {
            throw new WrongAnswerException("duplicate: " + parent + " gave " + child + " while it was held already");
        }
    }

    private static void sameAsWanted(Cidr wanted, String given) {
        if (!given.equals(wanted.toString())) {
            throw new WrongAnswerException("asked for " + wanted + ", the server answered \"" + given + '"');
        }
    }

    /** What is done with what a prefix gave. */
    private interface Check {
        void accept(Cidr prefix, String given);
    }

    /** Chooses among prefixes, all alike. */
    private static final class Choice {
        private final SplittableRandom random;
        private final int size;

        Choice(long seed, int size) {
            random = new SplittableRandom(seed);
            this.size = size;
        }

        int next() {
            return size == 1 ? 0 : random.nextInt(size);
        }
    }

    /** Calls on a prefix, each by itself. */
    private final class Taking implements Script {
        private final List<Supplier<Call<?, ?>>> calls;
        private final Choice choice;
        private final Check check;
        private int last;

        Taking(List<Supplier<Call<?, ?>>> calls, Choice choice, Check check) {
            this.calls = calls;
            this.choice = choice;
            this.check = check;
        }

        @Override
        public Call<?, ?> next() {
            last = choice.next();
            return calls.get(last).get();
        }

        @Override
        public void answered(String given) {
            check.accept(prefixes.get(last), given);
        }
    }

    /** Takes an address and gives it back, in turn. */
    private final class TakingAndGivingBack implements Script {
        private final List<Supplier<Call<?, ?>>> calls;
        private final Choice choice;
        private int last;
        private boolean acquiring;
        private @Nullable IpAddress mine;

        TakingAndGivingBack(List<Supplier<Call<?, ?>>> calls, Choice choice) {
            this.calls = calls;
            this.choice = choice;
        }

        @Override
        public Call<?, ?> next() {
            IpAddress address = mine;
            acquiring = address == null;
            if (address == null) {
                last = choice.next();
                return calls.get(last).get();
            }
            // Before it is sent: the server may give the address to another before it answers this caller.
            held.remove(address);
            mine = null;
            return contract.release(prefixes.get(last).toString(), address);
        }

        @Override
        public void answered(String given) {
            if (acquiring) {
                mine = hold(prefixes.get(last), given);
            }
        }
    }

    /** Creates top-level prefixes, one beside the other. */
    private final class Creating implements Script {
        private Cidr last = prefix(0);

        private static Cidr prefix(long number) {
            return new Cidr(IpAddress.v6(FIRST + number, 0), CHILD_LENGTH);
        }

        @Override
        public Call<?, ?> next() {
            last = prefix(created.getAndIncrement());
            return contract.createPrefix(last.toString());
        }

        @Override
        public void answered(String given) {
            sameAsWanted(last, given);
            held.add(last.first());
        }
    }
}
