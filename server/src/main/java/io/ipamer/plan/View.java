package io.ipamer.plan;

import io.ipamer.address.AddressFamily;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.Allocation;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Mode;
import io.ipamer.model.Namespace;
import io.ipamer.model.Prefix;
import io.ipamer.model.Reason;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What planning knows of one scope at one revision: its head, and windows on its tables. It belongs to whoever plans
 * with it, one at a time. Planning moves it on to the state after the plan; when that plan is not committed, the view
 * is thrown away.
 */
public final class View {
    private static final int MAX_KNOWN = 2_048;
    private static final int MAX_KNOWN_BYTES = 256 << 10;

    private final Scope scope;
    private final Missing missing = new Missing();
    private final @Nullable Blocks blocks;
    private final @Nullable FreeSpace freeSpace;
    private final Window<IpAddress, Allocation> allocations;
    private final Window<IpAddress, Prefix> prefixes;
    private final Window<String, Namespace> namespaces;
    private final Map<UUID, @Nullable Head> heads = new HashMap<>(0);
    private final List<Cidr> leaks = new ArrayList<>(0);
    private final List<ScopeChange.Create> created = new ArrayList<>(0);
    private final List<ScopeChange.Drop> dropped = new ArrayList<>(0);

    private Head head;
    private boolean parentOnly;
    private long acquired;
    private long children;
    private long leaked;
    private BigInteger covered = BigInteger.ZERO;
    private boolean firstReserved;
    private boolean lastReserved;
    private boolean closing;
    private int changes;
    private int metadataBytes;

    public View(Scope scope, Head head) {
        this.scope = scope;
        this.head = head;
        Cidr cidr = scope.cidr();
        IpAddress top = cidr == null ? IpAddress.max(AddressFamily.IPV6) : cidr.last();
        allocations = new Window<>(Comparator.naturalOrder(), top, missing, Read.AllocationsFrom::new);
        prefixes = new Window<>(Comparator.naturalOrder(), top, missing, Read.PrefixesFrom::new);
        namespaces =
                new Window<>(Comparator.naturalOrder(), "", missing, (name, limit) -> new Read.NamespaceNamed(name));
        blocks = cidr == null ? null : new Blocks(cidr, missing);
        freeSpace = cidr == null ? null : new FreeSpace(this, cidr, missing);
        restore(head);
        if (isEmpty()) {
            allocations.knowAll();
            prefixes.knowAll();
            namespaces.knowAll();
            if (blocks != null && freeSpace != null) {
                blocks.knowAll();
                freeSpace.knowAll();
            }
        }
    }

    public Scope scope() {
        return scope;
    }

    /** The head that the next plan expects. */
    public Head head() {
        return head;
    }

    /** Takes in what was read at this view's revision; between two plannings only. */
    public void learn(Extract extract) {
        for (Found found : extract.found()) {
            if (found instanceof Found.FreeRanges ranges) {
                freeSpace().learn(ranges);
            } else if (found instanceof Found.FreeBlocks some) {
                blocks().learn(some.read(), some.rows());
            } else if (found instanceof Found.FreeBlock one) {
                blocks().learn(one.read().block(), one.isFree());
            } else if (found instanceof Found.Allocations some) {
                some.rows().forEach(row -> metadataBytes += row.metadata().size());
                allocations.learn(some.read().from(), some.read().limit(), some.rows(), Allocation::address);
            } else if (found instanceof Found.LargestFreeBlock one) {
                blocks().learn(one.read(), one.block());
            } else if (found instanceof Found.Prefixes some) {
                some.rows().forEach(row -> metadataBytes += row.metadata().size());
                prefixes.learn(
                        some.read().from(),
                        some.read().limit(),
                        some.rows(),
                        row -> row.cidr().last());
            } else if (found instanceof Found.NamespaceNamed one) {
                if (one.namespace() != null) {
                    namespaces.learn(one.read().name(), one.namespace());
                }
                namespaces.learnCovered(one.read().name(), one.read().name());
            } else if (found instanceof Found.HeadOf other) {
                heads.put(other.read().scope(), other.head());
            } else {
                throw new IllegalArgumentException("not for planning: " + found);
            }
        }
    }

    /** Forgets what it knows beyond a bound, and what is known of other scopes; between two plannings only. */
    public void trim() {
        heads.clear();
        int most = metadataBytes > MAX_KNOWN_BYTES ? 0 : MAX_KNOWN;
        metadataBytes = most == 0 ? 0 : metadataBytes;
        allocations.trim(most);
        prefixes.trim(most);
        namespaces.trim(MAX_KNOWN);
        if (freeSpace != null) {
            freeSpace.trim(MAX_KNOWN);
        }
    }

    /** Whether it knows more of free blocks than is worth keeping. */
    public boolean isOversized() {
        return blocks != null && blocks.size() > MAX_KNOWN;
    }

    // What the rules ask and do. All of it counts from the calls before, in this batch and earlier ones.

    Cidr cidr() {
        return Objects.requireNonNull(scope.cidr(), "not the scope of a prefix");
    }

    Blocks blocks() {
        return Objects.requireNonNull(blocks, "not the scope of a prefix");
    }

    FreeSpace freeSpace() {
        return Objects.requireNonNull(freeSpace, "not the scope of a prefix");
    }

    Window<IpAddress, Allocation> allocations() {
        return allocations;
    }

    Window<IpAddress, Prefix> prefixes() {
        return prefixes;
    }

    Window<String, Namespace> namespaces() {
        return namespaces;
    }

    Missing missing() {
        return missing;
    }

    Mode mode() {
        return parentOnly || children > 0 || leaked > 0 ? Mode.CHILD : acquired > 0 ? Mode.ADDRESS : Mode.NONE;
    }

    boolean isEmpty() {
        return acquired == 0 && children == 0 && leaked == 0;
    }

    long acquired() {
        return acquired;
    }

    long children() {
        return children;
    }

    long leaked() {
        return leaked;
    }

    boolean firstReserved() {
        return firstReserved;
    }

    boolean lastReserved() {
        return lastReserved;
    }

    int reserved() {
        return (firstReserved ? 1 : 0) + (lastReserved ? 1 : 0);
    }

    /** Addresses that are neither acquired nor reserved nor inside used blocks. */
    BigInteger freeCount() {
        return cidr().size()
                .subtract(covered)
                .subtract(BigInteger.valueOf(mode() == Mode.CHILD ? 0 : acquired + reserved()));
    }

    /** Null when no block is free. */
    @Nullable
    Cidr largestFreeBlock() {
        return isEmpty() ? cidr() : blocks().largest();
    }

    /** Whether the address is one of the two that are kept out of allocation. */
    boolean isReserved(IpAddress address) {
        return (firstReserved && address.equals(cidr().first())) || (lastReserved && address.equals(cidr().last()));
    }

    /** Refuses what would put something into a prefix that is being emptied. */
    void requireOpen() {
        if (closing) {
            throw new IpamerException(
                    Reason.PREFIX_BEING_DELETED,
                    "prefix " + cidr() + " is being deleted with everything in it",
                    Map.of("cidr", cidr().toString()));
        }
    }

    void close() {
        if (!closing) {
            closing = true;
            changes++;
        }
    }

    /**
     * What holds that address; refused: ALLOCATION_NOT_FOUND, ALLOCATION_ID_MISMATCH.
     *
     * @param id must be that allocation; null for any
     */
    Allocation allocationAt(IpAddress address, @Nullable UUID id) {
        String whyNot = !cidr().contains(address)
                ? "does not lie in " + cidr()
                : isReserved(address) ? "is reserved in " + cidr() + ", not acquired" : "is not acquired in " + cidr();
        boolean mayBe = cidr().contains(address) && !isReserved(address) && mode() == Mode.ADDRESS;
        Allocation allocation = mayBe ? allocations.get(address) : null;
        Map<String, String> facts = Map.of("address", address.toString(), "cidr", cidr().toString());
        if (allocation == null) {
            throw new IpamerException(Reason.ALLOCATION_NOT_FOUND, "address " + address + " " + whyNot, facts);
        }
        if (id != null && !id.equals(allocation.id())) {
            throw new IpamerException(
                    Reason.ALLOCATION_ID_MISMATCH,
                    "address " + address + " has moved on: it is held by another allocation than " + id,
                    facts);
        }
        return allocation;
    }

    void acquire(Allocation allocation) {
        allocations.put(allocation.address(), allocation);
        metadataBytes += allocation.metadata().size();
        acquired++;
        changes++;
    }

    /** A revision that changes nothing but that there is one more. */
    void moveOn() {
        changes++;
    }

    /** Puts a new value in the place of an allocation that is there. */
    void replace(Allocation allocation) {
        allocations.put(allocation.address(), allocation);
        changes++;
    }

    void release(IpAddress address) {
        allocations.remove(address);
        acquired--;
        changes++;
    }

    void unreserve(IpAddress address) {
        if (address.equals(cidr().first())) {
            firstReserved = false;
        } else {
            lastReserved = false;
        }
        changes++;
    }

    /** Takes a block out of a free one; {@link #removeChild} gives it back. */
    void takeBlock(Cidr outer, Cidr inner) {
        blocks().apply(new BlockChange(true, outer, inner, !isEmpty()));
        covered = covered.add(inner.size());
    }

    void addChild(Prefix child) {
        prefixes.put(child.cidr().last(), child);
        metadataBytes += child.metadata().size();
        children++;
        changes++;
    }

    /** The prefix right below this scope as it is now; PREFIX_NOT_FOUND when it is gone. */
    Prefix child(Prefix known) {
        Prefix now = prefixes.get(known.cidr().last());
        if (now == null || !now.id().equals(known.id())) {
            throw notFound(known);
        }
        return now;
    }

    /** The same, and whatever else {@link #removeChild} wants is read along with it. */
    Prefix childToRemove(Prefix known) {
        if (!prefixes.knows(known.cidr().last())) {
            if (scope.cidr() != null) {
                blocks().merged(known.cidr());
            }
            missing.check();
        }
        return child(known);
    }

    static IpamerException notFound(Prefix prefix) {
        return new IpamerException(
                Reason.PREFIX_NOT_FOUND,
                "prefix " + prefix.cidr() + " does not exist",
                Map.of("cidr", prefix.cidr().toString()));
    }

    /** Puts a new value in the place of a prefix that is there. */
    void replaceChild(Prefix child) {
        prefixes.put(child.cidr().last(), child);
        changes++;
    }

    void removeChild(Prefix child) {
        Cidr cidr = child.cidr();
        if (scope.cidr() == null) {
            children--;
        } else {
            Cidr outer = blocks().merged(cidr);
            children--;
            covered = covered.subtract(cidr.size());
            blocks().apply(new BlockChange(false, outer, cidr, !isEmpty()));
        }
        prefixes.remove(cidr.last(), child);
        drop(Scope.of(child));
    }

    /** A new scope below this one. */
    void create(ScopeChange.Create create) {
        created.add(create);
    }

    /** From now on it gives child prefixes only. */
    void makeParentOnly() {
        if (!parentOnly) {
            parentOnly = true;
            changes++;
        }
    }

    void addLeak(Cidr block) {
        leaks.add(block);
        leaked++;
        changes++;
    }

    void addNamespace(Namespace namespace) {
        namespaces.put(namespace.name(), namespace);
        children++;
        changes++;
    }

    void renameNamespace(Namespace namespace, String name) {
        namespaces.remove(namespace.name(), namespace);
        namespaces.put(name, new Namespace(namespace.id(), name));
        changes++;
    }

    void removeNamespace(Namespace namespace) {
        namespaces.remove(namespace.name(), namespace);
        children--;
        drop(Scope.of(namespace));
    }

    /** The head of a scope below this one, as read for this batch; null when that scope is gone. */
    @Nullable
    Head headOf(UUID id) {
        for (ScopeChange.Drop drop : dropped) {
            if (drop.scope().id().equals(id)) {
                return null;
            }
        }
        if (!heads.containsKey(id)) {
            throw missing.needs(new Read.HeadOf(id));
        }
        return heads.get(id);
    }

    int changes() {
        return changes;
    }

    /** Ends planning: the plan's part for this scope and those below, and the view stands after it. */
    List<ScopeChange> takeChanges(UUID txId) {
        Head after = new Head(
                head.seq() + 1,
                txId,
                parentOnly,
                acquired,
                children,
                leaked,
                covered,
                firstReserved,
                lastReserved,
                closing);
        List<ScopeChange> all = new ArrayList<>(1 + dropped.size() + created.size());
        all.add(new ScopeChange.Advance(scope, head, after, takeRows()));
        if (dropped.size() > 1) {
            dropped.sort(Comparator.comparing(drop -> drop.scope().id()));
        }
        all.addAll(dropped);
        all.addAll(created);
        dropped.clear();
        created.clear();
        changes = 0;
        head = after;
        return all;
    }

    /** Back to the state before planning. */
    void rollback() {
        allocations.rollback();
        prefixes.rollback();
        namespaces.rollback();
        if (blocks != null && freeSpace != null) {
            blocks.rollback();
            freeSpace.rollback();
        }
        leaks.clear();
        created.clear();
        dropped.clear();
        changes = 0;
        restore(head);
    }

    private void drop(Scope below) {
        dropped.add(new ScopeChange.Drop(below));
        changes++;
    }

    private Rows takeRows() {
        Rows rows = new Rows(
                freeSpace == null ? Map.of() : freeSpace.takeChanges(),
                blocks == null ? List.of() : blocks.takeChanges(),
                allocations.takeChanges(),
                leaks.isEmpty() ? List.of() : List.copyOf(leaks),
                prefixes.takeChanges(),
                namespaces.takeChanges());
        leaks.clear();
        return rows;
    }

    private void restore(Head from) {
        parentOnly = from.parentOnly();
        acquired = from.acquired();
        children = from.children();
        leaked = from.leaked();
        covered = from.covered();
        firstReserved = from.firstReserved();
        lastReserved = from.lastReserved();
        closing = from.closing();
    }
}
