package io.ipamer.api.v1;

import io.ipamer.address.AddressRange;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.Metadata;
import io.ipamer.model.Mode;
import io.ipamer.model.Releases;
import io.ipamer.model.Reservation;
import io.ipamer.model.Usage;
import io.ipamer.proto.v1.Allocation;
import io.ipamer.proto.v1.FamilyUsage;
import io.ipamer.proto.v1.FreeRange;
import io.ipamer.proto.v1.ItemError;
import io.ipamer.proto.v1.Namespace;
import io.ipamer.proto.v1.Prefix;
import io.ipamer.proto.v1.PrefixMode;
import io.ipamer.proto.v1.PrefixUsage;
import io.ipamer.proto.v1.ReservationPolicy;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What the service talks about, as messages. */
final class Messages {
    private Messages() {}

    static Namespace message(io.ipamer.model.Namespace namespace) {
        return Namespace.newBuilder()
                .setId(namespace.id().toString())
                .setName(namespace.name())
                .build();
    }

    static Prefix message(String namespace, io.ipamer.model.Prefix prefix) {
        return Prefix.newBuilder()
                .setId(prefix.id().toString())
                .setNamespace(namespace)
                .setCidr(prefix.cidr().toString())
                .setParentCidr(
                        prefix.parentCidr() == null ? "" : prefix.parentCidr().toString())
                .setReservation(
                        prefix.reservation() == Reservation.NONE
                                ? ReservationPolicy.RESERVATION_POLICY_NONE
                                : ReservationPolicy.RESERVATION_POLICY_DEFAULT)
                .setOwner(prefix.metadata().owner())
                .putAllLabels(prefix.metadata().labels())
                .setDescription(prefix.metadata().description())
                .build();
    }

    /** {@code id}: null for none. */
    static Allocation message(String namespace, Cidr prefix, IpAddress address, @Nullable UUID id, Metadata metadata) {
        return Allocation.newBuilder()
                .setAllocationId(id == null ? "" : id.toString())
                .setAddress(address.toString())
                .setNamespace(namespace)
                .setPrefixCidr(prefix.toString())
                .setOwner(metadata.owner())
                .putAllLabels(metadata.labels())
                .setDescription(metadata.description())
                .build();
    }

    static Allocation message(String namespace, Cidr prefix, io.ipamer.model.Allocation allocation) {
        return message(namespace, prefix, allocation.address(), allocation.id(), allocation.metadata());
    }

    static Allocation message(String namespace, Cidr prefix, Releases.Released released) {
        return message(namespace, prefix, released.address(), released.allocationId(), released.metadata());
    }

    static ItemError message(Releases.Refused refused) {
        return ItemError.newBuilder()
                .setReason(Statuses.reason(refused.reason()))
                .setMessage(refused.message())
                .build();
    }

    static FreeRange message(AddressRange range) {
        return FreeRange.newBuilder()
                .setFirstAddress(range.first().toString())
                .setLastAddress(range.last().toString())
                .setSize(range.size().toString())
                .addAllCidrs(range.toCidrs().stream().map(Cidr::toString).toList())
                .build();
    }

    static FamilyUsage message(io.ipamer.model.NamespaceUsage.FamilyUsage usage) {
        return FamilyUsage.newBuilder()
                .setTopLevelPrefixes(usage.topLevel())
                .setPrefixes(usage.prefixes())
                .setSize(usage.size().toString())
                .setFree(usage.free().toString())
                .setAcquired(usage.acquired())
                .setReserved(Long.toString(usage.reserved()))
                .setLeaked(usage.leaked().toString())
                .build();
    }

    static PrefixUsage message(Usage usage) {
        return PrefixUsage.newBuilder()
                .setCidr(usage.prefix().cidr().toString())
                .setMode(mode(usage.mode()))
                .setSize(usage.size().toString())
                .setFree(usage.free().toString())
                .setAcquired(usage.acquired())
                .setReserved(Long.toString(usage.reserved()))
                .setChildren(usage.children())
                .setLeaked(usage.leaked())
                .setLargestFreeBlock(
                        usage.largestFreeBlock() == null
                                ? ""
                                : usage.largestFreeBlock().toString())
                .setRevision(usage.revision())
                .setBeingDeleted(usage.closing())
                .build();
    }

    private static PrefixMode mode(Mode mode) {
        return switch (mode) {
            case NONE -> PrefixMode.PREFIX_MODE_NONE;
            case ADDRESS -> PrefixMode.PREFIX_MODE_ADDRESSES;
            case CHILD -> PrefixMode.PREFIX_MODE_CHILDREN;
        };
    }
}
