package io.ipamer.store.sql;

import io.ipamer.address.AddressRange;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.Allocation;
import io.ipamer.model.Metadata;
import io.ipamer.model.Namespace;
import io.ipamer.model.Prefix;
import io.ipamer.model.Reservation;
import io.ipamer.plan.BlockChange;
import io.ipamer.plan.Change;
import io.ipamer.plan.FreeBlocks;
import io.ipamer.plan.Head;
import io.ipamer.plan.Plan;
import io.ipamer.plan.RequestRow;
import io.ipamer.plan.Rows;
import io.ipamer.plan.Scope;
import io.ipamer.plan.ScopeChange;
import io.ipamer.store.StoreException;
import io.ipamer.store.Tag;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.IntFunction;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.argument.Argument;
import org.jdbi.v3.core.statement.Update;
import org.jspecify.annotations.Nullable;

/**
 * Plans of different scopes as statements, sent in one go. Under autocommit the engines make that one transaction, and
 * it takes one round trip. However much the plans do, it is at most {@link Sql#FLUSH} statements, fewer than the driver
 * would split.
 *
 * <p>No value of it is null but the parent of a top-level prefix and what is not said of a thing, which may be, so a refused null is a guard's.
 */
final class Flush {
    private final StringBuilder text = new StringBuilder(4_096);
    private final Map<String, Argument> arrays = new LinkedHashMap<>();

    private final List<Plan> plans;
    private final List<Row<Plan>> dropped = new ArrayList<>(0);
    private final List<Row<Head>> heads = new ArrayList<>(0);
    private final List<Row<IpAddress>> rangesGone = new ArrayList<>(0);
    private final List<Row<AddressRange>> rangesChanged = new ArrayList<>(0);
    private final List<Row<AddressRange>> rangesNew = new ArrayList<>(0);
    private final List<Row<Allocation>> allocationsGone = new ArrayList<>(0);
    private final List<Row<Allocation>> allocationsNew = new ArrayList<>(0);
    private final List<Row<Allocation>> allocationsDescribed = new ArrayList<>(0);
    private final List<Tag> tagsGone = new ArrayList<>(0);
    private final List<Tag> tagsNew = new ArrayList<>(0);
    private final List<Row<Cidr>> blocksGone = new ArrayList<>(0);
    private final List<Row<Cidr>> blocksNew = new ArrayList<>(0);
    private final List<Row<Cidr>> leakedNew = new ArrayList<>(0);
    private final List<Row<Prefix>> prefixesGone = new ArrayList<>(0);
    private final List<Row<Prefix>> prefixesNew = new ArrayList<>(0);
    private final List<Row<Namespace>> namespacesGone = new ArrayList<>(0);
    private final List<Row<Namespace>> namespacesNew = new ArrayList<>(0);
    private final List<RequestRow> requests = new ArrayList<>(0);

    private record Row<V>(UUID scope, V value) {}

    private Flush(List<Plan> plans) {
        this.plans = plans;
        for (Plan plan : plans) {
            for (ScopeChange change : plan.changes()) {
                if (change instanceof ScopeChange.Advance one) {
                    add(one.scope(), one.rows());
                } else if (change instanceof ScopeChange.Create one) {
                    heads.add(new Row<>(one.scope().id(), one.head()));
                    add(one.scope(), one.rows());
                } else {
                    dropped.add(new Row<>(change.scope().id(), plan));
                }
            }
            requests.addAll(plan.requests());
        }
    }

    /**
     * The plans, ready to be executed on that connection, whole or not at all.
     *
     * @param plans in the order in which their guards lock: the same for all who write
     * @param end what else goes in the same round trip
     */
    static Update of(List<Plan> plans, Handle handle, String end) {
        Flush flush;
        try {
            flush = new Flush(plans);
            flush.write();
        } catch (RuntimeException defect) {
            // Of what fails from here on nobody knows whether it was sent.
            throw new StoreException(StoreException.Kind.DEFECT, "a plan cannot be written: " + defect, defect);
        }
        Update update = handle.createUpdate(flush.text.append(end).toString());
        flush.arrays.forEach(update::bind);
        return update;
    }

    private void add(Scope advanced, Rows rows) {
        UUID scope = advanced.id();
        rows.freeRanges().forEach((last, change) -> {
            if (change.after() == null) {
                rangesGone.add(new Row<>(scope, last));
            } else {
                Row<AddressRange> row = new Row<>(scope, new AddressRange(change.after(), last));
                (change.before() == null ? rangesNew : rangesChanged).add(row);
            }
        });
        for (Change<Allocation> change : rows.allocations().values()) {
            if (change.before() != null) {
                allocationsGone.add(new Row<>(scope, change.before()));
            }
            if (change.after() != null) {
                (change.after().metadata().isEmpty() ? allocationsNew : allocationsDescribed)
                        .add(new Row<>(scope, change.after()));
            }
            add(Tag.ofAllocation(advanced, change));
        }
        addBlocks(scope, rows.freeBlocks());
        rows.leaked().forEach(block -> leakedNew.add(new Row<>(scope, block)));
        add(scope, rows.prefixes(), prefixesGone, prefixesNew);
        rows.prefixes().values().forEach(change -> add(Tag.ofPrefix(advanced, change)));
        add(scope, rows.namespaces(), namespacesGone, namespacesNew);
    }

    private static <V> void add(UUID scope, Map<?, Change<V>> changes, List<Row<V>> gone, List<Row<V>> added) {
        for (Change<V> change : changes.values()) {
            if (change.before() != null) {
                gone.add(new Row<>(scope, change.before()));
            }
            if (change.after() != null) {
                added.add(new Row<>(scope, change.after()));
            }
        }
    }

    private void add(Change<Set<Tag>> tags) {
        if (tags.before() != null) {
            tagsGone.addAll(tags.before());
        }
        if (tags.after() != null) {
            tagsNew.addAll(tags.after());
        }
    }

    /** Carving and merging, one after another, come down to some blocks that were stored and some that are to be. */
    private void addBlocks(UUID scope, List<BlockChange> changes) {
        Set<Cidr> gone = new LinkedHashSet<>();
        Set<Cidr> added = new LinkedHashSet<>();
        for (BlockChange change : changes) {
            for (Cidr buddy : FreeBlocks.buddies(change.outer(), change.inner())) {
                move(buddy, change.carve() ? gone : added, change.carve() ? added : gone);
            }
            if (change.outerStored()) {
                move(change.outer(), change.carve() ? added : gone, change.carve() ? gone : added);
            }
        }
        gone.forEach(block -> blocksGone.add(new Row<>(scope, block)));
        added.forEach(block -> blocksNew.add(new Row<>(scope, block)));
    }

    private static void move(Cidr block, Set<Cidr> from, Set<Cidr> to) {
        if (!from.remove(block)) {
            to.add(block);
        }
    }

    private void write() {
        writeGuards();
        if (!dropped.isEmpty()) {
            then(Sql.DROP)
                    .then(Sql.DROP_FREE_BLOCKS)
                    .then(Sql.DROP_LEAKED)
                    .ids("dropped", dropped, Row::scope)
                    .ids("dropped_tx", dropped, row -> row.value.txId())
                    .ids(
                            "dropped_space",
                            dropped,
                            row -> row.value.advance().scope().requestSpace());
        }
        if (!rangesGone.isEmpty()) {
            then(Sql.DELETE_FREE_RANGES)
                    .ids("range_gone_scope", rangesGone, Row::scope)
                    .bytes("range_gone_last", rangesGone, row -> row.value.toBytes());
        }
        if (!rangesChanged.isEmpty()) {
            then(Sql.UPDATE_FREE_RANGES)
                    .ids("range_changed_scope", rangesChanged, Row::scope)
                    .bytes(
                            "range_changed_last",
                            rangesChanged,
                            row -> row.value.last().toBytes())
                    .bytes(
                            "range_changed_first",
                            rangesChanged,
                            row -> row.value.first().toBytes());
        }
        if (!allocationsGone.isEmpty()) {
            then(Sql.DELETE_ALLOCATIONS)
                    .ids("addr_gone_scope", allocationsGone, Row::scope)
                    .bytes(
                            "addr_gone",
                            allocationsGone,
                            row -> row.value.address().toBytes());
        }
        if (!tagsGone.isEmpty()) {
            then(Sql.DELETE_TAGS).tags("tag_gone_", tagsGone);
        }
        if (!blocksGone.isEmpty()) {
            then(Sql.DELETE_FREE_BLOCKS)
                    .ids("block_gone_scope", blocksGone, Row::scope)
                    .bytes("block_gone", blocksGone, row -> Columns.blockKey(row.value));
        }
        if (!prefixesGone.isEmpty()) {
            then(Sql.DELETE_PREFIXES).ids("prefix_gone", prefixesGone, row -> row.value.id());
        }
        if (!namespacesGone.isEmpty()) {
            then(Sql.DELETE_NAMESPACES).ids("namespace_gone", namespacesGone, row -> row.value.id());
        }
        writeHeads();
        if (!rangesNew.isEmpty()) {
            then(Sql.INSERT_FREE_RANGES)
                    .ids("range_scope", rangesNew, Row::scope)
                    .bytes("range_last", rangesNew, row -> row.value.last().toBytes())
                    .bytes("range_first", rangesNew, row -> row.value.first().toBytes());
        }
        if (!allocationsNew.isEmpty()) {
            then(Sql.INSERT_ALLOCATIONS)
                    .ids("addr_scope", allocationsNew, Row::scope)
                    .bytes("addr", allocationsNew, row -> row.value.address().toBytes())
                    .ids("addr_id", allocationsNew, row -> row.value.id());
        }
        if (!allocationsDescribed.isEmpty()) {
            then(Sql.INSERT_DESCRIBED_ALLOCATIONS)
                    .ids("described_scope", allocationsDescribed, Row::scope)
                    .bytes(
                            "described",
                            allocationsDescribed,
                            row -> row.value.address().toBytes())
                    .ids("described_id", allocationsDescribed, row -> row.value.id())
                    .metadata("described_", allocationsDescribed, row -> row.value.metadata());
        }
        if (!blocksNew.isEmpty()) {
            then(Sql.INSERT_FREE_BLOCKS)
                    .ids("block_scope", blocksNew, Row::scope)
                    .bytes("block", blocksNew, row -> Columns.blockKey(row.value));
        }
        if (!leakedNew.isEmpty()) {
            then(Sql.INSERT_LEAKED)
                    .ids("leak_scope", leakedNew, Row::scope)
                    .bytes("leak_first", leakedNew, row -> row.value.first().toBytes())
                    .array("leak_plen", Short[]::new, leakedNew, row -> Columns.length(row.value));
        }
        writePrefixes();
        if (!tagsNew.isEmpty()) {
            then(Sql.INSERT_TAGS).tags("tag_", tagsNew).ids("tag_scope", tagsNew, Tag::scope);
        }
        if (!namespacesNew.isEmpty()) {
            then(Sql.INSERT_NAMESPACES)
                    .ids("namespace_id", namespacesNew, row -> row.value.id())
                    .array("namespace_name", String[]::new, namespacesNew, row -> row.value.name());
        }
        if (!requests.isEmpty()) {
            then(Sql.INSERT_REQUESTS)
                    .ids("request_space", requests, row -> row.request().space())
                    .array(
                            "request_id",
                            String[]::new,
                            requests,
                            row -> row.request().id())
                    .array(
                            "fingerprint",
                            String[]::new,
                            requests,
                            row -> row.request().fingerprint())
                    .array("answer", String[]::new, requests, row -> StoredAnswer.write(row.answer()))
                    .array("revision", Long[]::new, requests, RequestRow::revision)
                    .array("gives", Boolean[]::new, requests, RequestRow::gives);
        }
    }

    private void writeGuards() {
        List<ScopeChange.Advance> advances = plans.stream().map(Plan::advance).toList();
        text.append(Sql.ADVANCE);
        ids("scope_id", advances, row -> row.scope().id())
                .array("seq", Long[]::new, advances, row -> row.before().seq())
                .ids("before_tx_id", advances, row -> row.before().txId())
                .ids("tx_id", plans, Plan::txId)
                .ids("space_id", advances, row -> row.scope().requestSpace())
                .array(
                        "parent_only",
                        Boolean[]::new,
                        advances,
                        row -> row.after().parentOnly())
                .array("acquired", Long[]::new, advances, row -> row.after().acquired())
                .array("children", Long[]::new, advances, row -> row.after().children())
                .array("leaked", Long[]::new, advances, row -> row.after().leaked())
                .array(
                        "covered",
                        BigInteger[]::new,
                        advances,
                        row -> row.after().covered())
                .array(
                        "first_reserved",
                        Boolean[]::new,
                        advances,
                        row -> row.after().firstReserved())
                .array(
                        "last_reserved",
                        Boolean[]::new,
                        advances,
                        row -> row.after().lastReserved())
                .array("closing", Boolean[]::new, advances, row -> row.after().closing());
        arrays.put(
                "request_ids",
                Columns.arrayOfArrays(plans.stream()
                        .map(plan -> plan.requests().stream()
                                .map(row -> row.request().id())
                                .toArray(String[]::new))
                        .toList()));
    }

    private void writeHeads() {
        if (!heads.isEmpty()) {
            then(Sql.INSERT_HEADS)
                    .ids("head_scope", heads, Row::scope)
                    .array("head_seq", Long[]::new, heads, row -> row.value.seq())
                    .ids("head_tx", heads, row -> row.value.txId())
                    .array("head_parent_only", Boolean[]::new, heads, row -> row.value.parentOnly())
                    .array("head_acquired", Long[]::new, heads, row -> row.value.acquired())
                    .array("head_children", Long[]::new, heads, row -> row.value.children())
                    .array("head_leaked", Long[]::new, heads, row -> row.value.leaked())
                    .array("head_covered", BigInteger[]::new, heads, row -> row.value.covered())
                    .array("head_first_reserved", Boolean[]::new, heads, row -> row.value.firstReserved())
                    .array("head_last_reserved", Boolean[]::new, heads, row -> row.value.lastReserved());
        }
    }

    private void writePrefixes() {
        if (!prefixesNew.isEmpty()) {
            then(Sql.INSERT_PREFIXES)
                    .ids("prefix_id", prefixesNew, row -> row.value.id())
                    .ids("prefix_ns", prefixesNew, row -> row.value.namespaceId())
                    .ids("prefix_scope", prefixesNew, Row::scope)
                    .array("prefix_parent_plen", Short[]::new, prefixesNew, row -> Columns.parentLength(row.value))
                    .array(
                            "prefix_af",
                            Short[]::new,
                            prefixesNew,
                            row -> Columns.af(row.value.cidr().family()))
                    .array("prefix_plen", Short[]::new, prefixesNew, row -> Columns.length(row.value.cidr()))
                    .bytes(
                            "prefix_first",
                            prefixesNew,
                            row -> row.value.cidr().first().toBytes())
                    .bytes(
                            "prefix_last",
                            prefixesNew,
                            row -> row.value.cidr().last().toBytes())
                    .array(
                            "prefix_reserves",
                            Boolean[]::new,
                            prefixesNew,
                            row -> row.value.reservation() == Reservation.FIRST_AND_LAST)
                    .metadata("prefix_", prefixesNew, row -> row.value.metadata());
        }
    }

    private <T> Flush metadata(String name, List<T> rows, Function<T, Metadata> metadata) {
        return array(name + "owner", String[]::new, rows, row -> Columns.owner(metadata.apply(row)))
                .array(name + "labels", String[]::new, rows, row -> Columns.labels(metadata.apply(row)))
                .array(name + "description", String[]::new, rows, row -> Columns.description(metadata.apply(row)));
    }

    /** What makes up their key. */
    private Flush tags(String name, List<Tag> tags) {
        return ids(name + "ns", tags, Tag::namespaceId)
                .array(name + "key", String[]::new, tags, tag -> tag.word().key())
                .array(name + "value", String[]::new, tags, tag -> tag.word().value())
                .array(name + "kind", Short[]::new, tags, tag -> Columns.kind(tag.kind()))
                .array(
                        name + "af",
                        Short[]::new,
                        tags,
                        tag -> Columns.af(tag.at().family()))
                .bytes(name + "first", tags, tag -> tag.at().first().toBytes())
                .array(name + "plen", Short[]::new, tags, tag -> Columns.length(tag.at()))
                .ids(name + "thing", tags, Tag::thing);
    }

    private Flush then(String statement) {
        text.append(";\n").append(statement);
        return this;
    }

    private <T> Flush ids(String name, List<T> rows, Function<T, UUID> column) {
        return array(name, UUID[]::new, rows, column);
    }

    private <T> Flush bytes(String name, List<T> rows, Function<T, byte[]> column) {
        return array(name, byte[][]::new, rows, column);
    }

    private <T, V> Flush array(
            String name, IntFunction<@Nullable V[]> typed, List<T> rows, Function<T, ? extends @Nullable V> column) {
        @Nullable V[] values = typed.apply(rows.size());
        for (int i = 0; i < values.length; i++) {
            values[i] = column.apply(rows.get(i));
        }
        arrays.put(name, Columns.array(values));
        return this;
    }
}
