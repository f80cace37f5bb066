package io.ipamer.client;

import static java.util.Objects.requireNonNull;

import com.google.protobuf.FieldMask;
import io.grpc.MethodDescriptor;
import io.ipamer.proto.v1.AcquireChildPrefixRequest;
import io.ipamer.proto.v1.AcquireIpRequest;
import io.ipamer.proto.v1.AcquireIpsRequest;
import io.ipamer.proto.v1.CheckOverlapRequest;
import io.ipamer.proto.v1.CreateNamespaceRequest;
import io.ipamer.proto.v1.CreatePrefixRequest;
import io.ipamer.proto.v1.DeleteNamespaceRequest;
import io.ipamer.proto.v1.DeletePrefixRequest;
import io.ipamer.proto.v1.DeletePrefixResponse;
import io.ipamer.proto.v1.GetIpRequest;
import io.ipamer.proto.v1.GetNamespaceRequest;
import io.ipamer.proto.v1.GetNamespaceUsageRequest;
import io.ipamer.proto.v1.GetPrefixRequest;
import io.ipamer.proto.v1.GetPrefixUsageRequest;
import io.ipamer.proto.v1.GetVersionRequest;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import io.ipamer.proto.v1.ListFreeRequest;
import io.ipamer.proto.v1.ListIpsRequest;
import io.ipamer.proto.v1.ListNamespacesRequest;
import io.ipamer.proto.v1.ListPrefixesRequest;
import io.ipamer.proto.v1.LookupRequest;
import io.ipamer.proto.v1.ReleaseChildPrefixRequest;
import io.ipamer.proto.v1.ReleaseIpRequest;
import io.ipamer.proto.v1.ReleaseIpsByOwnerRequest;
import io.ipamer.proto.v1.ReleaseIpsItem;
import io.ipamer.proto.v1.ReleaseIpsRequest;
import io.ipamer.proto.v1.UpdateIpRequest;
import io.ipamer.proto.v1.UpdatePrefixRequest;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;

/** What each call of a view sends, and how its answer is read: the same for callers that wait and that do not. */
final class Operations {
    private final View view;
    private final RequestIds ids;

    Operations(View view, RequestIds ids) {
        this.view = view;
        this.ids = ids;
    }

    Operation<?, ?, Prefix> newPrefix(String cidr, Metadata metadata, ReservationPolicy reservation) {
        String id = changing();
        CreatePrefixRequest request = CreatePrefixRequest.newBuilder()
                .setNamespace(view.namespace())
                .setCidr(requireNonNull(cidr, "cidr"))
                .setReservation(policy(reservation))
                .setOwner(requireNonNull(metadata, "metadata").owner())
                .putAllLabels(metadata.labels())
                .setDescription(metadata.description())
                .setRequestId(id)
                .build();
        return new Operation<>(
                IpamerServiceGrpc.getCreatePrefixMethod(), request, id, answer -> Answers.prefix(answer.getPrefix()));
    }

    Operation<?, ?, Prefix> acquireChild(
            String parentCidr, int length, Metadata metadata, ReservationPolicy reservation) {
        return acquireChild(child(parentCidr, metadata, reservation).setLength(length));
    }

    Operation<?, ?, Prefix> acquireChild(
            String parentCidr, String cidr, Metadata metadata, ReservationPolicy reservation) {
        return acquireChild(child(parentCidr, metadata, reservation).setCidr(requireNonNull(cidr, "cidr")));
    }

    private AcquireChildPrefixRequest.Builder child(
            String parentCidr, Metadata metadata, ReservationPolicy reservation) {
        return AcquireChildPrefixRequest.newBuilder()
                .setNamespace(view.namespace())
                .setParentCidr(requireNonNull(parentCidr, "parentCidr"))
                .setReservation(policy(reservation))
                .setOwner(requireNonNull(metadata, "metadata").owner())
                .putAllLabels(metadata.labels())
                .setDescription(metadata.description())
                .setDryRun(view.dry());
    }

    private Operation<?, ?, Prefix> acquireChild(AcquireChildPrefixRequest.Builder request) {
        String id = acquiring();
        return new Operation<>(
                IpamerServiceGrpc.getAcquireChildPrefixMethod(),
                request.setRequestId(id).build(),
                id,
                answer -> Answers.prefix(answer.getPrefix()));
    }

    Operation<?, ?, Prefix> releaseChild(String cidr) {
        return releaseChild(view.namespace(), requireNonNull(cidr, "cidr"), "");
    }

    Operation<?, ?, Prefix> releaseChild(Prefix child) {
        return releaseChild(requireNonNull(child, "child").namespace(), child.cidr(), identified(child.id()));
    }

    private Operation<?, ?, Prefix> releaseChild(String namespace, String cidr, String prefixId) {
        String id = changing();
        ReleaseChildPrefixRequest request = ReleaseChildPrefixRequest.newBuilder()
                .setNamespace(namespace)
                .setCidr(cidr)
                .setPrefixId(prefixId)
                .setRequestId(id)
                .build();
        return new Operation<>(
                IpamerServiceGrpc.getReleaseChildPrefixMethod(),
                request,
                id,
                answer -> Answers.prefix(answer.getPrefix()));
    }

    Operation<?, ?, Prefix> deletePrefix(String cidr) {
        return delete(view.namespace(), cidr, "", false, answer -> Answers.prefix(answer.getPrefix()));
    }

    Operation<?, ?, Prefix> deletePrefix(Prefix prefix) {
        return delete(
                requireNonNull(prefix, "prefix").namespace(),
                prefix.cidr(),
                identified(prefix.id()),
                false,
                answer -> Answers.prefix(answer.getPrefix()));
    }

    /** All steps name the prefix by its id: another may have its CIDR before the last of them. */
    Operation<?, ?, Steps.Deleting> deleteWithContent(Prefix prefix) {
        return delete(
                requireNonNull(prefix, "prefix").namespace(),
                prefix.cidr(),
                identified(prefix.id()),
                true,
                Answers::deleting);
    }

    private <T> Operation<DeletePrefixRequest, DeletePrefixResponse, T> delete(
            String namespace, String cidr, String prefixId, boolean force, Function<DeletePrefixResponse, T> reader) {
        String id = changing();
        DeletePrefixRequest request = DeletePrefixRequest.newBuilder()
                .setNamespace(namespace)
                .setCidr(requireNonNull(cidr, "cidr"))
                .setPrefixId(prefixId)
                .setForce(force)
                .setRequestId(id)
                .build();
        return new Operation<>(IpamerServiceGrpc.getDeletePrefixMethod(), request, id, reader);
    }

    Operation<?, ?, Prefix> prefix(String cidr) {
        GetPrefixRequest request = GetPrefixRequest.newBuilder()
                .setNamespace(view.namespace())
                .setCidr(requireNonNull(cidr, "cidr"))
                .build();
        return reading(IpamerServiceGrpc.getGetPrefixMethod(), request, answer -> Answers.prefix(answer.getPrefix()));
    }

    Operation<?, ?, Page<Prefix>> prefixes(PrefixFilter filter, PageRequest page) {
        ListPrefixesRequest.Builder request = ListPrefixesRequest.newBuilder()
                .setNamespace(view.namespace())
                .setParentCidr(requireNonNull(filter, "filter").parentCidr().orElse(""))
                .setOwner(filter.tags().owner())
                .putAllLabels(filter.tags().labels())
                .setPageSize(requireNonNull(page, "page").size())
                .setPageToken(page.token());
        filter.depth().ifPresent(request::setDepth);
        filter.family()
                .ifPresent(family -> request.setFamily(
                        switch (family) {
                            case IPV4 -> io.ipamer.proto.v1.AddressFamily.ADDRESS_FAMILY_IPV4;
                            case IPV6 -> io.ipamer.proto.v1.AddressFamily.ADDRESS_FAMILY_IPV6;
                        }));
        return reading(
                IpamerServiceGrpc.getListPrefixesMethod(),
                request.build(),
                answer -> Answers.page(answer.getPrefixesList(), Answers::prefix, answer.getNextPageToken()));
    }

    Operation<?, ?, Prefix> updatePrefix(String cidr, MetadataUpdate update) {
        String id = changing();
        UpdatePrefixRequest request = UpdatePrefixRequest.newBuilder()
                .setNamespace(view.namespace())
                .setCidr(requireNonNull(cidr, "cidr"))
                .setOwner(requireNonNull(update, "update").values().owner())
                .putAllLabels(update.values().labels())
                .setDescription(update.values().description())
                .setUpdateMask(mask(update))
                .setRequestId(id)
                .build();
        return new Operation<>(
                IpamerServiceGrpc.getUpdatePrefixMethod(), request, id, answer -> Answers.prefix(answer.getPrefix()));
    }

    Operation<?, ?, Allocation> acquireIp(String prefixCidr, String address, Metadata metadata) {
        String id = acquiring();
        AcquireIpRequest request = AcquireIpRequest.newBuilder()
                .setNamespace(view.namespace())
                .setPrefixCidr(requireNonNull(prefixCidr, "prefixCidr"))
                .setAddress(address)
                .setOwner(requireNonNull(metadata, "metadata").owner())
                .putAllLabels(metadata.labels())
                .setDescription(metadata.description())
                .setDryRun(view.dry())
                .setRequestId(id)
                .build();
        return new Operation<>(
                IpamerServiceGrpc.getAcquireIpMethod(),
                request,
                id,
                answer -> Answers.allocation(answer.getAllocation()));
    }

    Operation<?, ?, List<Allocation>> acquireIps(String prefixCidr, int count, boolean contiguous, Metadata metadata) {
        String id = acquiring();
        AcquireIpsRequest request = AcquireIpsRequest.newBuilder()
                .setNamespace(view.namespace())
                .setPrefixCidr(requireNonNull(prefixCidr, "prefixCidr"))
                .setCount(count)
                .setContiguous(contiguous)
                .setOwner(requireNonNull(metadata, "metadata").owner())
                .putAllLabels(metadata.labels())
                .setDescription(metadata.description())
                .setDryRun(view.dry())
                .setRequestId(id)
                .build();
        return new Operation<>(
                IpamerServiceGrpc.getAcquireIpsMethod(),
                request,
                id,
                answer -> Answers.allocations(answer.getAllocationsList()));
    }

    Operation<?, ?, Allocation> releaseIp(Allocation allocation) {
        return releaseIp(
                requireNonNull(allocation, "allocation").namespace(),
                allocation.prefixCidr(),
                allocation.address(),
                identified(allocation.id()));
    }

    Operation<?, ?, Allocation> releaseIp(String prefixCidr, String address) {
        return releaseIp(
                view.namespace(), requireNonNull(prefixCidr, "prefixCidr"), requireNonNull(address, "address"), "");
    }

    private Operation<?, ?, Allocation> releaseIp(
            String namespace, String prefixCidr, String address, String allocationId) {
        String id = changing();
        ReleaseIpRequest request = ReleaseIpRequest.newBuilder()
                .setNamespace(namespace)
                .setPrefixCidr(prefixCidr)
                .setAddress(address)
                .setAllocationId(allocationId)
                .setRequestId(id)
                .build();
        return new Operation<>(
                IpamerServiceGrpc.getReleaseIpMethod(),
                request,
                id,
                answer -> Answers.allocation(answer.getAllocation()));
    }

    Operation<?, ?, List<ReleaseResult>> releaseIps(String prefixCidr, Collection<String> addresses) {
        String id = changing();
        List<String> all = List.copyOf(requireNonNull(addresses, "addresses"));
        ReleaseIpsRequest.Builder request = ReleaseIpsRequest.newBuilder()
                .setNamespace(view.namespace())
                .setPrefixCidr(requireNonNull(prefixCidr, "prefixCidr"))
                .setRequestId(id);
        all.forEach(address -> request.addItems(ReleaseIpsItem.newBuilder().setAddress(address)));
        return new Operation<>(
                IpamerServiceGrpc.getReleaseIpsMethod(), request.build(), id, answer -> Answers.releases(all, answer));
    }

    Operation<?, ?, Steps.Releasing> releaseIpsByOwner(String prefixCidr, String owner) {
        String id = changing();
        ReleaseIpsByOwnerRequest request = ReleaseIpsByOwnerRequest.newBuilder()
                .setNamespace(view.namespace())
                .setPrefixCidr(requireNonNull(prefixCidr, "prefixCidr"))
                .setOwner(requireNonNull(owner, "owner"))
                .setRequestId(id)
                .build();
        return new Operation<>(
                IpamerServiceGrpc.getReleaseIpsByOwnerMethod(),
                request,
                id,
                answer -> new Steps.Releasing(answer.getReleasedIps(), answer.getInProgress()));
    }

    Operation<?, ?, Allocation> ip(String prefixCidr, String address) {
        GetIpRequest request = GetIpRequest.newBuilder()
                .setNamespace(view.namespace())
                .setPrefixCidr(requireNonNull(prefixCidr, "prefixCidr"))
                .setAddress(requireNonNull(address, "address"))
                .build();
        return reading(
                IpamerServiceGrpc.getGetIpMethod(), request, answer -> Answers.allocation(answer.getAllocation()));
    }

    Operation<?, ?, Page<Allocation>> ips(String prefixCidr, IpFilter filter, PageRequest page) {
        ListIpsRequest request = ListIpsRequest.newBuilder()
                .setNamespace(view.namespace())
                .setPrefixCidr(requireNonNull(prefixCidr, "prefixCidr"))
                .setFromAddress(requireNonNull(filter, "filter").from().orElse(""))
                .setToAddress(filter.to().orElse(""))
                .setOwner(filter.tags().owner())
                .putAllLabels(filter.tags().labels())
                .setPageSize(requireNonNull(page, "page").size())
                .setPageToken(page.token())
                .build();
        return reading(
                IpamerServiceGrpc.getListIpsMethod(),
                request,
                answer -> Answers.page(answer.getAllocationsList(), Answers::allocation, answer.getNextPageToken()));
    }

    Operation<?, ?, Allocation> updateIp(String prefixCidr, String address, MetadataUpdate update) {
        String id = changing();
        UpdateIpRequest request = UpdateIpRequest.newBuilder()
                .setNamespace(view.namespace())
                .setPrefixCidr(requireNonNull(prefixCidr, "prefixCidr"))
                .setAddress(requireNonNull(address, "address"))
                .setOwner(requireNonNull(update, "update").values().owner())
                .putAllLabels(update.values().labels())
                .setDescription(update.values().description())
                .setUpdateMask(mask(update))
                .setRequestId(id)
                .build();
        return new Operation<>(
                IpamerServiceGrpc.getUpdateIpMethod(),
                request,
                id,
                answer -> Answers.allocation(answer.getAllocation()));
    }

    Operation<?, ?, AddressLookup> lookup(String address) {
        LookupRequest request = LookupRequest.newBuilder()
                .setNamespace(view.namespace())
                .setAddress(requireNonNull(address, "address"))
                .build();
        return reading(IpamerServiceGrpc.getLookupMethod(), request, Answers::lookup);
    }

    Operation<?, ?, Page<Resource>> lookup(Tags tags, PageRequest page) {
        LookupRequest request = LookupRequest.newBuilder()
                .setNamespace(view.namespace())
                .setOwner(requireNonNull(tags, "tags").owner())
                .putAllLabels(tags.labels())
                .setPageSize(requireNonNull(page, "page").size())
                .setPageToken(page.token())
                .build();
        return reading(IpamerServiceGrpc.getLookupMethod(), request, Answers::resources);
    }

    Operation<?, ?, PrefixUsage> usage(String cidr) {
        GetPrefixUsageRequest request = GetPrefixUsageRequest.newBuilder()
                .setNamespace(view.namespace())
                .setCidr(requireNonNull(cidr, "cidr"))
                .build();
        return reading(
                IpamerServiceGrpc.getGetPrefixUsageMethod(), request, answer -> Answers.usage(answer.getUsage()));
    }

    Operation<?, ?, NamespaceUsage> usage() {
        GetNamespaceUsageRequest request =
                GetNamespaceUsageRequest.newBuilder().setName(view.namespace()).build();
        return reading(
                IpamerServiceGrpc.getGetNamespaceUsageMethod(), request, answer -> Answers.usage(answer.getUsage()));
    }

    Operation<?, ?, Page<FreeRange>> free(String cidr, PageRequest page) {
        ListFreeRequest request = ListFreeRequest.newBuilder()
                .setNamespace(view.namespace())
                .setCidr(requireNonNull(cidr, "cidr"))
                .setPageSize(requireNonNull(page, "page").size())
                .setPageToken(page.token())
                .build();
        return reading(
                IpamerServiceGrpc.getListFreeMethod(),
                request,
                answer -> Answers.page(answer.getRangesList(), Answers::free, answer.getNextPageToken()));
    }

    Operation<?, ?, Overlaps> overlaps(Collection<String> cidrs) {
        CheckOverlapRequest request = CheckOverlapRequest.newBuilder()
                .setNamespace(view.namespace())
                .addAllCidrs(requireNonNull(cidrs, "cidrs"))
                .build();
        return reading(IpamerServiceGrpc.getCheckOverlapMethod(), request, Answers::overlaps);
    }

    Operation<?, ?, Namespace> createNamespace(String name) {
        String id = changing();
        CreateNamespaceRequest request = CreateNamespaceRequest.newBuilder()
                .setName(requireNonNull(name, "name"))
                .setRequestId(id)
                .build();
        return new Operation<>(
                IpamerServiceGrpc.getCreateNamespaceMethod(),
                request,
                id,
                answer -> Answers.namespace(answer.getNamespace()));
    }

    Operation<?, ?, Namespace> namespace(String name) {
        GetNamespaceRequest request = GetNamespaceRequest.newBuilder()
                .setName(requireNonNull(name, "name"))
                .build();
        return reading(
                IpamerServiceGrpc.getGetNamespaceMethod(), request, answer -> Answers.namespace(answer.getNamespace()));
    }

    Operation<?, ?, Page<Namespace>> namespaces(PageRequest page) {
        ListNamespacesRequest request = ListNamespacesRequest.newBuilder()
                .setPageSize(requireNonNull(page, "page").size())
                .setPageToken(page.token())
                .build();
        return reading(
                IpamerServiceGrpc.getListNamespacesMethod(),
                request,
                answer -> Answers.page(answer.getNamespacesList(), Answers::namespace, answer.getNextPageToken()));
    }

    Operation<?, ?, Namespace> deleteNamespace(String name) {
        String id = changing();
        DeleteNamespaceRequest request = DeleteNamespaceRequest.newBuilder()
                .setName(requireNonNull(name, "name"))
                .setRequestId(id)
                .build();
        return new Operation<>(
                IpamerServiceGrpc.getDeleteNamespaceMethod(),
                request,
                id,
                answer -> Answers.namespace(answer.getNamespace()));
    }

    Operation<?, ?, ServerVersion> version() {
        return reading(
                IpamerServiceGrpc.getGetVersionMethod(), GetVersionRequest.getDefaultInstance(), Answers::version);
    }

    private static <Q, A, T> Operation<Q, A, T> reading(
            MethodDescriptor<Q, A> method, Q request, Function<A, T> reader) {
        return new Operation<>(method, request, "", reader);
    }

    /** The request id of a call that changes something, and has no dry run. */
    private String changing() {
        if (view.dry()) {
            throw new UnsupportedOperationException(
                    "a dry run changes nothing, and only acquiring calls and imports have one");
        }
        return acquiring();
    }

    private String acquiring() {
        return view.requestId().isEmpty() ? ids.next() : view.requestId();
    }

    /** Without its id any holder would do. */
    private static String identified(String id) {
        if (id.isEmpty()) {
            throw new IllegalArgumentException("this is of a dry run: it has no id");
        }
        return id;
    }

    private static FieldMask mask(MetadataUpdate update) {
        return FieldMask.newBuilder().addAllPaths(update.paths()).build();
    }

    private static io.ipamer.proto.v1.ReservationPolicy policy(ReservationPolicy reservation) {
        return switch (requireNonNull(reservation, "reservation")) {
            case DEFAULT -> io.ipamer.proto.v1.ReservationPolicy.RESERVATION_POLICY_DEFAULT;
            case NONE -> io.ipamer.proto.v1.ReservationPolicy.RESERVATION_POLICY_NONE;
            case UNRECOGNIZED -> throw new IllegalArgumentException("reservation must be DEFAULT or NONE");
        };
    }
}
