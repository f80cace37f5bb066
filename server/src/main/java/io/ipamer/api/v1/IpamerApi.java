package io.ipamer.api.v1;

import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.ipamer.address.AddressFamily;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.api.BuildFacts;
import io.ipamer.api.Unary;
import io.ipamer.ipam.CallOptions;
import io.ipamer.ipam.Ipam;
import io.ipamer.ipam.Lists;
import io.ipamer.ipam.Overlap;
import io.ipamer.ipam.Surroundings;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Metadata;
import io.ipamer.model.Releases;
import io.ipamer.model.Reply;
import io.ipamer.model.Reservation;
import io.ipamer.proto.v1.AcquireChildPrefixRequest;
import io.ipamer.proto.v1.AcquireChildPrefixResponse;
import io.ipamer.proto.v1.AcquireIpRequest;
import io.ipamer.proto.v1.AcquireIpResponse;
import io.ipamer.proto.v1.AcquireIpsRequest;
import io.ipamer.proto.v1.AcquireIpsResponse;
import io.ipamer.proto.v1.Allocation;
import io.ipamer.proto.v1.CheckOverlapRequest;
import io.ipamer.proto.v1.CheckOverlapResponse;
import io.ipamer.proto.v1.CreateNamespaceRequest;
import io.ipamer.proto.v1.CreateNamespaceResponse;
import io.ipamer.proto.v1.CreatePrefixRequest;
import io.ipamer.proto.v1.CreatePrefixResponse;
import io.ipamer.proto.v1.DeleteNamespaceRequest;
import io.ipamer.proto.v1.DeleteNamespaceResponse;
import io.ipamer.proto.v1.DeletePrefixRequest;
import io.ipamer.proto.v1.DeletePrefixResponse;
import io.ipamer.proto.v1.ExportRequest;
import io.ipamer.proto.v1.ExportResponse;
import io.ipamer.proto.v1.GetIpRequest;
import io.ipamer.proto.v1.GetIpResponse;
import io.ipamer.proto.v1.GetNamespaceRequest;
import io.ipamer.proto.v1.GetNamespaceResponse;
import io.ipamer.proto.v1.GetNamespaceUsageRequest;
import io.ipamer.proto.v1.GetNamespaceUsageResponse;
import io.ipamer.proto.v1.GetPrefixRequest;
import io.ipamer.proto.v1.GetPrefixResponse;
import io.ipamer.proto.v1.GetPrefixUsageRequest;
import io.ipamer.proto.v1.GetPrefixUsageResponse;
import io.ipamer.proto.v1.GetVersionRequest;
import io.ipamer.proto.v1.GetVersionResponse;
import io.ipamer.proto.v1.ImportRequest;
import io.ipamer.proto.v1.ImportResponse;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import io.ipamer.proto.v1.ListFreeRequest;
import io.ipamer.proto.v1.ListFreeResponse;
import io.ipamer.proto.v1.ListIpsRequest;
import io.ipamer.proto.v1.ListIpsResponse;
import io.ipamer.proto.v1.ListNamespacesRequest;
import io.ipamer.proto.v1.ListNamespacesResponse;
import io.ipamer.proto.v1.ListPrefixesRequest;
import io.ipamer.proto.v1.ListPrefixesResponse;
import io.ipamer.proto.v1.LookupRequest;
import io.ipamer.proto.v1.LookupResponse;
import io.ipamer.proto.v1.NamespaceUsage;
import io.ipamer.proto.v1.OverlapConflict;
import io.ipamer.proto.v1.Prefix;
import io.ipamer.proto.v1.ReleaseChildPrefixRequest;
import io.ipamer.proto.v1.ReleaseChildPrefixResponse;
import io.ipamer.proto.v1.ReleaseIpRequest;
import io.ipamer.proto.v1.ReleaseIpResponse;
import io.ipamer.proto.v1.ReleaseIpsByOwnerRequest;
import io.ipamer.proto.v1.ReleaseIpsByOwnerResponse;
import io.ipamer.proto.v1.ReleaseIpsItem;
import io.ipamer.proto.v1.ReleaseIpsRequest;
import io.ipamer.proto.v1.ReleaseIpsResponse;
import io.ipamer.proto.v1.ReleaseIpsResult;
import io.ipamer.proto.v1.ReservationPolicy;
import io.ipamer.proto.v1.UpdateIpRequest;
import io.ipamer.proto.v1.UpdateIpResponse;
import io.ipamer.proto.v1.UpdatePrefixRequest;
import io.ipamer.proto.v1.UpdatePrefixResponse;
import io.ipamer.transfer.Transfers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** {@code ipamer.v1.IpamerService} over the use cases. */
public final class IpamerApi extends IpamerServiceGrpc.IpamerServiceImplBase {
    private static final int MAX_ADDRESSES = 4_096;
    private static final int MAX_CIDRS = 1_000;
    private static final int MAX_BYTES = 2 << 20;
    private static final int MAX_WORDS = 32_768;
    private static final int MAX_CONFLICTS = 10_000;

    private final Ipam ipam;
    private final Transfers transfers;
    private final Surroundings.Timer timer;
    private final BuildFacts build;

    /** {@code timer}: tells callers of imports how far they are. */
    public IpamerApi(Ipam ipam, Transfers transfers, Surroundings.Timer timer, BuildFacts build) {
        this.ipam = ipam;
        this.transfers = transfers;
        this.timer = timer;
        this.build = build;
    }

    @Override
    public void export(ExportRequest request, StreamObserver<ExportResponse> observer) {
        ExportCall.start(request, (ServerCallStreamObserver<ExportResponse>) observer, transfers);
    }

    @Override
    public StreamObserver<ImportRequest> import_(StreamObserver<ImportResponse> observer) {
        return ImportCall.start((ServerCallStreamObserver<ImportResponse>) observer, transfers, timer);
    }

    @Override
    public void getVersion(GetVersionRequest request, StreamObserver<GetVersionResponse> observer) {
        answer(
                observer,
                () -> CompletableFuture.completedFuture(build),
                facts -> GetVersionResponse.newBuilder()
                        .setVersion(facts.version())
                        .setVcsRevision(facts.revision())
                        .setBuildDate(facts.buildDate())
                        .setJavaVersion(Runtime.version().toString())
                        .build());
    }

    @Override
    public void createNamespace(CreateNamespaceRequest request, StreamObserver<CreateNamespaceResponse> observer) {
        answer(
                observer,
                () -> ipam.namespaces()
                        .create(Fields.namespace("name", request.getName()), options(request.getRequestId())),
                reply -> CreateNamespaceResponse.newBuilder()
                        .setNamespace(Messages.message(reply.answer()))
                        .setRevision(reply.revision())
                        .setReplayed(reply.replayed())
                        .build());
    }

    @Override
    public void getNamespace(GetNamespaceRequest request, StreamObserver<GetNamespaceResponse> observer) {
        answer(
                observer,
                () -> ipam.namespaces().get(Fields.namespaceOrRoot("name", request.getName())),
                namespace -> GetNamespaceResponse.newBuilder()
                        .setNamespace(Messages.message(namespace))
                        .build());
    }

    @Override
    public void deleteNamespace(DeleteNamespaceRequest request, StreamObserver<DeleteNamespaceResponse> observer) {
        answer(
                observer,
                () -> ipam.namespaces()
                        .delete(Fields.namespace("name", request.getName()), options(request.getRequestId())),
                reply -> DeleteNamespaceResponse.newBuilder()
                        .setNamespace(Messages.message(reply.answer()))
                        .setRevision(reply.revision())
                        .setReplayed(reply.replayed())
                        .build());
    }

    @Override
    public void createPrefix(CreatePrefixRequest request, StreamObserver<CreatePrefixResponse> observer) {
        answer(
                observer,
                () -> ipam.prefixes()
                        .create(
                                namespace(request.getNamespace()),
                                Fields.cidr("cidr", request.getCidr()),
                                reservation(request.getReservation(), request.getReservationValue()),
                                options(
                                        request.getRequestId(),
                                        Fields.metadata(
                                                request.getOwner(), request.getLabelsMap(), request.getDescription()),
                                        false)),
                reply -> CreatePrefixResponse.newBuilder()
                        .setPrefix(Messages.message(namespace(request.getNamespace()), reply.answer()))
                        .setRevision(reply.revision())
                        .setReplayed(reply.replayed())
                        .build());
    }

    @Override
    public void getPrefix(GetPrefixRequest request, StreamObserver<GetPrefixResponse> observer) {
        answer(
                observer,
                () -> ipam.prefixes().get(namespace(request.getNamespace()), Fields.cidr("cidr", request.getCidr())),
                prefix -> GetPrefixResponse.newBuilder()
                        .setPrefix(Messages.message(namespace(request.getNamespace()), prefix))
                        .build());
    }

    @Override
    public void deletePrefix(DeletePrefixRequest request, StreamObserver<DeletePrefixResponse> observer) {
        if (request.getForce()) {
            answer(
                    observer,
                    () -> ipam.prefixes()
                            .deleteWithContent(
                                    namespace(request.getNamespace()),
                                    Fields.cidr("cidr", request.getCidr()),
                                    Fields.id("prefix_id", request.getPrefixId()),
                                    options(request.getRequestId())),
                    deletion -> deleted(request, deletion.reply())
                            .setInProgress(deletion.inProgress())
                            .setDeletedPrefixes(deletion.deleted())
                            .setReleasedIps(deletion.released())
                            .build());
            return;
        }
        answer(
                observer,
                () -> ipam.prefixes()
                        .delete(
                                namespace(request.getNamespace()),
                                Fields.cidr("cidr", request.getCidr()),
                                Fields.id("prefix_id", request.getPrefixId()),
                                options(request.getRequestId())),
                reply -> deleted(request, reply)
                        .setDeletedPrefixes(reply.replayed() ? 0 : 1)
                        .build());
    }

    private static DeletePrefixResponse.Builder deleted(
            DeletePrefixRequest request, Reply<io.ipamer.model.Prefix> reply) {
        return DeletePrefixResponse.newBuilder()
                .setPrefix(Messages.message(namespace(request.getNamespace()), reply.answer()))
                .setRevision(reply.revision())
                .setReplayed(reply.replayed());
    }

    @Override
    public void acquireChildPrefix(
            AcquireChildPrefixRequest request, StreamObserver<AcquireChildPrefixResponse> observer) {
        answer(
                observer,
                () -> acquireChild(request),
                reply -> AcquireChildPrefixResponse.newBuilder()
                        .setPrefix(acquired(request, reply.answer()))
                        .setRevision(reply.revision())
                        .setReplayed(reply.replayed())
                        .build());
    }

    private static Prefix acquired(AcquireChildPrefixRequest request, io.ipamer.model.Prefix prefix) {
        Prefix message = Messages.message(namespace(request.getNamespace()), prefix);
        return request.getDryRun() ? message.toBuilder().clearId().build() : message;
    }

    private CompletableFuture<Reply<io.ipamer.model.Prefix>> acquireChild(AcquireChildPrefixRequest request) {
        String namespace = namespace(request.getNamespace());
        Cidr parent = Fields.cidr("parent_cidr", request.getParentCidr());
        Reservation reservation = reservation(request.getReservation(), request.getReservationValue());
        CallOptions options = options(
                request.getRequestId(),
                Fields.metadata(request.getOwner(), request.getLabelsMap(), request.getDescription()),
                request.getDryRun());
        return switch (request.getTargetCase()) {
            case LENGTH ->
                ipam.prefixes()
                        .acquireChild(
                                namespace,
                                parent,
                                Fields.length("length", request.getLength(), parent),
                                reservation,
                                options);
            case CIDR ->
                ipam.prefixes()
                        .acquireChild(namespace, parent, Fields.cidr("cidr", request.getCidr()), reservation, options);
            case TARGET_NOT_SET -> throw Fields.missing("length", "a prefix length, or in its place a cidr,");
        };
    }

    @Override
    public void releaseChildPrefix(
            ReleaseChildPrefixRequest request, StreamObserver<ReleaseChildPrefixResponse> observer) {
        answer(
                observer,
                () -> ipam.prefixes()
                        .releaseChild(
                                namespace(request.getNamespace()),
                                Fields.cidr("cidr", request.getCidr()),
                                Fields.id("prefix_id", request.getPrefixId()),
                                options(request.getRequestId())),
                reply -> ReleaseChildPrefixResponse.newBuilder()
                        .setPrefix(Messages.message(namespace(request.getNamespace()), reply.answer()))
                        .setRevision(reply.revision())
                        .setReplayed(reply.replayed())
                        .build());
    }

    @Override
    public void acquireIp(AcquireIpRequest request, StreamObserver<AcquireIpResponse> observer) {
        answer(
                observer,
                () -> acquire(request),
                reply -> AcquireIpResponse.newBuilder()
                        .setAllocation(acquired(
                                request.getNamespace(),
                                request.getPrefixCidr(),
                                request.getDryRun(),
                                reply.answer().allocations().get(0)))
                        .setRevision(reply.revision())
                        .setReplayed(reply.replayed())
                        .build());
    }

    private static Allocation acquired(
            String namespace, String prefix, boolean dryRun, io.ipamer.model.Allocation allocation) {
        return Messages.message(
                namespace(namespace),
                Cidr.parse(prefix),
                allocation.address(),
                dryRun ? null : allocation.id(),
                allocation.metadata());
    }

    private CompletableFuture<Reply<io.ipamer.model.Allocations>> acquire(AcquireIpRequest request) {
        String namespace = namespace(request.getNamespace());
        Cidr prefix = Fields.cidr("prefix_cidr", request.getPrefixCidr());
        CallOptions options = options(
                request.getRequestId(),
                Fields.metadata(request.getOwner(), request.getLabelsMap(), request.getDescription()),
                request.getDryRun());
        return request.getAddress().isEmpty()
                ? ipam.addresses().acquire(namespace, prefix, options)
                : ipam.addresses().acquire(namespace, prefix, Fields.address("address", request.getAddress()), options);
    }

    @Override
    public void acquireIps(AcquireIpsRequest request, StreamObserver<AcquireIpsResponse> observer) {
        answer(
                observer,
                () -> ipam.addresses()
                        .acquire(
                                namespace(request.getNamespace()),
                                Fields.cidr("prefix_cidr", request.getPrefixCidr()),
                                count(request),
                                request.getContiguous(),
                                options(
                                        request.getRequestId(),
                                        Fields.metadata(
                                                request.getOwner(), request.getLabelsMap(), request.getDescription()),
                                        request.getDryRun())),
                reply -> {
                    AcquireIpsResponse.Builder response = AcquireIpsResponse.newBuilder()
                            .setRevision(reply.revision())
                            .setReplayed(reply.replayed());
                    for (io.ipamer.model.Allocation allocation : reply.answer().allocations()) {
                        response.addAllocations(acquired(
                                request.getNamespace(), request.getPrefixCidr(), request.getDryRun(), allocation));
                    }
                    return response.build();
                });
    }

    /** What is said of the addresses stands in the answer with each of them, and in the store once for each word. */
    private static int count(AcquireIpsRequest request) {
        int count = Fields.count("count", request.getCount(), MAX_ADDRESSES);
        Metadata metadata = Fields.metadata(request.getOwner(), request.getLabelsMap(), request.getDescription());
        int most = Math.min(MAX_BYTES / Math.max(1, metadata.size()), MAX_WORDS / (1 + metadata.words()));
        if (count > most) {
            throw Fields.wrongCount("count", count, "is too many with so much said of each: 1 to " + most, 1, most);
        }
        return count;
    }

    @Override
    public void releaseIp(ReleaseIpRequest request, StreamObserver<ReleaseIpResponse> observer) {
        answer(
                observer,
                () -> {
                    Cidr prefix = Fields.cidr("prefix_cidr", request.getPrefixCidr());
                    Releases.Item item = new Releases.Item(
                            Fields.address("address", request.getAddress()),
                            Fields.id("allocation_id", request.getAllocationId()));
                    return ipam.addresses()
                            .release(
                                    namespace(request.getNamespace()),
                                    prefix,
                                    List.of(item),
                                    false,
                                    options(request.getRequestId()));
                },
                reply -> ReleaseIpResponse.newBuilder()
                        .setAllocation(
                                released(request, reply.answer().releases().get(0)))
                        .setRevision(reply.revision())
                        .setReplayed(reply.replayed())
                        .build());
    }

    private static Allocation released(ReleaseIpRequest request, Releases.Release release) {
        if (release instanceof Releases.Refused refused) {
            throw new IpamerException(
                    refused.reason(),
                    refused.message(),
                    Map.of("address", refused.address().toString(), "cidr", request.getPrefixCidr()));
        }
        return Messages.message(
                namespace(request.getNamespace()), Cidr.parse(request.getPrefixCidr()), (Releases.Released) release);
    }

    @Override
    public void releaseIps(ReleaseIpsRequest request, StreamObserver<ReleaseIpsResponse> observer) {
        answer(
                observer,
                () -> ipam.addresses()
                        .release(
                                namespace(request.getNamespace()),
                                Fields.cidr("prefix_cidr", request.getPrefixCidr()),
                                items(request.getItemsList()),
                                false,
                                options(request.getRequestId())),
                reply -> {
                    ReleaseIpsResponse.Builder response = ReleaseIpsResponse.newBuilder()
                            .setRevision(reply.revision())
                            .setReplayed(reply.replayed());
                    reply.answer().releases().forEach(release -> response.addResults(result(request, release)));
                    return response.build();
                });
    }

    private static List<Releases.Item> items(List<ReleaseIpsItem> items) {
        Fields.count("items", items.size(), MAX_ADDRESSES);
        List<Releases.Item> read = new ArrayList<>(items.size());
        for (int i = 0; i < items.size(); i++) {
            String path = "items[" + i + "].";
            read.add(new Releases.Item(
                    Fields.address(path + "address", items.get(i).getAddress()),
                    Fields.id(path + "allocation_id", items.get(i).getAllocationId())));
        }
        return read;
    }

    private static ReleaseIpsResult result(ReleaseIpsRequest request, Releases.Release release) {
        ReleaseIpsResult.Builder result = ReleaseIpsResult.newBuilder();
        if (release instanceof Releases.Refused refused) {
            result.setError(Messages.message(refused));
        } else {
            result.setReleased(Messages.message(
                    namespace(request.getNamespace()), Cidr.parse(request.getPrefixCidr()), (Releases.Released)
                            release));
        }
        return result.build();
    }

    @Override
    public void getPrefixUsage(GetPrefixUsageRequest request, StreamObserver<GetPrefixUsageResponse> observer) {
        answer(
                observer,
                () -> ipam.prefixes().usage(namespace(request.getNamespace()), Fields.cidr("cidr", request.getCidr())),
                usage -> GetPrefixUsageResponse.newBuilder()
                        .setUsage(Messages.message(usage))
                        .build());
    }

    @Override
    public void checkOverlap(CheckOverlapRequest request, StreamObserver<CheckOverlapResponse> observer) {
        answer(
                observer,
                () -> {
                    String namespace = namespace(request.getNamespace());
                    Fields.count("cidrs", request.getCidrsCount(), MAX_CIDRS);
                    List<Cidr> cidrs = new ArrayList<>(request.getCidrsCount());
                    for (int i = 0; i < request.getCidrsCount(); i++) {
                        cidrs.add(Fields.cidr("cidrs[" + i + "]", request.getCidrs(i)));
                    }
                    return ipam.prefixes().overlaps(namespace, cidrs, MAX_CONFLICTS + 1);
                },
                overlaps -> {
                    CheckOverlapResponse.Builder response = CheckOverlapResponse.newBuilder();
                    for (Overlap overlap : overlaps.subList(0, Math.min(overlaps.size(), MAX_CONFLICTS))) {
                        response.addConflicts(OverlapConflict.newBuilder()
                                .setCidr(overlap.cidr().toString())
                                .setConflictsWith(overlap.conflictsWith().toString())
                                .setExisting(overlap.existing()));
                    }
                    return response.setTruncated(overlaps.size() > MAX_CONFLICTS)
                            .build();
                });
    }

    @Override
    public void listNamespaces(ListNamespacesRequest request, StreamObserver<ListNamespacesResponse> observer) {
        answer(
                observer,
                () -> ipam.lists().namespaces(Fields.page(request.getPageSize(), request.getPageToken())),
                page -> ListNamespacesResponse.newBuilder()
                        .addAllNamespaces(
                                page.rows().stream().map(Messages::message).toList())
                        .setNextPageToken(page.nextToken())
                        .build());
    }

    @Override
    public void listPrefixes(ListPrefixesRequest request, StreamObserver<ListPrefixesResponse> observer) {
        answer(
                observer,
                () -> ipam.lists()
                        .prefixes(
                                namespace(request.getNamespace()),
                                filter(request),
                                Fields.page(request.getPageSize(), request.getPageToken())),
                page -> ListPrefixesResponse.newBuilder()
                        .addAllPrefixes(prefixes(request.getNamespace(), page.rows()))
                        .setNextPageToken(page.nextToken())
                        .build());
    }

    private static Lists.PrefixFilter filter(ListPrefixesRequest request) {
        AddressFamily family = Fields.family("family", request.getFamily(), request.getFamilyValue());
        Cidr parent = request.getParentCidr().isEmpty() ? null : Fields.cidr("parent_cidr", request.getParentCidr());
        if (family != null && parent != null && family != parent.family()) {
            throw Fields.filter("parent_cidr", request.getParentCidr(), "is not of the family that is wanted");
        }
        Integer depth = request.hasDepth() ? Fields.depth(request.getDepth()) : null;
        if (parent != null && depth != null && depth == 0) {
            throw Fields.filter("depth", "0", "is of top-level prefixes, which have no parent");
        }
        return new Lists.PrefixFilter(
                family, parent, depth, Fields.owner(request.getOwner()), Fields.labels(request.getLabelsMap()));
    }

    private static List<Prefix> prefixes(String namespace, List<io.ipamer.model.Prefix> prefixes) {
        String name = namespace(namespace);
        return prefixes.stream().map(prefix -> Messages.message(name, prefix)).toList();
    }

    @Override
    public void updatePrefix(UpdatePrefixRequest request, StreamObserver<UpdatePrefixResponse> observer) {
        answer(
                observer,
                () -> ipam.prefixes()
                        .update(
                                namespace(request.getNamespace()),
                                Fields.cidr("cidr", request.getCidr()),
                                Fields.id("prefix_id", request.getPrefixId()),
                                Fields.update(
                                        request.hasUpdateMask(),
                                        request.getUpdateMask(),
                                        request.getOwner(),
                                        request.getLabelsMap(),
                                        request.getDescription()),
                                options(request.getRequestId())),
                reply -> UpdatePrefixResponse.newBuilder()
                        .setPrefix(Messages.message(namespace(request.getNamespace()), reply.answer()))
                        .setRevision(reply.revision())
                        .setReplayed(reply.replayed())
                        .build());
    }

    @Override
    public void releaseIpsByOwner(
            ReleaseIpsByOwnerRequest request, StreamObserver<ReleaseIpsByOwnerResponse> observer) {
        answer(
                observer,
                () -> ipam.addresses()
                        .releaseOwned(
                                namespace(request.getNamespace()),
                                request.getPrefixCidr().isEmpty()
                                        ? null
                                        : Fields.cidr("prefix_cidr", request.getPrefixCidr()),
                                Fields.requiredOwner(request.getOwner()),
                                options(request.getRequestId())),
                progress -> ReleaseIpsByOwnerResponse.newBuilder()
                        .setReleasedIps(progress.released())
                        .setInProgress(progress.inProgress())
                        .setReplayed(progress.replayed())
                        .build());
    }

    @Override
    public void getIp(GetIpRequest request, StreamObserver<GetIpResponse> observer) {
        answer(
                observer,
                () -> ipam.addresses()
                        .get(
                                namespace(request.getNamespace()),
                                Fields.cidr("prefix_cidr", request.getPrefixCidr()),
                                Fields.address("address", request.getAddress())),
                allocation -> GetIpResponse.newBuilder()
                        .setAllocation(acquired(request.getNamespace(), request.getPrefixCidr(), false, allocation))
                        .build());
    }

    @Override
    public void listIps(ListIpsRequest request, StreamObserver<ListIpsResponse> observer) {
        answer(
                observer,
                () -> ipam.lists()
                        .allocations(
                                namespace(request.getNamespace()),
                                Fields.cidr("prefix_cidr", request.getPrefixCidr()),
                                filter(request),
                                Fields.page(request.getPageSize(), request.getPageToken())),
                page -> {
                    String namespace = namespace(request.getNamespace());
                    Cidr prefix = Cidr.parse(request.getPrefixCidr());
                    return ListIpsResponse.newBuilder()
                            .addAllAllocations(page.rows().stream()
                                    .map(row -> Messages.message(namespace, prefix, row))
                                    .toList())
                            .setNextPageToken(page.nextToken())
                            .build();
                });
    }

    private static Lists.AllocationFilter filter(ListIpsRequest request) {
        Cidr prefix = Fields.cidr("prefix_cidr", request.getPrefixCidr());
        IpAddress from = bound("from_address", request.getFromAddress(), prefix);
        IpAddress to = bound("to_address", request.getToAddress(), prefix);
        if (from != null && to != null && from.isAfter(to)) {
            throw Fields.filter("to_address", request.getToAddress(), "comes before from_address");
        }
        return new Lists.AllocationFilter(
                from, to, Fields.owner(request.getOwner()), Fields.labels(request.getLabelsMap()));
    }

    private static @Nullable IpAddress bound(String field, String value, Cidr prefix) {
        if (value.isEmpty()) {
            return null;
        }
        IpAddress address = Fields.address(field, value);
        if (address.family() != prefix.family()) {
            throw Fields.filter(field, value, "is of another family than " + prefix);
        }
        return address;
    }

    @Override
    public void updateIp(UpdateIpRequest request, StreamObserver<UpdateIpResponse> observer) {
        answer(
                observer,
                () -> ipam.addresses()
                        .update(
                                namespace(request.getNamespace()),
                                Fields.cidr("prefix_cidr", request.getPrefixCidr()),
                                Fields.address("address", request.getAddress()),
                                Fields.id("allocation_id", request.getAllocationId()),
                                Fields.update(
                                        request.hasUpdateMask(),
                                        request.getUpdateMask(),
                                        request.getOwner(),
                                        request.getLabelsMap(),
                                        request.getDescription()),
                                options(request.getRequestId())),
                reply -> UpdateIpResponse.newBuilder()
                        .setAllocation(acquired(
                                request.getNamespace(),
                                request.getPrefixCidr(),
                                false,
                                reply.answer().allocations().get(0)))
                        .setRevision(reply.revision())
                        .setReplayed(reply.replayed())
                        .build());
    }

    @Override
    public void lookup(LookupRequest request, StreamObserver<LookupResponse> observer) {
        if (!request.getAddress().isEmpty()) {
            answer(observer, () -> sight(request), found -> {
                LookupResponse.Builder response =
                        LookupResponse.newBuilder().addAllPrefixes(prefixes(request.getNamespace(), found.prefixes()));
                found.allocation()
                        .ifPresent(allocation -> response.addAllocations(Messages.message(
                                namespace(request.getNamespace()),
                                found.prefixes()
                                        .get(found.prefixes().size() - 1)
                                        .cidr(),
                                allocation)));
                return response.build();
            });
            return;
        }
        answer(
                observer,
                () -> find(request),
                found -> LookupResponse.newBuilder()
                        .addAllPrefixes(prefixes(request.getNamespace(), found.prefixes()))
                        .addAllAllocations(found.allocations().stream()
                                .map(held -> Messages.message(
                                        namespace(request.getNamespace()),
                                        held.prefix().cidr(),
                                        held.allocation()))
                                .toList())
                        .setNextPageToken(found.nextToken())
                        .build());
    }

    private CompletableFuture<Lists.Sighting> sight(LookupRequest request) {
        IpAddress address = Fields.address("address", request.getAddress());
        if (!request.getOwner().isEmpty()
                || request.getLabelsCount() > 0
                || !request.getPageToken().isEmpty()) {
            throw Fields.filter("address", request.getAddress(), "goes with neither owner nor labels nor a page token");
        }
        return ipam.lists().sight(namespace(request.getNamespace()), address);
    }

    private CompletableFuture<Lists.Finds> find(LookupRequest request) {
        if (request.getOwner().isEmpty() && request.getLabelsCount() == 0) {
            throw Fields.missing("address", "an address, or in its place an owner or labels,");
        }
        return ipam.lists()
                .find(
                        namespace(request.getNamespace()),
                        Fields.owner(request.getOwner()),
                        Fields.labels(request.getLabelsMap()),
                        Fields.page(request.getPageSize(), request.getPageToken()));
    }

    @Override
    public void getNamespaceUsage(
            GetNamespaceUsageRequest request, StreamObserver<GetNamespaceUsageResponse> observer) {
        answer(
                observer,
                () -> ipam.capacity().usage(Fields.namespaceOrRoot("name", request.getName())),
                usage -> GetNamespaceUsageResponse.newBuilder()
                        .setUsage(NamespaceUsage.newBuilder()
                                .setNamespace(Fields.namespaceOrRoot("name", request.getName()))
                                .setIpv4(Messages.message(usage.ipv4()))
                                .setIpv6(Messages.message(usage.ipv6())))
                        .build());
    }

    @Override
    public void listFree(ListFreeRequest request, StreamObserver<ListFreeResponse> observer) {
        answer(
                observer,
                () -> ipam.capacity()
                        .free(
                                namespace(request.getNamespace()),
                                Fields.cidr("cidr", request.getCidr()),
                                Fields.page(request.getPageSize(), request.getPageToken())),
                free -> ListFreeResponse.newBuilder()
                        .addAllRanges(
                                free.ranges().stream().map(Messages::message).toList())
                        .setNextPageToken(free.nextToken())
                        .setRevision(free.revision())
                        .build());
    }

    private static <T, M> void answer(
            StreamObserver<M> observer, Supplier<CompletableFuture<T>> call, Function<T, M> message) {
        Unary.answer(observer, call, message, Statuses::of);
    }

    private static CallOptions options(String requestId) {
        return options(requestId, Metadata.NONE, false);
    }

    private static CallOptions options(String requestId, Metadata metadata, boolean dryRun) {
        return new CallOptions(requestId.isEmpty() ? null : requestId, Unary.deadline(), metadata, dryRun);
    }

    private static String namespace(String value) {
        return Fields.namespaceOrRoot("namespace", value);
    }

    private static Reservation reservation(ReservationPolicy value, int number) {
        return Fields.reservation("reservation", value, number);
    }
}
