package io.ipamer.client;

import io.ipamer.proto.v1.DeletePrefixResponse;
import io.ipamer.proto.v1.GetVersionResponse;
import io.ipamer.proto.v1.ImportResponse;
import io.ipamer.proto.v1.ItemError;
import io.ipamer.proto.v1.LookupResponse;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Reads the contract's messages as values. */
final class Answers {
    private static final String REASON_PREFIX = "ERROR_REASON_";

    private Answers() {}

    static Namespace namespace(io.ipamer.proto.v1.Namespace namespace) {
        return new Namespace(namespace.getId(), namespace.getName());
    }

    static Prefix prefix(io.ipamer.proto.v1.Prefix prefix) {
        return new Prefix(
                prefix.getId(),
                prefix.getNamespace(),
                prefix.getCidr(),
                given(prefix.getParentCidr()),
                switch (prefix.getReservation()) {
                    case RESERVATION_POLICY_DEFAULT -> ReservationPolicy.DEFAULT;
                    case RESERVATION_POLICY_NONE -> ReservationPolicy.NONE;
                    case RESERVATION_POLICY_UNSPECIFIED, UNRECOGNIZED -> ReservationPolicy.UNRECOGNIZED;
                },
                prefix.getOwner(),
                prefix.getLabelsMap(),
                prefix.getDescription());
    }

    static Allocation allocation(io.ipamer.proto.v1.Allocation allocation) {
        return new Allocation(
                allocation.getAllocationId(),
                allocation.getAddress(),
                allocation.getNamespace(),
                allocation.getPrefixCidr(),
                allocation.getOwner(),
                allocation.getLabelsMap(),
                allocation.getDescription());
    }

    static List<Allocation> allocations(List<io.ipamer.proto.v1.Allocation> allocations) {
        return allocations.stream().map(Answers::allocation).toList();
    }

    static <M, T> Page<T> page(List<M> messages, Function<M, T> reader, String nextToken) {
        return new Page<>(messages.stream().map(reader).toList(), given(nextToken));
    }

    static AddressLookup lookup(LookupResponse answer) {
        return new AddressLookup(
                answer.getPrefixesList().stream().map(Answers::prefix).toList(),
                answer.getAllocationsList().stream().map(Answers::allocation).findFirst());
    }

    static Page<Resource> resources(LookupResponse answer) {
        List<Resource> found = new ArrayList<>(answer.getPrefixesCount() + answer.getAllocationsCount());
        answer.getPrefixesList().forEach(prefix -> found.add(prefix(prefix)));
        answer.getAllocationsList().forEach(allocation -> found.add(allocation(allocation)));
        return new Page<>(found, given(answer.getNextPageToken()));
    }

    static PrefixUsage usage(io.ipamer.proto.v1.PrefixUsage usage) {
        return new PrefixUsage(
                usage.getCidr(),
                switch (usage.getMode()) {
                    case PREFIX_MODE_NONE -> PrefixMode.NONE;
                    case PREFIX_MODE_ADDRESSES -> PrefixMode.ADDRESSES;
                    case PREFIX_MODE_CHILDREN -> PrefixMode.CHILDREN;
                    case PREFIX_MODE_UNSPECIFIED, UNRECOGNIZED -> PrefixMode.UNRECOGNIZED;
                },
                count(usage.getSize()),
                count(usage.getFree()),
                usage.getAcquired(),
                count(usage.getReserved()),
                usage.getChildren(),
                usage.getLeaked(),
                given(usage.getLargestFreeBlock()),
                usage.getRevision(),
                usage.getBeingDeleted());
    }

    static NamespaceUsage usage(io.ipamer.proto.v1.NamespaceUsage usage) {
        return new NamespaceUsage(usage.getNamespace(), usage(usage.getIpv4()), usage(usage.getIpv6()));
    }

    private static FamilyUsage usage(io.ipamer.proto.v1.FamilyUsage usage) {
        return new FamilyUsage(
                usage.getTopLevelPrefixes(),
                usage.getPrefixes(),
                count(usage.getSize()),
                count(usage.getFree()),
                usage.getAcquired(),
                count(usage.getReserved()),
                count(usage.getLeaked()));
    }

    static FreeRange free(io.ipamer.proto.v1.FreeRange range) {
        return new FreeRange(
                range.getFirstAddress(), range.getLastAddress(), count(range.getSize()), range.getCidrsList());
    }

    static Overlaps overlaps(io.ipamer.proto.v1.CheckOverlapResponse answer) {
        return new Overlaps(
                answer.getConflictsList().stream()
                        .map(conflict -> new Overlaps.Conflict(
                                conflict.getCidr(), conflict.getConflictsWith(), conflict.getExisting()))
                        .toList(),
                answer.getTruncated());
    }

    static List<ReleaseResult> releases(List<String> addresses, io.ipamer.proto.v1.ReleaseIpsResponse answer) {
        if (answer.getResultsCount() != addresses.size()) {
            throw new IllegalArgumentException(
                    answer.getResultsCount() + " results for " + addresses.size() + " addresses");
        }
        List<ReleaseResult> results = new ArrayList<>(addresses.size());
        for (int i = 0; i < answer.getResultsCount(); i++) {
            io.ipamer.proto.v1.ReleaseIpsResult result = answer.getResults(i);
            ItemError error = result.getError();
            results.add(
                    result.hasReleased()
                            ? new ReleaseResult.Released(allocation(result.getReleased()))
                            : new ReleaseResult.Refused(
                                    addresses.get(i), reason(error.getReason()), error.getMessage()));
        }
        return List.copyOf(results);
    }

    static Steps.Deleting deleting(DeletePrefixResponse answer) {
        return new Steps.Deleting(
                new ForcedDelete(prefix(answer.getPrefix()), answer.getDeletedPrefixes(), answer.getReleasedIps()),
                answer.getInProgress());
    }

    static ImportProgress progress(ImportResponse answer) {
        return new ImportProgress(
                answer.getIssuesList().stream()
                        .map(issue -> new ImportProgress.Issue(
                                issue.getLine(), issue.getMended(), reason(issue.getReason()), issue.getMessage()))
                        .toList(),
                answer.getPrefixes(),
                answer.getIps(),
                answer.getLeaked(),
                answer.getMended(),
                answer.getRefused(),
                answer.getDone());
    }

    static ServerVersion version(GetVersionResponse answer) {
        return new ServerVersion(
                answer.getVersion(), answer.getVcsRevision(), answer.getBuildDate(), answer.getJavaVersion());
    }

    /** A message of another version may leave a count out. */
    private static BigInteger count(String decimal) {
        return decimal.isEmpty() ? BigInteger.ZERO : new BigInteger(decimal);
    }

    private static Optional<String> given(String text) {
        return text.isEmpty() ? Optional.empty() : Optional.of(text);
    }

    private static Reason reason(io.ipamer.proto.v1.ErrorReason reason) {
        return switch (reason) {
            case UNRECOGNIZED -> Reason.UNRECOGNIZED;
            case ERROR_REASON_UNSPECIFIED -> Reason.NONE;
            default -> Reason.named(reason.name().substring(REASON_PREFIX.length()));
        };
    }
}
