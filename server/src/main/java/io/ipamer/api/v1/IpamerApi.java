package io.ipamer.api.v1;

import io.grpc.stub.StreamObserver;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.api.BuildFacts;
import io.ipamer.api.Unary;
import io.ipamer.ipam.CallOptions;
import io.ipamer.ipam.Ipam;
import io.ipamer.ipam.Overlap;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Mode;
import io.ipamer.model.Releases;
import io.ipamer.model.Reply;
import io.ipamer.model.Reservation;
import io.ipamer.model.Usage;
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
import io.ipamer.proto.v1.GetNamespaceRequest;
import io.ipamer.proto.v1.GetNamespaceResponse;
import io.ipamer.proto.v1.GetPrefixRequest;
import io.ipamer.proto.v1.GetPrefixResponse;
import io.ipamer.proto.v1.GetPrefixUsageRequest;
import io.ipamer.proto.v1.GetPrefixUsageResponse;
import io.ipamer.proto.v1.GetVersionRequest;
import io.ipamer.proto.v1.GetVersionResponse;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import io.ipamer.proto.v1.ItemError;
import io.ipamer.proto.v1.Namespace;
import io.ipamer.proto.v1.OverlapConflict;
import io.ipamer.proto.v1.Prefix;
import io.ipamer.proto.v1.PrefixMode;
import io.ipamer.proto.v1.PrefixUsage;
import io.ipamer.proto.v1.ReleaseChildPrefixRequest;
import io.ipamer.proto.v1.ReleaseChildPrefixResponse;
import io.ipamer.proto.v1.ReleaseIpRequest;
import io.ipamer.proto.v1.ReleaseIpResponse;
import io.ipamer.proto.v1.ReleaseIpsItem;
import io.ipamer.proto.v1.ReleaseIpsRequest;
import io.ipamer.proto.v1.ReleaseIpsResponse;
import io.ipamer.proto.v1.ReleaseIpsResult;
import io.ipamer.proto.v1.ReservationPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** {@code ipamer.v1.IpamerService} over the use cases. */
public final class IpamerApi extends IpamerServiceGrpc.IpamerServiceImplBase {
    private static final int MAX_ADDRESSES = 4_096;
    private static final int MAX_CIDRS = 1_000;
    private static final int MAX_CONFLICTS = 10_000;

    private final Ipam ipam;
    private final BuildFacts build;

    public IpamerApi(Ipam ipam, BuildFacts build) {
        this.ipam = ipam;
        this.build = build;
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
                        .setNamespace(message(reply.answer()))
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
                        .setNamespace(message(namespace))
                        .build());
    }

    @Override
    public void deleteNamespace(DeleteNamespaceRequest request, StreamObserver<DeleteNamespaceResponse> observer) {
        answer(
                observer,
                () -> ipam.namespaces()
                        .delete(Fields.namespace("name", request.getName()), options(request.getRequestId())),
                reply -> DeleteNamespaceResponse.newBuilder()
                        .setNamespace(message(reply.answer()))
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
                                options(request.getRequestId())),
                reply -> CreatePrefixResponse.newBuilder()
                        .setPrefix(message(request.getNamespace(), reply.answer()))
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
                        .setPrefix(message(request.getNamespace(), prefix))
                        .build());
    }

    @Override
    public void deletePrefix(DeletePrefixRequest request, StreamObserver<DeletePrefixResponse> observer) {
        answer(
                observer,
                () -> ipam.prefixes()
                        .delete(
                                namespace(request.getNamespace()),
                                Fields.cidr("cidr", request.getCidr()),
                                options(request.getRequestId())),
                reply -> DeletePrefixResponse.newBuilder()
                        .setPrefix(message(request.getNamespace(), reply.answer()))
                        .setRevision(reply.revision())
                        .setReplayed(reply.replayed())
                        .build());
    }

    @Override
    public void acquireChildPrefix(
            AcquireChildPrefixRequest request, StreamObserver<AcquireChildPrefixResponse> observer) {
        answer(
                observer,
                () -> acquireChild(request),
                reply -> AcquireChildPrefixResponse.newBuilder()
                        .setPrefix(message(request.getNamespace(), reply.answer()))
                        .setRevision(reply.revision())
                        .setReplayed(reply.replayed())
                        .build());
    }

    private CompletableFuture<Reply<io.ipamer.model.Prefix>> acquireChild(AcquireChildPrefixRequest request) {
        String namespace = namespace(request.getNamespace());
        Cidr parent = Fields.cidr("parent_cidr", request.getParentCidr());
        Reservation reservation = reservation(request.getReservation(), request.getReservationValue());
        CallOptions options = options(request.getRequestId());
        return switch (request.getTargetCase()) {
            case LENGTH ->
                ipam.prefixes()
                        .acquireChild(namespace, parent, Fields.length(request.getLength()), reservation, options);
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
                        .setPrefix(message(request.getNamespace(), reply.answer()))
                        .setRevision(reply.revision())
                        .setReplayed(reply.replayed())
                        .build());
    }

    @Override
    public void acquireIp(AcquireIpRequest request, StreamObserver<AcquireIpResponse> observer) {
        answer(observer, () -> acquire(request), reply -> {
            io.ipamer.model.Allocation allocation = reply.answer().allocations().get(0);
            return AcquireIpResponse.newBuilder()
                    .setAllocation(message(
                            request.getNamespace(), request.getPrefixCidr(), allocation.address(), allocation.id()))
                    .setRevision(reply.revision())
                    .setReplayed(reply.replayed())
                    .build();
        });
    }

    private CompletableFuture<Reply<io.ipamer.model.Allocations>> acquire(AcquireIpRequest request) {
        String namespace = namespace(request.getNamespace());
        Cidr prefix = Fields.cidr("prefix_cidr", request.getPrefixCidr());
        CallOptions options = options(request.getRequestId());
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
                                Fields.count("count", request.getCount(), MAX_ADDRESSES),
                                request.getContiguous(),
                                options(request.getRequestId())),
                reply -> {
                    AcquireIpsResponse.Builder response = AcquireIpsResponse.newBuilder()
                            .setRevision(reply.revision())
                            .setReplayed(reply.replayed());
                    for (io.ipamer.model.Allocation allocation : reply.answer().allocations()) {
                        response.addAllocations(message(
                                request.getNamespace(),
                                request.getPrefixCidr(),
                                allocation.address(),
                                allocation.id()));
                    }
                    return response.build();
                });
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
        return message(
                request.getNamespace(),
                request.getPrefixCidr(),
                release.address(),
                ((Releases.Released) release).allocationId());
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
            result.setError(ItemError.newBuilder()
                    .setReason(Statuses.reason(refused.reason()))
                    .setMessage(refused.message()));
        } else {
            result.setReleased(message(
                    request.getNamespace(),
                    request.getPrefixCidr(),
                    release.address(),
                    ((Releases.Released) release).allocationId()));
        }
        return result.build();
    }

    @Override
    public void getPrefixUsage(GetPrefixUsageRequest request, StreamObserver<GetPrefixUsageResponse> observer) {
        answer(
                observer,
                () -> ipam.prefixes().usage(namespace(request.getNamespace()), Fields.cidr("cidr", request.getCidr())),
                usage -> GetPrefixUsageResponse.newBuilder()
                        .setUsage(message(usage))
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

    private static <T, M> void answer(
            StreamObserver<M> observer, Supplier<CompletableFuture<T>> call, Function<T, M> message) {
        Unary.answer(observer, call, message, Statuses::of);
    }

    private static CallOptions options(String requestId) {
        return new CallOptions(requestId.isEmpty() ? null : requestId, Unary.deadline());
    }

    private static String namespace(String value) {
        return Fields.namespaceOrRoot("namespace", value);
    }

    private static Reservation reservation(ReservationPolicy value, int number) {
        return Fields.reservation("reservation", value, number);
    }

    private static Namespace message(io.ipamer.model.Namespace namespace) {
        return Namespace.newBuilder()
                .setId(namespace.id().toString())
                .setName(namespace.name())
                .build();
    }

    private static Prefix message(String namespace, io.ipamer.model.Prefix prefix) {
        return Prefix.newBuilder()
                .setId(prefix.id().toString())
                .setNamespace(namespace(namespace))
                .setCidr(prefix.cidr().toString())
                .setParentCidr(
                        prefix.parentCidr() == null ? "" : prefix.parentCidr().toString())
                .setReservation(
                        prefix.reservation() == Reservation.NONE
                                ? ReservationPolicy.RESERVATION_POLICY_NONE
                                : ReservationPolicy.RESERVATION_POLICY_DEFAULT)
                .build();
    }

    private static Allocation message(String namespace, String prefix, IpAddress address, @Nullable UUID id) {
        return Allocation.newBuilder()
                .setAllocationId(id == null ? "" : id.toString())
                .setAddress(address.toString())
                .setNamespace(namespace(namespace))
                .setPrefixCidr(Cidr.parse(prefix).toString())
                .build();
    }

    private static PrefixUsage message(Usage usage) {
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
