package io.ipamer.store.sql;

import io.ipamer.address.AddressRange;
import io.ipamer.address.Cidr;
import io.ipamer.model.Allocation;
import io.ipamer.model.Namespace;
import io.ipamer.plan.Extract;
import io.ipamer.plan.Found;
import io.ipamer.plan.Head;
import io.ipamer.plan.Read;
import io.ipamer.plan.Scope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.ToIntFunction;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.statement.Query;

/**
 * Answers what planning asks about a scope, on one connection. All questions of one kind are one statement, so that a
 * batch of any size takes at most one round trip a kind; each question is one index seek.
 */
final class Seeks {
    private final Handle handle;
    private final Scope scope;
    private final List<Read> reads;
    private final Found[] found;

    private record Numbered<V>(int n, V value) {}

    private Seeks(Handle handle, Scope scope, List<Read> reads) {
        this.handle = handle;
        this.scope = scope;
        this.reads = reads;
        this.found = new Found[reads.size()];
    }

    /** All of it at one moment if the connection is in a transaction that sees one. */
    static Extract extract(Handle handle, Scope scope, Head head, List<Read> reads) {
        return reads.isEmpty() ? new Extract(head, List.of()) : new Seeks(handle, scope, reads).answer(head);
    }

    private Extract answer(Head head) {
        seek(
                Read.FreeRanges.class,
                Sql.FREE_RANGES,
                read -> read.from().toBytes(),
                Read.FreeRanges::limit,
                Columns::freeRange,
                Comparator.comparing(AddressRange::last),
                Found.FreeRanges::new);
        seek(
                Read.AllocationsFrom.class,
                Sql.ALLOCATIONS,
                read -> read.from().toBytes(),
                Read.AllocationsFrom::limit,
                Columns::allocation,
                Comparator.comparing(Allocation::address),
                Found.Allocations::new);
        seek(
                Read.FreeBlocksFrom.class,
                Sql.FREE_BLOCKS,
                read -> Columns.blockKey(read.from()),
                Read.FreeBlocksFrom::limit,
                Columns::freeBlock,
                Cidr.SMALLEST_FIRST,
                Found.FreeBlocks::new);
        seek(
                Read.LeakedFrom.class,
                Sql.LEAKED,
                read -> read.from().first().toBytes(),
                Read.LeakedFrom::limit,
                Columns::leaked,
                Comparator.naturalOrder(),
                Found.Leaked::new);
        seek(
                Read.PrefixesFrom.class,
                Sql.PREFIXES_FROM,
                read -> read.from().toBytes(),
                Read.PrefixesFrom::limit,
                Columns::prefix,
                Comparator.comparing(prefix -> prefix.cidr().last()),
                Found.Prefixes::new);
        freeBlocksAt();
        largestFreeBlocks();
        namespacesNamed();
        headsOf();
        return new Extract(head, Arrays.asList(found));
    }

    /** The numbers of the questions of one kind. */
    private int[] numbersOf(Class<? extends Read> kind) {
        int[] numbers = new int[reads.size()];
        int count = 0;
        for (int n = 0; n < reads.size(); n++) {
            if (kind.isInstance(reads.get(n))) {
                numbers[count++] = n;
            }
        }
        return Arrays.copyOf(numbers, count);
    }

    private <R extends Read, V> void seek(
            Class<R> kind,
            String sql,
            Function<R, byte[]> from,
            ToIntFunction<R> limit,
            Columns.Reader<V> columns,
            Comparator<? super V> order,
            BiFunction<R, List<V>, Found> answer) {
        int[] numbers = numbersOf(kind);
        if (numbers.length == 0) {
            return;
        }
        List<List<V>> rows = new ArrayList<>(Collections.nCopies(reads.size(), List.of()));
        byte[][] starts = new byte[numbers.length][];
        int most = 0;
        for (int i = 0; i < numbers.length; i++) {
            R read = kind.cast(reads.get(numbers[i]));
            rows.set(numbers[i], new ArrayList<>());
            starts[i] = from.apply(read);
            most = Math.max(most, limit.applyAsInt(read));
        }
        Query query = query(sql)
                .bind("n", Columns.array(Arrays.stream(numbers).boxed().toArray(Integer[]::new)))
                .bind("from", Columns.array(starts))
                .bind("limit", most);
        if (kind == Read.LeakedFrom.class) {
            query.bind(
                    "plen",
                    Columns.array(
                            each(numbers, Short[]::new, read -> Columns.length(((Read.LeakedFrom) read).from()))));
        } else if (kind == Read.PrefixesFrom.class) {
            query.bind(
                    "af",
                    Columns.array(each(
                            numbers,
                            Short[]::new,
                            read -> Columns.af(((Read.PrefixesFrom) read).from().family()))));
        }
        RowMapper<Numbered<V>> mapper = (row, context) -> new Numbered<>(row.getInt("n"), columns.read(row));
        query.map(mapper).forEach(row -> rows.get(row.n).add(row.value));
        for (int n : numbers) {
            R read = kind.cast(reads.get(n));
            List<V> values = rows.get(n);
            // No engine promises an order without being asked, and asking would sort what comes sorted.
            values.sort(order);
            found[n] = answer.apply(
                    read, values.size() > limit.applyAsInt(read) ? values.subList(0, limit.applyAsInt(read)) : values);
        }
    }

    private void freeBlocksAt() {
        int[] numbers = numbersOf(Read.FreeBlockAt.class);
        if (numbers.length > 0) {
            byte[][] keys = Arrays.stream(numbers)
                    .mapToObj(n -> Columns.blockKey(((Read.FreeBlockAt) reads.get(n)).block()))
                    .toArray(byte[][]::new);
            Set<Cidr> free = new HashSet<>(query(Sql.FREE_BLOCKS_AT)
                    .bind("blocks", Columns.array(keys))
                    .map((row, context) -> Columns.freeBlock(row))
                    .list());
            for (int n : numbers) {
                Read.FreeBlockAt read = (Read.FreeBlockAt) reads.get(n);
                found[n] = new Found.FreeBlock(read, free.contains(read.block()));
            }
        }
    }

    private void largestFreeBlocks() {
        int[] numbers = numbersOf(Read.LargestFreeBlock.class);
        if (numbers.length > 0) {
            byte[][] ends = new byte[numbers.length][];
            for (int i = 0; i < numbers.length; i++) {
                Cidr below = ((Read.LargestFreeBlock) reads.get(numbers[i])).below();
                ends[i] = below == null ? Columns.AFTER_ALL_BLOCKS : Columns.blockKey(below);
            }
            Map<Integer, Cidr> largest = new HashMap<>();
            query(Sql.LARGEST_FREE_BLOCKS)
                    .bind("n", Columns.array(Arrays.stream(numbers).boxed().toArray(Integer[]::new)))
                    .bind("below", Columns.array(ends))
                    .map((row, context) -> Map.entry(row.getInt("n"), Columns.freeBlock(row)))
                    .forEach(row -> largest.put(row.getKey(), row.getValue()));
            for (int n : numbers) {
                found[n] = new Found.LargestFreeBlock((Read.LargestFreeBlock) reads.get(n), largest.get(n));
            }
        }
    }

    private void namespacesNamed() {
        int[] numbers = numbersOf(Read.NamespaceNamed.class);
        if (numbers.length > 0) {
            Map<String, Namespace> named = new HashMap<>();
            query(Sql.NAMESPACES_NAMED)
                    .bind(
                            "names",
                            Columns.array(each(numbers, String[]::new, read -> ((Read.NamespaceNamed) read).name())))
                    .map((row, context) -> Columns.namespace(row))
                    .forEach(namespace -> named.put(namespace.name(), namespace));
            for (int n : numbers) {
                Read.NamespaceNamed read = (Read.NamespaceNamed) reads.get(n);
                found[n] = new Found.NamespaceNamed(read, named.get(read.name()));
            }
        }
    }

    private void headsOf() {
        int[] numbers = numbersOf(Read.HeadOf.class);
        if (numbers.length > 0) {
            Map<UUID, Head> heads = new HashMap<>();
            RowMapper<Map.Entry<UUID, Head>> mapper =
                    (row, context) -> Map.entry(Columns.id(row, "scope_id"), Columns.head(row));
            query(Sql.HEADS)
                    .bind("ids", Columns.array(each(numbers, UUID[]::new, read -> ((Read.HeadOf) read).scope())))
                    .map(mapper)
                    .forEach(entry -> heads.put(entry.getKey(), entry.getValue()));
            for (int n : numbers) {
                Read.HeadOf read = (Read.HeadOf) reads.get(n);
                found[n] = new Found.HeadOf(read, heads.get(read.scope()));
            }
        }
    }

    private <V> V[] each(int[] numbers, IntFunction<V[]> typed, Function<Read, V> value) {
        return Arrays.stream(numbers).mapToObj(n -> value.apply(reads.get(n))).toArray(typed);
    }

    private Query query(String sql) {
        return handle.createQuery(sql).bind("scope_id", scope.id());
    }
}
