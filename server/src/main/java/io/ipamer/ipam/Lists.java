package io.ipamer.ipam;

import io.ipamer.address.AddressFamily;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.Allocation;
import io.ipamer.model.Held;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Metadata;
import io.ipamer.model.Namespace;
import io.ipamer.model.Prefix;
import io.ipamer.plan.Extract;
import io.ipamer.plan.Found;
import io.ipamer.plan.Read;
import io.ipamer.plan.Scope;
import io.ipamer.store.Span;
import io.ipamer.store.Store;
import io.ipamer.store.Tag;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Lists, part by part, and what holds an address. Futures fail with {@link IpamerException} only; all may fail with
 * NAMESPACE_NOT_FOUND, and parts with INVALID_PAGE_TOKEN.
 *
 * <p>Of the filters that are given one decides what is read: owner, else the first label, else the parent, else depth 0;
 * that costs an index seek for each row. The others test what was read. A part that found too little in 10,000 rows ends
 * early, as does one that has a megabyte of metadata: callers take four by default.
 */
public final class Lists {
    private static final int MOST_EXAMINED = 10_000;
    private static final int AT_ONCE = 1_000;
    private static final int MOST_BYTES = 1 << 20;
    private static final String PREFIXES = "p";
    private static final String ALLOCATIONS = "a";

    private final Store store;
    private final Router router;
    private volatile @Nullable PageTokens tokens;

    Lists(Store store, Router router) {
        this.store = store;
        this.router = router;
    }

    /**
     * Which prefixes; all of it must match.
     *
     * @param family null for both
     * @param parent only its direct children; null for all
     * @param depth how many prefixes are around them; null for any
     * @param owner empty for all
     * @param labels have all of these
     */
    public record PrefixFilter(
            @Nullable AddressFamily family,
            @Nullable Cidr parent,
            @Nullable Integer depth,
            String owner,
            SortedMap<String, String> labels) {}

    /**
     * Which allocations of a prefix; all of it must match.
     *
     * @param from the lowest; null for no bound
     * @param to the highest; null for no bound
     */
    public record AllocationFilter(
            @Nullable IpAddress from, @Nullable IpAddress to, String owner, SortedMap<String, String> labels) {}

    /**
     * What an address is part of.
     *
     * @param prefixes in which it lies, outermost first
     * @param allocation that holds it
     */
    public record Sighting(List<Prefix> prefixes, Optional<Allocation> allocation) {}

    /** Things that have an owner or labels: first prefixes, then allocations. */
    public record Finds(List<Prefix> prefixes, List<Held> allocations, String nextToken) {}

    /** Where rows come from. */
    @FunctionalInterface
    private interface Source<T> {
        CompletableFuture<Store.Page<T>> read(Span span, int limit);
    }

    /** What rows of a kind are. */
    private interface Rows<T> {
        Cidr place(T row);

        Metadata metadata(T row);
    }

    private static final Rows<Prefix> PREFIX = new Rows<>() {
        @Override
        public Cidr place(Prefix row) {
            return row.cidr();
        }

        @Override
        public Metadata metadata(Prefix row) {
            return row.metadata();
        }
    };

    private static final Rows<Held> HELD = new Rows<>() {
        @Override
        public Cidr place(Held row) {
            return Lists.place(row.allocation().address());
        }

        @Override
        public Metadata metadata(Held row) {
            return row.allocation().metadata();
        }
    };

    /**
     * Rows that passed.
     *
     * @param next what is left; null when nothing is
     */
    private record Slice<T>(List<T> rows, @Nullable Span next) {}

    /** By name, in the order that the store has for text. */
    public CompletableFuture<Page<Namespace>> namespaces(Page.Wanted wanted) {
        String list = "namespaces";
        return Failures.told(tokens().thenCompose(signer -> {
            String after = wanted.token().isEmpty() ? "" : signer.read(list, wanted.token());
            return visible(after, wanted.size() + 1, new ArrayList<>()).thenApply(rows -> {
                List<Namespace> page = rows.subList(0, Math.min(rows.size(), wanted.size()));
                String next = rows.size() > page.size()
                        ? signer.write(list, page.get(page.size() - 1).name())
                        : "";
                return new Page<>(page, next);
            });
        }));
    }

    /** At most so many more of those that are not hidden, after those that were found. */
    private CompletableFuture<List<Namespace>> visible(String after, int limit, List<Namespace> found) {
        return store.namespaces(after, limit).thenCompose(rows -> {
            rows.stream().filter(namespace -> !namespace.isHidden()).forEach(found::add);
            long hidden = rows.stream().filter(Namespace::isHidden).count();
            return rows.size() < limit || hidden == 0
                    ? CompletableFuture.completedFuture(found)
                    : visible(rows.get(rows.size() - 1).name(), (int) hidden, found);
        });
    }

    /** In the order of {@link Cidr}. Refused: PREFIX_NOT_FOUND, of the parent. */
    public CompletableFuture<Page<Prefix>> prefixes(String namespace, PrefixFilter filter, Page.Wanted wanted) {
        return Failures.told(router.namespace(namespace).thenCompose(found -> {
            CompletableFuture<@Nullable Prefix> parent = filter.parent() == null
                    ? CompletableFuture.completedFuture(null)
                    : router.prefix(namespace, filter.parent()).thenApply(Function.identity());
            return parent.thenCompose(around -> page(
                    found.id() + " prefixes " + filter,
                    around == null
                            ? span(filter.family())
                            : Span.between(around.cidr().first(), around.cidr().last()),
                    wanted,
                    prefixes(found.id(), filter, around),
                    PREFIX,
                    prefix -> (filter.family() == null
                                    || filter.family() == prefix.cidr().family())
                            && (around == null || around.id().equals(prefix.parentId()))
                            && prefix.metadata().matches(filter.owner(), filter.labels())));
        }));
    }

    private static Span span(@Nullable AddressFamily family) {
        return family == null ? Span.ALL : Span.between(IpAddress.min(family), IpAddress.max(family));
    }

    private Source<Prefix> prefixes(UUID namespaceId, PrefixFilter filter, @Nullable Prefix parent) {
        Tag.Word word = word(filter.owner(), filter.labels());
        Source<Prefix> source;
        if (word != null) {
            source = (span, limit) -> store.prefixes(namespaceId, word, span, limit);
        } else if (parent != null) {
            source = below(Scope.of(parent));
        } else if (filter.depth() != null && filter.depth() == 0) {
            source = below(Scope.namespace(namespaceId));
        } else {
            source = (span, limit) -> store.prefixes(namespaceId, span, limit);
        }
        return filter.depth() == null ? source : ofDepth(filter.depth(), source);
    }

    /** The children of a scope. */
    private Source<Prefix> below(Scope scope) {
        return (span, limit) -> {
            Optional<IpAddress> from = span.firstOfDisjoint();
            if (from.isEmpty()) {
                return CompletableFuture.completedFuture(new Store.Page<>(List.of(), null));
            }
            return store.read(scope, List.of(new Read.PrefixesFrom(from.get(), limit)))
                    .thenApply(extract -> {
                        List<Prefix> rows = extract.map(
                                        read -> ((Found.Prefixes) read.found().get(0)).rows())
                                .orElse(List.of());
                        // One that was made meanwhile around those that were told of before comes too late.
                        List<Prefix> within = rows.stream()
                                .filter(row -> !row.cidr().first().isBefore(from.get())
                                        && !row.cidr().first().isAfter(span.last()))
                                .toList();
                        Cidr last =
                                rows.size() < limit ? null : rows.get(limit - 1).cidr();
                        return new Store.Page<>(
                                within, last == null || last.first().isAfter(span.last()) ? null : last);
                    });
        };
    }

    /** Those that have so many around them. Passes over what is in them. */
    private Source<Prefix> ofDepth(int depth, Source<Prefix> source) {
        return (span, limit) -> source.read(span, limit).thenCompose(page -> {
            List<UUID> ids = page.rows().stream().map(Prefix::id).toList();
            return store.depths(ids).thenApply(depths -> {
                List<Prefix> rows = page.rows().stream()
                        .filter(row -> depths.getOrDefault(row.id(), -1) == depth)
                        .toList();
                Cidr last = page.last();
                if (last != null && !rows.isEmpty()) {
                    Cidr before = rows.get(rows.size() - 1).cidr();
                    last = before.contains(last) ? place(before.last()) : last;
                }
                return new Store.Page<>(rows, last);
            });
        });
    }

    /** By address. Refused: PREFIX_NOT_FOUND. */
    public CompletableFuture<Page<Allocation>> allocations(
            String namespace, Cidr cidr, AllocationFilter filter, Page.Wanted wanted) {
        return Failures.told(router.prefix(namespace, cidr).thenCompose(prefix -> {
            IpAddress from = filter.from() == null ? cidr.first() : filter.from();
            IpAddress to = filter.to() == null ? cidr.last() : filter.to();
            Span span = Span.between(max(from, cidr.first()), min(to, cidr.last()));
            Tag.Word word = word(filter.owner(), filter.labels());
            Source<Held> source = word == null
                    ? allocationsOf(prefix)
                    : (rest, limit) -> store.allocations(prefix.namespaceId(), word, rest, limit);
            CompletableFuture<Page<Held>> page = page(
                    prefix.id() + " allocations " + filter,
                    span,
                    wanted,
                    source,
                    HELD,
                    held -> held.prefix().id().equals(prefix.id())
                            && held.allocation().metadata().matches(filter.owner(), filter.labels()));
            return page.thenApply(found ->
                    new Page<>(found.rows().stream().map(Held::allocation).toList(), found.nextToken()));
        }));
    }

    private Source<Held> allocationsOf(Prefix prefix) {
        return (span, limit) -> {
            Optional<IpAddress> from = span.firstOfDisjoint();
            if (from.isEmpty() || !prefix.cidr().contains(from.get())) {
                return CompletableFuture.completedFuture(new Store.Page<>(List.of(), null));
            }
            return store.read(Scope.of(prefix), List.of(new Read.AllocationsFrom(from.get(), limit)))
                    .thenApply(extract -> {
                        List<Held> rows = allocations(extract)
                                .filter(allocation -> allocation.address().compareTo(span.last()) <= 0)
                                .map(allocation -> new Held(prefix, allocation))
                                .toList();
                        return new Store.Page<>(rows, rows.size() < limit ? null : HELD.place(rows.get(limit - 1)));
                    });
        };
    }

    private static Stream<Allocation> allocations(Optional<Extract> extract) {
        return extract.stream()
                .flatMap(read -> ((Found.Allocations) read.found().get(0)).rows().stream());
    }

    /** What holds that address. A seek for each prefix around it. */
    public CompletableFuture<Sighting> sight(String namespace, IpAddress address) {
        return Failures.told(store.sight(namespace, address).thenApply(found -> {
            Store.Sighting sighting = found.orElseThrow(() -> Router.namespaceNotFound(namespace));
            return new Sighting(sighting.prefixes(), sighting.allocation());
        }));
    }

    /** What has that owner, if one is given, and all of those labels; one of the two must be given. */
    public CompletableFuture<Finds> find(
            String namespace, String owner, SortedMap<String, String> labels, Page.Wanted wanted) {
        Tag.Word word = word(owner, labels);
        if (word == null) {
            throw new IllegalArgumentException("neither an owner nor a label");
        }
        return Failures.told(router.namespace(namespace)
                .thenCompose(found -> tokens().thenCompose(signer -> {
                    String list = found.id() + " find " + new Metadata(owner, labels, "");
                    String place = wanted.token().isEmpty() ? PREFIXES : signer.read(list, wanted.token());
                    Span rest = place.length() == 1 ? Span.ALL : Span.ALL.after(Cidr.parse(place.substring(1)));
                    Finding finding = new Finding(found.id(), word, owner, labels, signer, list);
                    return place.startsWith(PREFIXES)
                            ? finding.prefixes(rest, wanted.size())
                            : finding.allocations(List.of(), rest, wanted.size());
                })));
    }

    /** First prefixes, then allocations, as one list. A place in it is a letter and where that kind goes on. */
    private final class Finding {
        private final UUID namespaceId;
        private final Tag.Word word;
        private final String owner;
        private final Map<String, String> labels;
        private final PageTokens signer;
        private final String list;

        Finding(
                UUID namespaceId,
                Tag.Word word,
                String owner,
                Map<String, String> labels,
                PageTokens signer,
                String list) {
            this.namespaceId = namespaceId;
            this.word = word;
            this.owner = owner;
            this.labels = labels;
            this.signer = signer;
            this.list = list;
        }

        CompletableFuture<Finds> prefixes(Span rest, int size) {
            CompletableFuture<Slice<Prefix>> slice = scan(
                    (span, limit) -> store.prefixes(namespaceId, word, span, limit),
                    PREFIX,
                    prefix -> prefix.metadata().matches(owner, labels),
                    rest,
                    size);
            return slice.thenCompose(found -> {
                int left = size - found.rows().size();
                return found.next() == null && left > 0
                        ? allocations(found.rows(), Span.ALL, left)
                        : CompletableFuture.completedFuture(
                                new Finds(found.rows(), List.of(), token(PREFIXES, ALLOCATIONS, found.next())));
            });
        }

        CompletableFuture<Finds> allocations(List<Prefix> prefixes, Span rest, int size) {
            CompletableFuture<Slice<Held>> slice = scan(
                    (span, limit) -> store.allocations(namespaceId, word, span, limit),
                    HELD,
                    held -> held.allocation().metadata().matches(owner, labels),
                    rest,
                    size);
            return slice.thenApply(found -> new Finds(prefixes, found.rows(), token(ALLOCATIONS, "", found.next())));
        }

        private String token(String kind, String kindAfter, @Nullable Span next) {
            String place = next == null ? kindAfter : kind + next.place();
            return place.isEmpty() ? "" : signer.write(list, place);
        }
    }

    private static Tag.@Nullable Word word(String owner, SortedMap<String, String> labels) {
        if (!owner.isEmpty()) {
            return Tag.Word.owner(owner);
        }
        return labels.entrySet().stream()
                .findFirst()
                .map(label -> new Tag.Word(label.getKey(), label.getValue()))
                .orElse(null);
    }

    private static Cidr place(IpAddress address) {
        return new Cidr(address, address.family().bits());
    }

    private <T> CompletableFuture<Page<T>> page(
            String list, Span whole, Page.Wanted wanted, Source<T> source, Rows<T> rows, Predicate<T> passes) {
        return tokens().thenCompose(signer -> {
            Span rest = wanted.token().isEmpty() ? whole : whole.after(Cidr.parse(signer.read(list, wanted.token())));
            return scan(source, rows, passes, rest, wanted.size())
                    .thenApply(slice -> new Page<>(
                            slice.rows(),
                            slice.next() == null
                                    ? ""
                                    : signer.write(list, slice.next().place())));
        });
    }

    private static <T> CompletableFuture<Slice<T>> scan(
            Source<T> source, Rows<T> rows, Predicate<T> passes, Span span, int size) {
        return scan(source, rows, passes, span, size, new ArrayList<>(), 0, 0);
    }

    private static <T> CompletableFuture<Slice<T>> scan(
            Source<T> source,
            Rows<T> rows,
            Predicate<T> passes,
            Span span,
            int size,
            List<T> found,
            int bytesBefore,
            int examined) {
        if (span.isEmpty()) {
            return CompletableFuture.completedFuture(new Slice<>(found, null));
        }
        int limit = examined == 0 ? size + 1 : AT_ONCE; // one more than wanted tells whether there is more
        return source.read(span, limit).thenCompose(page -> {
            int bytes = bytesBefore;
            for (T row : page.rows()) {
                if (passes.test(row)) {
                    if (found.size() == size || bytes > MOST_BYTES) {
                        Span rest = span.after(rows.place(found.get(found.size() - 1)));
                        return CompletableFuture.completedFuture(new Slice<>(found, rest));
                    }
                    found.add(row);
                    bytes += rows.metadata(row).size();
                }
            }
            Cidr last = page.last();
            if (last == null) {
                return CompletableFuture.completedFuture(new Slice<>(found, null));
            }
            int sum = examined + limit;
            return sum >= MOST_EXAMINED
                    ? CompletableFuture.completedFuture(new Slice<>(found, span.after(last)))
                    : scan(source, rows, passes, span.after(last), size, found, bytes, sum);
        });
    }

    CompletableFuture<PageTokens> tokens() {
        PageTokens known = tokens;
        return known != null
                ? CompletableFuture.completedFuture(known)
                : store.pageTokenKey().thenApply(key -> tokens = new PageTokens(key));
    }

    private static IpAddress max(IpAddress a, IpAddress b) {
        return a.compareTo(b) >= 0 ? a : b;
    }

    private static IpAddress min(IpAddress a, IpAddress b) {
        return a.compareTo(b) <= 0 ? a : b;
    }
}
