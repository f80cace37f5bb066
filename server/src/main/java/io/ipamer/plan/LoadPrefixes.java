package io.ipamer.plan;

import io.ipamer.address.AddressRange;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.Allocation;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Loaded;
import io.ipamer.model.Prefix;
import io.ipamer.model.PrefixContent;
import io.ipamer.model.Reason;
import io.ipamer.model.Reservation;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * Puts prefixes with all they hold into a namespace that holds none; of its scope. Everything becomes one plan, so it
 * is there whole or not at all. A step for each prefix, address and leaked block.
 *
 * @param prefixes disjoint top-level prefixes; what they hold lies in them and does not overlap
 */
public record LoadPrefixes(List<PrefixContent> prefixes) implements Call<Loaded> {
    @Override
    public Loaded decide(View view, Supplier<UUID> ids) {
        if (view.children() > 0) {
            throw new IpamerException(
                    Reason.NAMESPACE_NOT_EMPTY,
                    "the namespace already holds " + view.children() + " top-level prefixes: delete them first");
        }
        Tally tally = new Tally();
        List<Prefix> rows = new ArrayList<>(prefixes.size());
        List<ScopeChange.Create> creates = new ArrayList<>();
        Cidr last = null;
        for (PrefixContent content : prefixes.stream()
                .sorted(Comparator.comparing(PrefixContent::cidr))
                .toList()) {
            if (last != null && last.overlaps(content.cidr())) {
                throw invalid(content.cidr() + " overlaps " + last);
            }
            last = content.cidr();
            Prefix prefix = new Prefix(ids.get(), view.scope().id(), null, null, content.cidr(), reservation(content));
            rows.add(prefix);
            create(prefix, content, ids, creates, tally);
        }
        rows.forEach(view::addChild);
        creates.forEach(view::create);
        return new Loaded(tally.prefixes, tally.allocations, tally.leaked);
    }

    /** Builds the new prefix's own view by the same rules that calls go through. */
    private static void create(
            Prefix prefix, PrefixContent content, Supplier<UUID> ids, List<ScopeChange.Create> creates, Tally tally) {
        Cidr cidr = prefix.cidr();
        View view =
                new View(Scope.of(prefix), Head.fresh(prefix.id(), content.firstReserved(), content.lastReserved()));
        for (IpAddress address : content.acquired()) {
            if (!cidr.contains(address)
                    || view.isReserved(address)
                    || !view.freeSpace().isFree(address)) {
                throw invalid("address " + address + " is not free in " + cidr);
            }
            view.freeSpace().take(new AddressRange(address, address));
            view.acquire(new Allocation(ids.get(), address));
            tally.allocations++;
        }
        for (Cidr leaked : content.leaked()) {
            view.takeBlock(outer(view, cidr, leaked), leaked);
            view.addLeak(leaked);
            tally.leaked++;
        }
        for (PrefixContent below : content.children()) {
            view.takeBlock(outer(view, cidr, below.cidr()), below.cidr());
            Prefix child =
                    new Prefix(ids.get(), prefix.namespaceId(), prefix.id(), cidr, below.cidr(), reservation(below));
            view.addChild(child);
            create(child, below, ids, creates, tally);
        }
        tally.prefixes++;
        creates.add(view.asNew(content.parentOnly()));
    }

    private static Cidr outer(View view, Cidr cidr, Cidr block) {
        Cidr outer = view.isEmpty() ? cidr : view.blocks().enclosing(block);
        if (outer == null || view.acquired() > 0 || block.length() <= cidr.length() || !cidr.contains(block)) {
            throw invalid("block " + block + " is not free in " + cidr);
        }
        return outer;
    }

    private static Reservation reservation(PrefixContent content) {
        return content.firstReserved() ? Reservation.FIRST_AND_LAST : Reservation.NONE;
    }

    private static IpamerException invalid(String message) {
        return new IpamerException(Reason.INVALID_DUMP, message);
    }

    private static final class Tally {
        private long prefixes;
        private long allocations;
        private long leaked;
    }
}
