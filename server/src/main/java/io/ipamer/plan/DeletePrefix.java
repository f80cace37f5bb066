package io.ipamer.plan;

import io.ipamer.model.IpamerException;
import io.ipamer.model.Prefix;
import io.ipamer.model.Reason;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * Deletes a prefix that holds neither addresses nor children; of its parent's scope or, for a top-level prefix, its
 * namespace's. The block of a child is free again and merges with its free neighbours: one seek, and for a child one
 * look-up of up to 128 blocks.
 */
public record DeletePrefix(Prefix prefix) implements Call<Prefix> {
    @Override
    public Read readsAtOnce() {
        return new Read.HeadOf(prefix.id());
    }

    @Override
    public boolean gives() {
        return false;
    }

    @Override
    public Prefix decide(View view, Supplier<UUID> ids) {
        Head head = view.headOf(prefix.id());
        if (head == null) {
            throw View.notFound(prefix);
        }
        if (head.acquired() > 0) {
            throw new IpamerException(
                    Reason.PREFIX_HAS_ADDRESSES,
                    "prefix " + prefix.cidr() + " still has "
                            + Amount.of(head.acquired(), "acquired address", "acquired addresses")
                            + ", to be released first",
                    metadata());
        }
        if (head.children() > 0) {
            throw new IpamerException(
                    Reason.PREFIX_HAS_CHILDREN,
                    "prefix " + prefix.cidr() + " still has "
                            + Amount.of(head.children(), "child prefix", "child prefixes") + ", to be released first",
                    metadata());
        }
        Prefix asItIs = view.childToRemove(prefix);
        view.removeChild(asItIs);
        return asItIs;
    }

    private Map<String, String> metadata() {
        return Map.of("cidr", prefix.cidr().toString());
    }
}
