package io.ipamer.plan;

import io.ipamer.address.Cidr;
import io.ipamer.model.Namespace;
import io.ipamer.model.Prefix;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What has one order of changes: the system (its namespaces), a namespace (its top-level prefixes) or a prefix (its
 * addresses or children).
 *
 * @param id the namespace's or the prefix's id
 * @param requestSpace within which request ids are unique: the namespace, or the system for calls on namespaces
 * @param cidr set for the scope of a prefix
 */
public record Scope(UUID id, UUID requestSpace, @Nullable Cidr cidr) {
    private static final UUID SYSTEM_ID = new UUID(0, 0);

    /** The one scope that orders the namespaces. */
    public static final Scope SYSTEM = new Scope(SYSTEM_ID, SYSTEM_ID, null);

    public static Scope of(Namespace namespace) {
        return namespace(namespace.id());
    }

    public static Scope namespace(UUID namespaceId) {
        return new Scope(namespaceId, namespaceId, null);
    }

    public static Scope of(Prefix prefix) {
        return new Scope(prefix.id(), prefix.namespaceId(), prefix.cidr());
    }

    /** The scope in which that prefix stands: its parent or, for a top-level prefix, its namespace. */
    public static Scope above(Prefix prefix) {
        return prefix.parentId() == null
                ? namespace(prefix.namespaceId())
                : new Scope(prefix.parentId(), prefix.namespaceId(), prefix.parentCidr());
    }
}
