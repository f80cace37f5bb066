package io.ipamer.ipam;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.ipamer.address.Cidr;
import io.ipamer.model.Answer;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Namespace;
import io.ipamer.model.Prefix;
import io.ipamer.model.Reason;
import io.ipamer.model.Reply;
import io.ipamer.plan.Call;
import io.ipamer.plan.Request;
import io.ipamer.plan.Scope;
import io.ipamer.store.Store;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Brings calls from the names that callers use to the lanes of the scopes that these names mean.
 *
 * <p>What a name means is cached. An entry that is out of date shows itself, because ids are never used twice: its scope
 * is gone, and the name is looked up afresh, once. That there is no such name is never cached.
 */
final class Router {
    private static final int MAX_NAMES = 200_000;
    private static final long DEFAULT_PATIENCE = TimeUnit.SECONDS.toNanos(20);

    /** Refusals that an out-of-date name can cause. */
    private static final Set<Reason> MAY_BE_STALE = EnumSet.of(
            Reason.NAMESPACE_NOT_FOUND, Reason.PREFIX_NOT_FOUND, Reason.PREFIX_ID_MISMATCH, Reason.NOT_A_CHILD);

    private final Store store;
    private final Surroundings surroundings;
    private final Replays replays;
    private final Lanes lanes;
    private final Cache<NamedCidr, Prefix> prefixes =
            Caffeine.newBuilder().maximumSize(MAX_NAMES).executor(Runnable::run).build();
    private final Cache<String, Namespace> namespaces =
            Caffeine.newBuilder().maximumSize(MAX_NAMES).executor(Runnable::run).build();

    private record NamedCidr(String namespace, Cidr cidr) {}

    /**
     * A call, and the scope in whose lane it belongs.
     *
     * @param refusal why it is refused without asking the lane; null to ask it
     * @param learn what its answer says of names
     */
    record Route<A extends Answer>(
            Scope scope, Call<A> call, @Nullable IpamerException refusal, Consumer<? super A> learn) {
        Route(Scope scope, Call<A> call) {
            this(scope, call, null, answer -> {});
        }
    }

    /** Remembers what a name means since just now. */
    void learn(Namespace namespace) {
        namespaces.put(namespace.name(), namespace);
    }

    /** Remembers a prefix that was just created. */
    Consumer<Prefix> created(String namespace) {
        return prefix -> prefixes.put(new NamedCidr(namespace, prefix.cidr()), prefix);
    }

    /** Forgets a prefix that was just deleted. */
    Consumer<Prefix> deleted(String namespace) {
        return prefix -> prefixes.invalidate(new NamedCidr(namespace, prefix.cidr()));
    }

    /** How a kind of name is looked up. */
    private interface Names<T> {
        @Nullable
        T cached();

        void forget();

        CompletableFuture<Sight<T>> look();
    }

    /**
     * What a fresh look at a name found.
     *
     * @param target null when there is none
     * @param requestSpace where request ids of calls on that name are kept; null when there is no such namespace
     * @param otherwise why it is not found
     */
    private record Sight<T>(@Nullable T target, @Nullable UUID requestSpace, IpamerException otherwise) {}

    Router(Store store, Surroundings surroundings) {
        this.store = store;
        this.surroundings = surroundings;
        this.replays = new Replays(store);
        this.lanes = new Lanes(store, replays, surroundings);
    }

    /**
     * Sends a call to the lane of the system.
     *
     * @param canonical equal for equal requests, different for different ones
     */
    <A extends Answer> CompletableFuture<Reply<A>> toSystem(
            Call<A> call, CallOptions options, Supplier<String> canonical) {
        return toScope(new Route<>(Scope.SYSTEM, call), options, canonical);
    }

    /** Sends a call to the lane of a scope that was found before; see {@link #toSystem}. */
    <A extends Answer> CompletableFuture<Reply<A>> toScope(
            Route<A> route, CallOptions options, Supplier<String> canonical) {
        return new Trip<A, Scope>(new Known(route.scope()), scope -> route, options, canonical).start();
    }

    /**
     * The answer of a call of many steps that was done before under its request id; for what takes things back only.
     *
     * @return empty when it was not
     */
    <A extends Answer> CompletableFuture<Optional<Reply<A>>> replay(
            UUID space, CallOptions options, Supplier<String> canonical) {
        CompletableFuture<Reply<A>> promise = new CompletableFuture<>();
        CompletableFuture<Optional<Reply<A>>> replay = promise.thenApply(Optional::of);
        Caller<A> caller = new Caller<>(request(options, space, canonical), promise, answer -> {});
        replays.answerOr(caller, null, () -> replay.complete(Optional.empty()));
        return replay;
    }

    private static @Nullable Request request(CallOptions options, @Nullable UUID space, Supplier<String> canonical) {
        String id = options.requestId();
        return id == null || space == null ? null : new Request(space, id, fingerprint(canonical.get()));
    }

    /** Sends the call on that namespace as a whole to the lane of the system; see {@link #toSystem}. */
    <A extends Answer> CompletableFuture<Reply<A>> toSystem(
            String name, Function<Namespace, Route<A>> route, CallOptions options, Supplier<String> canonical) {
        return new Trip<>(new NamespaceName(name, Scope.SYSTEM.requestSpace()), route, options, canonical).start();
    }

    /** Sends the call that {@code route} makes of the namespace to its lane; see {@link #toSystem}. */
    <A extends Answer> CompletableFuture<Reply<A>> toNamespace(
            String name, Function<Namespace, Route<A>> route, CallOptions options, Supplier<String> canonical) {
        return new Trip<>(new NamespaceName(name, null), route, options, canonical).start();
    }

    /** Sends the call that {@code route} makes of the prefix to its lane; see {@link #toSystem}. */
    <A extends Answer> CompletableFuture<Reply<A>> toPrefix(
            String namespace,
            Cidr cidr,
            Function<Prefix, Route<A>> route,
            CallOptions options,
            Supplier<String> canonical) {
        return new Trip<>(new PrefixName(new NamedCidr(namespace, cidr)), route, options, canonical).start();
    }

    /** The time that a call of many steps has. {@code unwanted}: whether nobody waits any more. */
    Steps steps(CallOptions options, BooleanSupplier unwanted) {
        return new Steps(surroundings, options.deadline(), unwanted);
    }

    /** A fresh look at a namespace; fails with NAMESPACE_NOT_FOUND. */
    CompletableFuture<Namespace> namespace(String name) {
        return new NamespaceName(name, null).look().thenApply(Router::required);
    }

    /** A fresh look at a prefix; fails with NAMESPACE_NOT_FOUND or PREFIX_NOT_FOUND. */
    CompletableFuture<Prefix> prefix(String namespace, Cidr cidr) {
        return new PrefixName(new NamedCidr(namespace, cidr)).look().thenApply(Router::required);
    }

    private static <T> T required(Sight<T> sight) {
        if (sight.target() == null) {
            throw sight.otherwise();
        }
        return sight.target();
    }

    static IpamerException namespaceNotFound(String name) {
        return new IpamerException(
                Reason.NAMESPACE_NOT_FOUND, "namespace " + name + " does not exist", Map.of("namespace", name));
    }

    static IpamerException prefixNotFound(String namespace, Cidr cidr) {
        return new IpamerException(
                Reason.PREFIX_NOT_FOUND,
                "prefix " + cidr + " does not exist in namespace " + namespace,
                Map.of("cidr", cidr.toString(), "namespace", namespace));
    }

    /** Of a scope whose head is not there. */
    static IpamerException gone(Scope scope) {
        return scope.cidr() == null
                ? new IpamerException(Reason.NAMESPACE_NOT_FOUND, "the namespace does not exist")
                : new IpamerException(
                        Reason.PREFIX_NOT_FOUND,
                        "prefix " + scope.cidr() + " does not exist",
                        Map.of("cidr", scope.cidr().toString()));
    }

    /** A scope that needs no name. */
    private record Known(Scope scope) implements Names<Scope> {
        @Override
        public Scope cached() {
            return scope;
        }

        @Override
        public void forget() {
            // Nothing is cached.
        }

        @Override
        public CompletableFuture<Sight<Scope>> look() {
            return CompletableFuture.completedFuture(new Sight<>(scope, scope.requestSpace(), gone(scope)));
        }
    }

    private final class NamespaceName implements Names<Namespace> {
        private final String name;
        private final @Nullable UUID requestSpace;

        /** {@code requestSpace}: where request ids are kept even when the namespace is gone. */
        NamespaceName(String name, @Nullable UUID requestSpace) {
            this.name = name;
            this.requestSpace = requestSpace;
        }

        @Override
        public @Nullable Namespace cached() {
            return namespaces.getIfPresent(name);
        }

        @Override
        public void forget() {
            namespaces.invalidate(name);
        }

        @Override
        public CompletableFuture<Sight<Namespace>> look() {
            return store.namespace(name).thenApply(found -> {
                found.ifPresent(namespace -> namespaces.put(name, namespace));
                return new Sight<>(found.orElse(null), requestSpace, namespaceNotFound(name));
            });
        }
    }

    private final class PrefixName implements Names<Prefix> {
        private final NamedCidr name;

        PrefixName(NamedCidr name) {
            this.name = name;
        }

        @Override
        public @Nullable Prefix cached() {
            return prefixes.getIfPresent(name);
        }

        @Override
        public void forget() {
            prefixes.invalidate(name);
        }

        @Override
        public CompletableFuture<Sight<Prefix>> look() {
            return store.locate(name.namespace(), name.cidr()).thenApply(located -> {
                located.prefix().ifPresent(prefix -> prefixes.put(name, prefix));
                return new Sight<>(
                        located.prefix().orElse(null),
                        located.namespace().map(Namespace::id).orElse(null),
                        located.namespace().isPresent()
                                ? prefixNotFound(name.namespace(), name.cidr())
                                : namespaceNotFound(name.namespace()));
            });
        }
    }

    /** One call on its way from a name to a lane. */
    private final class Trip<A extends Answer, T> {
        private final Names<T> names;
        private final Function<T, Route<A>> route;
        private final CallOptions options;
        private final Supplier<String> canonical;
        private final CompletableFuture<Reply<A>> promise = new CompletableFuture<>();

        Trip(Names<T> names, Function<T, Route<A>> route, CallOptions options, Supplier<String> canonical) {
            this.names = names;
            this.route = route;
            this.options = options;
            this.canonical = canonical;
        }

        CompletableFuture<Reply<A>> start() {
            T known = names.cached();
            if (known == null) {
                look();
            } else {
                go(known, this::lookAgain);
            }
            return promise;
        }

        private boolean lookAgain(IpamerException refusal) {
            if (!MAY_BE_STALE.contains(refusal.reason())) {
                return false;
            }
            names.forget();
            look();
            return true;
        }

        private void look() {
            Promises.finish(
                    names.look(),
                    sight -> {
                        if (sight.target() == null) {
                            Caller<A> caller = new Caller<>(
                                    request(options, sight.requestSpace(), canonical), promise, answer -> {});
                            replays.answerOr(caller, null, () -> caller.refuse(sight.otherwise()));
                        } else {
                            go(sight.target(), refusal -> false);
                        }
                    },
                    failure -> promise.completeExceptionally(Failures.unavailable(failure)));
        }

        private void go(T target, Pending.SecondChance secondChance) {
            Route<A> way = route.apply(target);
            if (options.dryRun()) {
                tryOut(way, secondChance);
                return;
            }
            Caller<A> caller =
                    new Caller<>(request(options, way.scope().requestSpace(), canonical), promise, way.learn());
            Pending<A> pending = new Pending<>(caller, way.call(), deadline(), secondChance);
            IpamerException refusal = way.refusal();
            if (refusal == null) {
                lanes.of(way.scope()).submit(pending);
            } else {
                replays.answerOr(caller, way.scope(), () -> pending.refuse(refusal));
            }
        }

        private void tryOut(Route<A> way, Pending.SecondChance secondChance) {
            Promises.finish(new Rehearsal<>(way.scope(), way.call(), store).answer(), promise::complete, failure -> {
                IpamerException refusal = Failures.unavailable(failure);
                if (!secondChance.take(refusal)) {
                    promise.completeExceptionally(refusal);
                }
            });
        }

        private long deadline() {
            return options.deadline() == CallOptions.NO_DEADLINE
                    ? surroundings.clock().getAsLong() + DEFAULT_PATIENCE
                    : options.deadline();
        }
    }

    private static String fingerprint(String canonical) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(canonical.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException missing) {
            throw new IllegalStateException("every Java platform has SHA-256", missing);
        }
    }
}
