package io.ipamer.plan;

import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Metadata;
import io.ipamer.model.Prefix;
import io.ipamer.model.Reason;
import io.ipamer.model.Reservation;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * Creates a top-level prefix that overlaps no other; of a namespace's scope.
 *
 * <p>Top-level prefixes are disjoint, so in the order of their last addresses only the first one that ends at or after
 * the new one's start can overlap it: one seek.
 */
public record CreatePrefix(Cidr cidr, Reservation reservation, Metadata metadata) implements Call<Prefix> {

    /** As that of {@link AcquireAddresses}. */
    @Override
    public String toString() {
        return "CreatePrefix[cidr=" + cidr + ", reservation=" + reservation + "]" + metadata.canonical();
    }

    @Override
    public Prefix decide(View view, Supplier<UUID> ids) {
        Map.Entry<IpAddress, Prefix> next = view.prefixes().ceiling(cidr.first(), 2);
        if (next != null && next.getValue().cidr().overlaps(cidr)) {
            Cidr existing = next.getValue().cidr();
            throw new IpamerException(
                    Reason.PREFIX_OVERLAPS,
                    cidr + " overlaps " + existing,
                    Map.of("cidr", cidr.toString(), "conflicts_with", existing.toString()));
        }
        Prefix prefix = new Prefix(ids.get(), view.scope().id(), null, null, cidr, reservation, metadata);
        view.addChild(prefix);
        view.create(ScopeChange.Create.of(prefix));
        return prefix;
    }
}
