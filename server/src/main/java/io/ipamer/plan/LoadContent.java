package io.ipamer.plan;

import io.ipamer.address.AddressRange;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.Allocation;
import io.ipamer.model.IpamerException;
import io.ipamer.model.LoadItem;
import io.ipamer.model.Mode;
import io.ipamer.model.Reason;
import io.ipamer.model.Shortfall;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Puts what was acquired elsewhere into a prefix, each thing judged by itself: addresses with their allocations, and
 * blocks that are used by nobody's prefix. A seek or two for each address, a look-up of up to 128 blocks for each block.
 *
 * @param parentOnly whether it is to give child prefixes only. False leaves it as it is
 */
public record LoadContent(List<LoadItem> addresses, List<Cidr> leaked, boolean parentOnly) implements Call<Shortfall> {

    @Override
    public int weight() {
        int rows = leaked.size();
        for (LoadItem item : addresses) {
            rows += 1 + item.metadata().labels().size();
        }
        return Math.max(1, rows);
    }

    /** It would be kept of each prefix of an import. */
    @Override
    public boolean recurs() {
        return false;
    }

    @Override
    public Shortfall decide(View view, Supplier<UUID> ids) {
        view.requireOpen();
        if (parentOnly) {
            if (view.acquired() > 0) {
                throw hasAddresses(view);
            }
            view.makeParentOnly();
        }
        noteBlocks(view);
        if (view.mode() != Mode.CHILD) {
            noteRanges(view);
        }
        List<Shortfall.Left> left = new ArrayList<>(0);
        int index = 0;
        for (LoadItem item : addresses) {
            add(left, index++, () -> take(view, item, ids));
        }
        for (Cidr block : leaked) {
            add(left, index++, () -> take(view, block));
        }
        return left.isEmpty() ? Shortfall.NONE : new Shortfall(left);
    }

    private static IpamerException hasAddresses(View view) {
        return new IpamerException(
                Reason.PREFIX_HAS_ADDRESSES,
                "prefix " + view.cidr() + " has " + Amount.of(view.acquired(), "acquired address", "acquired addresses")
                        + ", so it cannot give child prefixes",
                Map.of("cidr", view.cidr().toString()));
    }

    /** One read for all that will be wanted. */
    private void noteBlocks(View view) {
        if (!view.isEmpty()) {
            leaked.stream().filter(view.cidr()::contains).forEach(view.blocks()::noteEnclosing);
            view.missing().check();
        }
    }

    private void noteRanges(View view) {
        Cidr cidr = view.cidr();
        for (LoadItem item : addresses) {
            if (cidr.contains(item.address())) {
                view.freeSpace().noteRange(item.address());
            }
        }
        view.missing().check();
        for (LoadItem item : addresses) {
            IpAddress address = item.address();
            if (cidr.contains(address)
                    && !view.isReserved(address)
                    && !view.freeSpace().isFree(address)) {
                view.allocations().knows(address);
            }
        }
        view.missing().check();
    }

    /** {@code step}: what was there already, the very same; null when it was not. */
    private static void add(List<Shortfall.Left> left, int index, Supplier<@Nullable String> step) {
        try {
            String same = step.get();
            if (same != null) {
                left.add(new Shortfall.Left(index, true, Reason.ADDRESS_TAKEN, same));
            }
        } catch (IpamerException refusal) {
            left.add(new Shortfall.Left(index, false, refusal.reason(), refusal.getMessage()));
        }
    }

    private static @Nullable String take(View view, LoadItem item, Supplier<UUID> ids) {
        Cidr cidr = view.cidr();
        IpAddress address = item.address();
        if (!cidr.contains(address)) {
            throw refusal(Reason.ADDRESS_OUTSIDE_PREFIX, "address " + address + " does not lie in " + cidr);
        }
        if (view.mode() == Mode.CHILD) {
            throw refusal(
                    Reason.PREFIX_IS_PARENT,
                    "prefix " + cidr + " gives child prefixes, so it cannot hold address " + address);
        }
        if (view.isReserved(address)) {
            throw refusal(Reason.ADDRESS_RESERVED, "address " + address + " is reserved in " + cidr);
        }
        if (!view.freeSpace().isFree(address)) {
            Allocation holder = view.allocations().get(address);
            if (holder != null && item.isAlready(holder)) {
                return "address " + address + " comes twice";
            }
            throw refusal(Reason.ADDRESS_TAKEN, "address " + address + " comes twice, and differs");
        }
        view.freeSpace().take(new AddressRange(address, address));
        view.acquire(new Allocation(item.id() == null ? ids.get() : item.id(), address, item.metadata()));
        return null;
    }

    private static @Nullable String take(View view, Cidr block) {
        Cidr cidr = view.cidr();
        String whyNot = "block " + block + " is not free in " + cidr;
        if (block.length() <= cidr.length() || !cidr.contains(block)) {
            throw refusal(Reason.PREFIX_OUTSIDE_PARENT, whyNot + ": it is no part of it");
        }
        if (view.acquired() > 0) {
            throw refusal(Reason.PREFIX_HAS_ADDRESSES, whyNot + ", which holds addresses");
        }
        Cidr outer = view.isEmpty() ? cidr : view.blocks().enclosing(block);
        if (outer == null) {
            throw refusal(Reason.PREFIX_TAKEN, whyNot);
        }
        view.takeBlock(outer, block);
        view.addLeak(block);
        return null;
    }

    private static IpamerException refusal(Reason reason, String message) {
        return new IpamerException(reason, message);
    }
}
