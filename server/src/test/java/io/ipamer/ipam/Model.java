package io.ipamer.ipam;

import io.ipamer.address.AddressFamily;
import io.ipamer.address.AddressRange;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.Allocation;
import io.ipamer.model.Metadata;
import io.ipamer.model.MetadataUpdate;
import io.ipamer.model.NamespaceUsage.FamilyUsage;
import io.ipamer.model.Reason;
import io.ipamer.model.Reservation;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What the service should do, said as naively as possible: sets of addresses and lists of blocks, everything found by
 * looking at everything. For small prefixes only.
 */
final class Model {
    /** A refusal by the model. */
    static final class Refused extends RuntimeException {
        final Reason reason;

        Refused(Reason reason) {
            super(reason.name(), null, false, false);
            this.reason = reason;
        }
    }

    static final class Node {
        final Cidr cidr;
        final @Nullable Node parent;
        final TreeMap<IpAddress, UUID> acquired = new TreeMap<>();

        /** Of those that are acquired. */
        final Map<IpAddress, Metadata> said = new HashMap<>();

        final TreeSet<IpAddress> reserved = new TreeSet<>();
        final TreeMap<Cidr, Node> children = new TreeMap<>();
        Metadata metadata;

        /** As the service made it. */
        @Nullable
        UUID id;

        Node(Cidr cidr, @Nullable Node parent, Reservation reservation, Metadata metadata) {
            this.cidr = cidr;
            this.parent = parent;
            this.metadata = metadata;
            if (reservation.reservesFirst()) {
                reserved.add(cidr.first());
            }
            if (reservation.reservesLast(cidr)) {
                reserved.add(cidr.last());
            }
        }

        boolean isFree(IpAddress address) {
            return !acquired.containsKey(address) && !reserved.contains(address);
        }

        List<IpAddress> free() {
            List<IpAddress> free = new ArrayList<>();
            for (IpAddress address = cidr.first(); ; address = address.next()) {
                if (isFree(address)) {
                    free.add(address);
                }
                if (address.equals(cidr.last())) {
                    return free;
                }
            }
        }

        /** The longest runs of addresses that are in no use. */
        List<AddressRange> freeRanges() {
            List<AddressRange> ranges = new ArrayList<>();
            IpAddress first = null;
            for (IpAddress address = cidr.first(); ; address = address.next()) {
                IpAddress here = address;
                boolean free = children.isEmpty()
                        ? isFree(here)
                        : children.keySet().stream().noneMatch(child -> child.contains(here));
                boolean ends = here.equals(cidr.last());
                if (free && first == null) {
                    first = here;
                }
                if (first != null && (!free || ends)) {
                    ranges.add(new AddressRange(first, free ? here : here.previous()));
                    first = null;
                }
                if (ends) {
                    return ranges;
                }
            }
        }

        int depth() {
            return parent == null ? 0 : parent.depth() + 1;
        }

        boolean isFreeBlock(Cidr block) {
            return children.keySet().stream().noneMatch(child -> child.overlaps(block));
        }

        /** All free blocks that are in no larger free block, down to {@code maxLength}, in the order of best fit. */
        List<Cidr> maximalFreeBlocks(int maxLength) {
            List<Cidr> blocks = new ArrayList<>();
            for (int length = maxLength; length >= cidr.length(); length--) {
                for (Cidr block = Cidr.of(cidr.first(), length);
                        ;
                        block = new Cidr(block.last().next(), length)) {
                    if (isFreeBlock(block) && (length == cidr.length() || !isFreeBlock(block.parent()))) {
                        blocks.add(block);
                    }
                    if (block.last().equals(cidr.last())) {
                        break;
                    }
                }
            }
            return blocks;
        }
    }

    final TreeMap<String, TreeMap<Cidr, Node>> namespaces = new TreeMap<>();

    Model() {
        namespaces.put("root", new TreeMap<>());
    }

    void createNamespace(String name) {
        if (namespaces.putIfAbsent(name, new TreeMap<>()) != null) {
            throw new Refused(Reason.NAMESPACE_EXISTS);
        }
    }

    void deleteNamespace(String name) {
        if (name.equals("root")) {
            throw new Refused(Reason.NAMESPACE_PROTECTED);
        }
        if (!namespace(name).isEmpty()) {
            throw new Refused(Reason.NAMESPACE_NOT_EMPTY);
        }
        namespaces.remove(name);
    }

    SortedMap<Cidr, Node> namespace(String name) {
        SortedMap<Cidr, Node> nodes = namespaces.get(name);
        if (nodes == null) {
            throw new Refused(Reason.NAMESPACE_NOT_FOUND);
        }
        return nodes;
    }

    Node node(String namespace, Cidr cidr) {
        Node node = namespace(namespace).get(cidr);
        if (node == null) {
            throw new Refused(Reason.PREFIX_NOT_FOUND);
        }
        return node;
    }

    void createPrefix(String namespace, Cidr cidr, Reservation reservation, Metadata metadata) {
        SortedMap<Cidr, Node> nodes = namespace(namespace);
        if (nodes.keySet().stream().anyMatch(existing -> existing.overlaps(cidr))) {
            throw new Refused(Reason.PREFIX_OVERLAPS);
        }
        nodes.put(cidr, new Node(cidr, null, reservation, metadata));
    }

    void deletePrefix(String namespace, Cidr cidr) {
        Node node = node(namespace, cidr);
        if (!node.acquired.isEmpty()) {
            throw new Refused(Reason.PREFIX_HAS_ADDRESSES);
        }
        if (!node.children.isEmpty()) {
            throw new Refused(Reason.PREFIX_HAS_CHILDREN);
        }
        namespace(namespace).remove(cidr);
        if (node.parent != null) {
            node.parent.children.remove(cidr);
        }
    }

    void releaseChild(String namespace, Cidr cidr) {
        if (node(namespace, cidr).parent == null) {
            throw new Refused(Reason.NOT_A_CHILD);
        }
        deletePrefix(namespace, cidr);
    }

    Cidr acquireChild(
            String namespace,
            Cidr parent,
            int length,
            @Nullable Cidr specific,
            Reservation reservation,
            Metadata metadata) {
        Node node = node(namespace, parent);
        if (specific != null && !parent.contains(specific.first())) {
            throw new Refused(Reason.PREFIX_OUTSIDE_PARENT);
        }
        if (length <= parent.length() || length > parent.family().bits()) {
            throw new Refused(Reason.LENGTH_OUT_OF_RANGE);
        }
        if (!node.acquired.isEmpty()) {
            throw new Refused(Reason.PREFIX_HAS_ADDRESSES);
        }
        Cidr child;
        if (specific == null) {
            child = node.maximalFreeBlocks(length).stream()
                    .findFirst()
                    .map(block -> new Cidr(block.first(), length))
                    .orElseThrow(() -> new Refused(Reason.NO_FREE_PREFIX));
        } else if (node.isFreeBlock(specific)) {
            child = specific;
        } else {
            throw new Refused(Reason.PREFIX_TAKEN);
        }
        Node created = new Node(child, node, reservation, metadata);
        node.children.put(child, created);
        namespace(namespace).put(child, created);
        return child;
    }

    /** The addresses that should be given; the caller says under which ids they were. */
    List<IpAddress> acquirable(
            String namespace, Cidr prefix, int count, boolean contiguous, @Nullable IpAddress specific) {
        Node node = node(namespace, prefix);
        if (!node.children.isEmpty()) {
            throw new Refused(Reason.PREFIX_IS_PARENT);
        }
        if (specific != null) {
            if (!prefix.contains(specific)) {
                throw new Refused(Reason.ADDRESS_OUTSIDE_PREFIX);
            }
            if (node.reserved.contains(specific)) {
                throw new Refused(Reason.ADDRESS_RESERVED);
            }
            if (!node.isFree(specific)) {
                throw new Refused(Reason.ADDRESS_TAKEN);
            }
            return List.of(specific);
        }
        List<IpAddress> free = node.free();
        for (int i = 0; i + count <= free.size(); i++) {
            List<IpAddress> window = free.subList(i, i + count);
            if (!contiguous || window.get(count - 1).equals(window.get(0).plus(count - 1))) {
                return window;
            }
        }
        throw new Refused(Reason.NO_FREE_ADDRESS);
    }

    /** Null when the address is released, else why not. */
    @Nullable
    Reason release(Node node, IpAddress address, @Nullable UUID id, boolean alsoReserved) {
        if (node.cidr.contains(address) && node.reserved.contains(address) && alsoReserved && id == null) {
            node.reserved.remove(address);
            return null;
        }
        UUID holder = node.acquired.get(address);
        if (holder == null) {
            return Reason.ALLOCATION_NOT_FOUND;
        }
        if (id != null && !id.equals(holder)) {
            return Reason.ALLOCATION_ID_MISMATCH;
        }
        node.acquired.remove(address);
        node.said.remove(address);
        return null;
    }

    void updatePrefix(String namespace, Cidr cidr, @Nullable UUID id, MetadataUpdate update) {
        Node node = node(namespace, cidr);
        if (id != null && !id.equals(node.id)) {
            throw new Refused(Reason.PREFIX_ID_MISMATCH);
        }
        node.metadata = updated(node.metadata, update);
    }

    void updateAddress(String namespace, Cidr prefix, IpAddress address, @Nullable UUID id, MetadataUpdate update) {
        Node node = node(namespace, prefix);
        if (!node.acquired.containsKey(address)) {
            throw new Refused(Reason.ALLOCATION_NOT_FOUND);
        }
        if (id != null && !id.equals(node.acquired.get(address))) {
            throw new Refused(Reason.ALLOCATION_ID_MISMATCH);
        }
        node.said.put(address, updated(node.said.get(address), update));
    }

    private static Metadata updated(Metadata before, MetadataUpdate update) {
        TreeMap<String, String> labels = new TreeMap<>(before.labels());
        if (update.labels() != null) {
            labels.clear();
            labels.putAll(update.labels());
        }
        for (String key : update.singleLabels().keySet()) {
            labels.remove(key);
            update.singleLabels().get(key).ifPresent(value -> labels.put(key, value));
        }
        String owner = update.owner();
        String description = update.description();
        return new Metadata(
                owner != null ? owner : before.owner(),
                labels,
                description != null ? description : before.description());
    }

    List<Node> prefixes(String namespace, Lists.PrefixFilter filter) {
        Node parent = filter.parent() == null ? null : node(namespace, filter.parent());
        List<Node> found = new ArrayList<>();
        for (Node node : namespace(namespace).values()) {
            boolean matches = (filter.family() == null || filter.family() == node.cidr.family())
                    && (parent == null || node.parent == parent)
                    && (filter.depth() == null || filter.depth() == node.depth())
                    && matches(node.metadata, filter.owner(), filter.labels());
            if (matches) {
                found.add(node);
            }
        }
        return found;
    }

    private static boolean matches(Metadata metadata, String owner, Map<String, String> labels) {
        for (String key : labels.keySet()) {
            if (!labels.get(key).equals(metadata.labels().get(key))) {
                return false;
            }
        }
        return owner.isEmpty() || owner.equals(metadata.owner());
    }

    List<Allocation> allocations(String namespace, Cidr cidr, Lists.AllocationFilter filter) {
        Node node = node(namespace, cidr);
        List<Allocation> found = new ArrayList<>();
        node.acquired.forEach((address, id) -> {
            Metadata said = node.said.get(address);
            if ((filter.from() == null || filter.from().compareTo(address) <= 0)
                    && (filter.to() == null || address.compareTo(filter.to()) <= 0)
                    && matches(said, filter.owner(), filter.labels())) {
                found.add(new Allocation(id, address, said));
            }
        });
        return found;
    }

    /** Those of the whole namespace, by address, with the prefix that gave them. */
    SortedMap<IpAddress, Node> holders(String namespace, String owner, SortedMap<String, String> labels) {
        SortedMap<IpAddress, Node> found = new TreeMap<>();
        for (Node node : namespace(namespace).values()) {
            node.said.forEach((address, said) -> {
                if (matches(said, owner, labels)) {
                    found.put(address, node);
                }
            });
        }
        return found;
    }

    /** Those around an address, outermost first. */
    List<Node> around(String namespace, IpAddress address) {
        return namespace(namespace).values().stream()
                .filter(node -> node.cidr.contains(address))
                .sorted(Comparator.comparing(Node::depth))
                .toList();
    }

    FamilyUsage usage(String namespace, AddressFamily family) {
        long topLevel = 0;
        long prefixes = 0;
        BigInteger size = BigInteger.ZERO;
        BigInteger free = BigInteger.ZERO;
        long acquired = 0;
        long reserved = 0;
        for (Node node : namespace(namespace).values()) {
            if (node.cidr.family() == family) {
                prefixes++;
                free = free.add(freeCount(node));
                acquired += node.acquired.size();
                reserved += node.children.isEmpty() ? node.reserved.size() : 0;
                if (node.parent == null) {
                    topLevel++;
                    size = size.add(node.cidr.size());
                }
            }
        }
        return new FamilyUsage(topLevel, prefixes, size, free, acquired, reserved, BigInteger.ZERO);
    }

    BigInteger freeCount(Node node) {
        if (node.children.isEmpty()) {
            return BigInteger.valueOf(node.free().size());
        }
        return node.children.keySet().stream().map(Cidr::size).reduce(node.cidr.size(), BigInteger::subtract);
    }
}
