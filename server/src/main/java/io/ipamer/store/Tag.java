package io.ipamer.store;

import io.ipamer.address.Cidr;
import io.ipamer.model.Allocation;
import io.ipamer.model.Metadata;
import io.ipamer.model.Prefix;
import io.ipamer.plan.Change;
import io.ipamer.plan.Scope;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;

/**
 * A row of the index by which things are found: each thing has one for its owner and one for each of its labels.
 *
 * @param word what is looked for
 * @param at the prefix's CIDR, or the address as the CIDR of one address
 * @param thing the id of the prefix or allocation
 * @param scope where the thing stands
 */
public record Tag(UUID namespaceId, Word word, Kind kind, Cidr at, UUID thing, UUID scope) {
    /** What a tag leads to. */
    public enum Kind {
        PREFIX,
        ADDRESS
    }

    /**
     * An owner or a label.
     *
     * @param key of the label; empty for an owner
     */
    public record Word(String key, String value) {
        public static Word owner(String owner) {
            return new Word("", owner);
        }
    }

    private static Set<Tag> of(UUID namespaceId, Kind kind, Metadata metadata, Cidr at, UUID thing, UUID scope) {
        if (metadata.isEmpty()) {
            return Set.of();
        }
        Set<Tag> tags = new LinkedHashSet<>();
        if (!metadata.owner().isEmpty()) {
            tags.add(new Tag(namespaceId, Word.owner(metadata.owner()), kind, at, thing, scope));
        }
        metadata.labels()
                .forEach((key, value) -> tags.add(new Tag(namespaceId, new Word(key, value), kind, at, thing, scope)));
        return tags;
    }

    private static Set<Tag> of(Scope scope, Allocation allocation) {
        Cidr at = new Cidr(allocation.address(), allocation.address().family().bits());
        return of(scope.requestSpace(), Kind.ADDRESS, allocation.metadata(), at, allocation.id(), scope.id());
    }

    private static Set<Tag> of(Scope scope, Prefix prefix) {
        return of(prefix.namespaceId(), Kind.PREFIX, prefix.metadata(), prefix.cidr(), prefix.id(), scope.id());
    }

    /** What tags a change of an allocation adds and takes away. */
    public static Change<Set<Tag>> ofAllocation(Scope scope, Change<Allocation> change) {
        return difference(change, allocation -> of(scope, allocation));
    }

    /** What tags a change of a prefix adds and takes away. */
    public static Change<Set<Tag>> ofPrefix(Scope scope, Change<Prefix> change) {
        return difference(change, prefix -> of(scope, prefix));
    }

    private static <V> Change<Set<Tag>> difference(Change<V> change, Function<V, Set<Tag>> tags) {
        Set<Tag> before = change.before() == null ? Set.of() : tags.apply(change.before());
        Set<Tag> after = change.after() == null ? Set.of() : tags.apply(change.after());
        return new Change<>(without(before, after), without(after, before));
    }

    private static Set<Tag> without(Set<Tag> tags, Set<Tag> others) {
        if (tags.isEmpty() || others.isEmpty()) {
            return tags;
        }
        Set<Tag> rest = new LinkedHashSet<>(tags);
        rest.removeAll(others);
        return rest;
    }
}
