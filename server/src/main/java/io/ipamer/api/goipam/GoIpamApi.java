package io.ipamer.api.goipam;

import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.StreamObserver;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.api.BuildFacts;
import io.ipamer.api.Unary;
import io.ipamer.ipam.CallOptions;
import io.ipamer.ipam.Ipam;
import io.ipamer.model.Allocations;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Loaded;
import io.ipamer.model.Namespace;
import io.ipamer.model.Reason;
import io.ipamer.model.Releases;
import io.ipamer.model.Reply;
import io.ipamer.model.Reservation;
import io.ipamer.proto.goipam.AcquireChildPrefixRequest;
import io.ipamer.proto.goipam.AcquireChildPrefixResponse;
import io.ipamer.proto.goipam.AcquireIPRequest;
import io.ipamer.proto.goipam.AcquireIPResponse;
import io.ipamer.proto.goipam.CreateNamespaceRequest;
import io.ipamer.proto.goipam.CreateNamespaceResponse;
import io.ipamer.proto.goipam.CreatePrefixRequest;
import io.ipamer.proto.goipam.CreatePrefixResponse;
import io.ipamer.proto.goipam.DeleteNamespaceRequest;
import io.ipamer.proto.goipam.DeleteNamespaceResponse;
import io.ipamer.proto.goipam.DeletePrefixRequest;
import io.ipamer.proto.goipam.DeletePrefixResponse;
import io.ipamer.proto.goipam.DumpRequest;
import io.ipamer.proto.goipam.DumpResponse;
import io.ipamer.proto.goipam.GetPrefixRequest;
import io.ipamer.proto.goipam.GetPrefixResponse;
import io.ipamer.proto.goipam.IP;
import io.ipamer.proto.goipam.IpamServiceGrpc;
import io.ipamer.proto.goipam.ListNamespacesRequest;
import io.ipamer.proto.goipam.ListNamespacesResponse;
import io.ipamer.proto.goipam.ListPrefixesRequest;
import io.ipamer.proto.goipam.ListPrefixesResponse;
import io.ipamer.proto.goipam.LoadRequest;
import io.ipamer.proto.goipam.LoadResponse;
import io.ipamer.proto.goipam.Prefix;
import io.ipamer.proto.goipam.PrefixUsageRequest;
import io.ipamer.proto.goipam.PrefixUsageResponse;
import io.ipamer.proto.goipam.ReleaseChildPrefixRequest;
import io.ipamer.proto.goipam.ReleaseChildPrefixResponse;
import io.ipamer.proto.goipam.ReleaseIPRequest;
import io.ipamer.proto.goipam.ReleaseIPResponse;
import io.ipamer.proto.goipam.VersionRequest;
import io.ipamer.proto.goipam.VersionResponse;
import io.ipamer.transfer.GoIpamDump;
import io.ipamer.transfer.Transfers;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * go-ipam's {@code api.v1.IpamService} over the use cases, so that its clients switch by changing an address. Codes and
 * sentences are go-ipam's where its clients rely on them; its defects are not repeated.
 */
public final class GoIpamApi extends IpamServiceGrpc.IpamServiceImplBase {
    private static final Logger LOG = LoggerFactory.getLogger(GoIpamApi.class);
    private static final int MAX_LENGTH = 128;
    private static final int MAX_LEAKS_LOGGED = 100;

    private final Ipam ipam;
    private final Transfers transfers;
    private final BuildFacts build;

    public GoIpamApi(Ipam ipam, Transfers transfers, BuildFacts build) {
        this.ipam = ipam;
        this.transfers = transfers;
        this.build = build;
    }

    @Override
    public void createPrefix(CreatePrefixRequest request, StreamObserver<CreatePrefixResponse> observer) {
        String in = request.getCidr();
        Unary.answer(
                observer,
                () -> ipam.prefixes()
                        .create(
                                namespace(request.getNamespace()),
                                Inputs.cidr(in, "unable to parse cidr:" + in + " "),
                                Reservation.FIRST_AND_LAST,
                                options()),
                reply -> CreatePrefixResponse.newBuilder()
                        .setPrefix(message(reply.answer()))
                        .build(),
                GoIpamApi::status);
    }

    @Override
    public void deletePrefix(DeletePrefixRequest request, StreamObserver<DeletePrefixResponse> observer) {
        String in = request.getCidr();
        Unary.answer(
                observer,
                () -> ipam.prefixes()
                        .delete(namespace(request.getNamespace()), Inputs.cidr(in, unfound(in)), null, options()),
                reply -> DeletePrefixResponse.newBuilder()
                        .setPrefix(message(reply.answer()))
                        .build(),
                refusal -> switch (refusal.reason()) {
                    case NAMESPACE_NOT_FOUND, PREFIX_NOT_FOUND ->
                        Statuses.status(Status.Code.NOT_FOUND, unfound(in) + cause(refusal));
                    case PREFIX_HAS_ADDRESSES ->
                        Statuses.of(refusal, "prefix " + cidrOf(refusal) + " has ips, delete prefix not possible");
                    case PREFIX_HAS_CHILDREN ->
                        Statuses.of(
                                refusal,
                                "prefix " + cidrOf(refusal) + " has child prefixes, delete prefix not possible");
                    default -> status(refusal);
                });
    }

    @Override
    public void getPrefix(GetPrefixRequest request, StreamObserver<GetPrefixResponse> observer) {
        Unary.answer(
                observer,
                () -> ipam.prefixes().get(namespace(request.getNamespace()), Inputs.cidr(request.getCidr(), "")),
                prefix -> GetPrefixResponse.newBuilder()
                        .setPrefix(message(prefix))
                        .build(),
                GoIpamApi::status);
    }

    @Override
    public void listPrefixes(ListPrefixesRequest request, StreamObserver<ListPrefixesResponse> observer) {
        Unary.answer(
                observer,
                () -> ipam.prefixes().list(namespace(request.getNamespace())),
                prefixes -> ListPrefixesResponse.newBuilder()
                        .addAllPrefixes(
                                prefixes.stream().map(GoIpamApi::message).toList())
                        .build(),
                GoIpamApi::status);
    }

    @Override
    public void prefixUsage(PrefixUsageRequest request, StreamObserver<PrefixUsageResponse> observer) {
        Unary.answer(
                observer,
                () -> ipam.prefixes().freeBlocks(namespace(request.getNamespace()), Inputs.cidr(request.getCidr(), "")),
                UsageNumbers::of,
                GoIpamApi::status);
    }

    @Override
    public void acquireChildPrefix(
            AcquireChildPrefixRequest request, StreamObserver<AcquireChildPrefixResponse> observer) {
        String in = request.getCidr();
        Unary.answer(
                observer,
                () -> acquireChild(request),
                reply -> AcquireChildPrefixResponse.newBuilder()
                        .setPrefix(message(reply.answer()))
                        .build(),
                refusal -> switch (refusal.reason()) {
                    case NAMESPACE_NOT_FOUND, PREFIX_NOT_FOUND ->
                        Statuses.status(Status.Code.INVALID_ARGUMENT, unfound(in) + cause(refusal));
                    case PREFIX_HAS_ADDRESSES ->
                        Statuses.of(
                                refusal, "prefix " + cidrOf(refusal) + " has ips, acquire child prefix not possible");
                    case NO_FREE_PREFIX -> Statuses.of(refusal, noPrefix(request, refusal));
                    case PREFIX_TAKEN, PREFIX_OUTSIDE_PARENT ->
                        Statuses.of(
                                refusal,
                                "specific prefix " + request.getChildCidr() + " is not available in prefix " + in);
                    default -> status(refusal);
                });
    }

    private CompletableFuture<Reply<io.ipamer.model.Prefix>> acquireChild(AcquireChildPrefixRequest request) {
        long length = Integer.toUnsignedLong(request.getLength());
        if (length > MAX_LENGTH) {
            throw new IpamerException(Reason.LENGTH_OUT_OF_RANGE, "length must not be greater than 128");
        }
        String namespace = namespace(request.getNamespace());
        String in = request.getCidr();
        Cidr parent = Inputs.cidr(in, unfound(in));
        String childCidr = request.getChildCidr();
        Cidr child =
                childCidr.isEmpty() ? null : Inputs.cidr(childCidr, "unable to parse childCidr:" + childCidr + " ");
        int wanted = child == null ? (int) length : child.length();
        if (wanted <= parent.length()) {
            // go-ipam looks for the parent first, so a missing one is told of first.
            return ipam.prefixes().get(namespace, parent).thenApply(found -> {
                throw new IpamerException(
                        Reason.LENGTH_OUT_OF_RANGE,
                        "given length:" + wanted + " must be greater than prefix length:" + parent.length());
            });
        }
        return child == null
                ? ipam.prefixes().acquireChild(namespace, parent, wanted, Reservation.FIRST_AND_LAST, options())
                : ipam.prefixes().acquireChild(namespace, parent, child, Reservation.FIRST_AND_LAST, options());
    }

    private static String noPrefix(AcquireChildPrefixRequest request, IpamerException refusal) {
        String largest = refusal.metadata().getOrDefault("largest_free_block", "");
        return "no prefix found in " + request.getCidr() + " with length:" + request.getLength()
                + (largest.isEmpty() ? "" : ", but " + largest + " is available");
    }

    @Override
    public void releaseChildPrefix(
            ReleaseChildPrefixRequest request, StreamObserver<ReleaseChildPrefixResponse> observer) {
        String in = request.getCidr();
        Unary.answer(
                observer,
                () -> ipam.prefixes()
                        .releaseChild(namespace(request.getNamespace()), Inputs.cidr(in, ""), null, options()),
                reply -> ReleaseChildPrefixResponse.newBuilder()
                        .setPrefix(message(reply.answer()))
                        .build(),
                refusal -> switch (refusal.reason()) {
                    case NOT_A_CHILD -> Statuses.of(refusal, "prefix:\"" + cidrOf(refusal) + "\" is no child prefix");
                    case PREFIX_HAS_ADDRESSES ->
                        Statuses.of(refusal, "prefix " + cidrOf(refusal) + " has ips, deletion not possible");
                    case PREFIX_HAS_CHILDREN ->
                        Statuses.of(
                                refusal, "prefix " + cidrOf(refusal) + " has child prefixes, deletion not possible");
                    default -> status(refusal);
                });
    }

    @Override
    public void acquireIP(AcquireIPRequest request, StreamObserver<AcquireIPResponse> observer) {
        String in = request.getPrefixCidr();
        Unary.answer(
                observer,
                () -> acquire(request),
                reply -> AcquireIPResponse.newBuilder()
                        .setIp(IP.newBuilder()
                                .setIp(reply.answer()
                                        .allocations()
                                        .get(0)
                                        .address()
                                        .toString())
                                .setParentPrefix(Cidr.parse(in).toString()))
                        .build(),
                refusal -> switch (refusal.reason()) {
                    case NAMESPACE_NOT_FOUND, PREFIX_NOT_FOUND ->
                        Statuses.status(Status.Code.INVALID_ARGUMENT, unfound(in) + cause(refusal));
                    case PREFIX_IS_PARENT ->
                        Statuses.of(
                                refusal, "prefix " + cidrOf(refusal) + " has childprefixes, acquire ip not possible");
                    case NO_FREE_ADDRESS ->
                        Statuses.of(
                                refusal,
                                "NoIPAvailableError: no more ips in prefix: " + cidrOf(refusal)
                                        + " left, length of prefix.ips: " + acquiredAndReserved(refusal));
                    case ADDRESS_OUTSIDE_PREFIX ->
                        Statuses.of(refusal, "given ip:" + request.getIp() + " is not in " + in);
                    case ADDRESS_TAKEN, ADDRESS_RESERVED ->
                        Statuses.of(
                                refusal,
                                "AlreadyAllocatedError: given ip:"
                                        + refusal.metadata().get("address") + " is already allocated");
                    default -> status(refusal);
                });
    }

    private CompletableFuture<Reply<Allocations>> acquire(AcquireIPRequest request) {
        String namespace = namespace(request.getNamespace());
        String in = request.getPrefixCidr();
        Cidr prefix = Inputs.cidr(in, unfound(in));
        String ip = request.getIp();
        if (ip.isEmpty()) {
            return ipam.addresses().acquire(namespace, prefix, options());
        }
        if (Inputs.isZoned(ip)) {
            throw new IpamerException(Reason.ADDRESS_OUTSIDE_PREFIX, "given ip:" + ip + " is not in " + in);
        }
        IpAddress address;
        try {
            address = Inputs.address(ip);
        } catch (IpamerException malformed) {
            throw new IpamerException(Reason.INVALID_ADDRESS, "given ip:" + ip + " in not valid");
        }
        return ipam.addresses().acquire(namespace, prefix, address, options());
    }

    private static long acquiredAndReserved(IpamerException refusal) {
        return Long.parseLong(refusal.metadata().getOrDefault("acquired", "0"))
                + Long.parseLong(refusal.metadata().getOrDefault("reserved", "0"));
    }

    @Override
    public void releaseIP(ReleaseIPRequest request, StreamObserver<ReleaseIPResponse> observer) {
        String in = request.getPrefixCidr();
        Unary.answer(
                observer,
                () -> release(request),
                prefix -> ReleaseIPResponse.newBuilder()
                        .setIp(IP.newBuilder().setIp(request.getIp()).setParentPrefix(parentOf(prefix)))
                        .build(),
                refusal -> switch (refusal.reason()) {
                    case NAMESPACE_NOT_FOUND, PREFIX_NOT_FOUND ->
                        Statuses.status(Status.Code.NOT_FOUND, unfound(in) + cause(refusal));
                    default -> status(refusal);
                });
    }

    /** The prefix is looked up first because the answer names its parent. */
    private CompletableFuture<io.ipamer.model.Prefix> release(ReleaseIPRequest request) {
        String in = request.getPrefixCidr();
        boolean zoned = Inputs.isZoned(request.getIp());
        IpAddress address = zoned ? null : Inputs.address(request.getIp());
        String namespace = namespace(request.getNamespace());
        Cidr cidr = Inputs.cidr(in, unfound(in));
        CallOptions options = options();
        return ipam.prefixes().get(namespace, cidr).thenCompose(prefix -> {
            if (address == null) {
                throw notAllocated(request.getIp(), in);
            }
            return ipam.addresses()
                    .release(namespace, cidr, List.of(new Releases.Item(address, null)), true, options)
                    .thenApply(reply -> {
                        if (reply.answer().releases().get(0) instanceof Releases.Refused) {
                            throw notAllocated(address.toString(), in);
                        }
                        return prefix;
                    });
        });
    }

    private static IpamerException notAllocated(String address, String prefix) {
        return new IpamerException(
                Reason.ALLOCATION_NOT_FOUND,
                "NotFound: unable to release ip:" + address + " because it is not allocated in prefix:" + prefix);
    }

    @Override
    public void dump(DumpRequest request, StreamObserver<DumpResponse> observer) {
        Unary.answer(
                observer,
                () -> transfers.dump(namespace(request.getNamespace())),
                dump -> DumpResponse.newBuilder().setDump(dump).build(),
                GoIpamApi::status);
    }

    @Override
    public void load(LoadRequest request, StreamObserver<LoadResponse> observer) {
        Unary.answer(
                observer,
                () -> load(request),
                loaded -> LoadResponse.getDefaultInstance(),
                refusal -> refusal.reason() == Reason.NAMESPACE_NOT_EMPTY
                        ? Statuses.status(
                                Status.Code.INVALID_ARGUMENT,
                                "prefixes exist, please drop existing data before loading")
                        : status(refusal));
    }

    private CompletableFuture<Loaded> load(LoadRequest request) {
        String namespace = namespace(request.getNamespace());
        GoIpamDump dump = GoIpamDump.read(request.getDump());
        // The load itself and not what comes of it, so that a caller who leaves cancels it.
        return transfers.load(namespace, dump, loaded -> log(loaded, dump));
    }

    private static void log(Loaded loaded, GoIpamDump dump) {
        LOG.info("loaded {} prefixes and {} addresses", loaded.prefixes(), loaded.allocations());
        if (loaded.leaked() > 0) {
            LOG.warn(
                    "{} blocks are marked as used but belong to no prefix: {}",
                    loaded.leaked(),
                    dump.leaked()
                            .subList(0, Math.min(MAX_LEAKS_LOGGED, dump.leaked().size())));
        }
    }

    @Override
    public void createNamespace(CreateNamespaceRequest request, StreamObserver<CreateNamespaceResponse> observer) {
        Unary.answer(
                observer,
                () -> ipam.namespaces()
                        .create(Namespace.requireName(request.getNamespace()), options())
                        .handle((reply, failure) -> createdOrThere(failure)),
                reply -> CreateNamespaceResponse.getDefaultInstance(),
                GoIpamApi::status);
    }

    /** Creating a namespace that is there already succeeds, as in go-ipam. */
    private static boolean createdOrThere(@Nullable Throwable failure) {
        boolean exists = failure instanceof IpamerException refusal && refusal.reason() == Reason.NAMESPACE_EXISTS;
        if (failure != null && !exists) {
            throw new CompletionException(failure);
        }
        return true;
    }

    @Override
    public void listNamespaces(ListNamespacesRequest request, StreamObserver<ListNamespacesResponse> observer) {
        Unary.answer(
                observer,
                () -> ipam.namespaces().list(),
                namespaces -> ListNamespacesResponse.newBuilder()
                        .addAllNamespace(
                                namespaces.stream().map(Namespace::name).toList())
                        .build(),
                GoIpamApi::status);
    }

    @Override
    public void deleteNamespace(DeleteNamespaceRequest request, StreamObserver<DeleteNamespaceResponse> observer) {
        Unary.answer(
                observer,
                () -> ipam.namespaces().delete(Namespace.requireName(request.getNamespace()), options()),
                reply -> DeleteNamespaceResponse.getDefaultInstance(),
                refusal -> switch (refusal.reason()) {
                    case NAMESPACE_NOT_FOUND -> Statuses.status(Status.Code.NOT_FOUND, "NamespaceDoesNotExist");
                    case NAMESPACE_NOT_EMPTY -> Statuses.of(refusal, "cannot delete namespace with allocated prefixes");
                    default -> status(refusal);
                });
    }

    @Override
    public void version(VersionRequest request, StreamObserver<VersionResponse> observer) {
        Unary.answer(
                observer,
                () -> CompletableFuture.completedFuture(build),
                facts -> VersionResponse.newBuilder()
                        .setVersion(facts.version())
                        .setRevision(facts.revision())
                        .setGitSha1(facts.gitSha1())
                        .setBuildDate(facts.buildDate())
                        .build(),
                GoIpamApi::status);
    }

    private static StatusException status(IpamerException refusal) {
        return switch (refusal.reason()) {
            case NAMESPACE_NOT_FOUND, PREFIX_NOT_FOUND -> Statuses.of(refusal, cause(refusal));
            case INVALID_NAMESPACE -> Statuses.of(refusal, "NameTooLong: " + refusal.getMessage());
            default -> Statuses.of(refusal);
        };
    }

    private static String cause(IpamerException notFound) {
        return notFound.reason() == Reason.NAMESPACE_NOT_FOUND
                ? "NamespaceDoesNotExist"
                : "NotFound prefix " + cidrOf(notFound) + " not found";
    }

    private static String unfound(String cidr) {
        return "NotFound: unable to find prefix for cidr:" + cidr + " error:";
    }

    private static String cidrOf(IpamerException refusal) {
        return refusal.metadata().getOrDefault("cidr", "");
    }

    private static String parentOf(io.ipamer.model.Prefix prefix) {
        return prefix.parentCidr() == null ? "" : prefix.parentCidr().toString();
    }

    /** Present and empty means absent, as everywhere in go-ipam's contract. */
    private static String namespace(String name) {
        return Namespace.nameOrRoot(name);
    }

    private static CallOptions options() {
        return new CallOptions(null, Unary.deadline());
    }

    private static Prefix message(io.ipamer.model.Prefix prefix) {
        return Prefix.newBuilder()
                .setCidr(prefix.cidr().toString())
                .setParentCidr(parentOf(prefix))
                .build();
    }
}
