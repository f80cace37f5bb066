package io.ipamer.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import com.google.rpc.ErrorInfo;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.ipamer.app.IpamerServer;
import io.ipamer.client.AddressFamily;
import io.ipamer.client.AddressLookup;
import io.ipamer.client.Allocation;
import io.ipamer.client.ExportFormat;
import io.ipamer.client.FamilyUsage;
import io.ipamer.client.ForcedDelete;
import io.ipamer.client.FreeRange;
import io.ipamer.client.ImportProgress;
import io.ipamer.client.IpFilter;
import io.ipamer.client.Ipamer;
import io.ipamer.client.IpamerClient;
import io.ipamer.client.IpamerException;
import io.ipamer.client.Metadata;
import io.ipamer.client.MetadataUpdate;
import io.ipamer.client.Namespace;
import io.ipamer.client.NamespaceUsage;
import io.ipamer.client.Overlaps;
import io.ipamer.client.Prefix;
import io.ipamer.client.PrefixFilter;
import io.ipamer.client.PrefixUsage;
import io.ipamer.client.ReleaseResult;
import io.ipamer.client.ReservationPolicy;
import io.ipamer.client.Resource;
import io.ipamer.client.ServerVersion;
import io.ipamer.client.Tags;
import io.ipamer.proto.v1.AcquireChildPrefixResponse;
import io.ipamer.proto.v1.AcquireIpRequest;
import io.ipamer.proto.v1.AcquireIpResponse;
import io.ipamer.proto.v1.AcquireIpsResponse;
import io.ipamer.proto.v1.CheckOverlapResponse;
import io.ipamer.proto.v1.CreateNamespaceResponse;
import io.ipamer.proto.v1.CreatePrefixResponse;
import io.ipamer.proto.v1.DeleteNamespaceResponse;
import io.ipamer.proto.v1.DeletePrefixResponse;
import io.ipamer.proto.v1.ExportResponse;
import io.ipamer.proto.v1.GetIpResponse;
import io.ipamer.proto.v1.GetNamespaceResponse;
import io.ipamer.proto.v1.GetNamespaceUsageResponse;
import io.ipamer.proto.v1.GetPrefixResponse;
import io.ipamer.proto.v1.GetPrefixUsageResponse;
import io.ipamer.proto.v1.GetVersionResponse;
import io.ipamer.proto.v1.ImportResponse;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import io.ipamer.proto.v1.ListFreeResponse;
import io.ipamer.proto.v1.ListIpsResponse;
import io.ipamer.proto.v1.ListNamespacesResponse;
import io.ipamer.proto.v1.ListPrefixesResponse;
import io.ipamer.proto.v1.LookupResponse;
import io.ipamer.proto.v1.ReleaseChildPrefixResponse;
import io.ipamer.proto.v1.ReleaseIpResponse;
import io.ipamer.proto.v1.ReleaseIpsByOwnerResponse;
import io.ipamer.proto.v1.ReleaseIpsResponse;
import io.ipamer.proto.v1.ReleaseIpsResult;
import io.ipamer.proto.v1.UpdateIpResponse;
import io.ipamer.proto.v1.UpdatePrefixResponse;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The values that {@link IpamerClient} gives are what the server answered. An interceptor below the client keeps the answers
 * that come, and each value is compared with its answer, field by field.
 */
class ClientInteropIT {
    private static final Metadata DETAILS = new Metadata(
            "Müller 東京", Map.of("env", "prod", "example.org/site", "b"), "naïve — 漢字 \"quoted\" \\ <&> 𝔘");
    private static final BigInteger ALL_OF_IPV6 = BigInteger.TWO.pow(128);

    private final Answers answers = new Answers();
    private IpamerServer server;
    private ManagedChannel channel;
    private IpamerClient client;
    private Ipamer north;

    @BeforeEach
    void start() {
        server = IpamerServer.inMemory();
        channel = NettyChannelBuilder.forAddress("127.0.0.1", server.grpcPort())
                .usePlaintext()
                .intercept(answers)
                .build();
        client = IpamerClient.builder().channel(channel).build();
        north = client.inNamespace("north");
    }

    @AfterEach
    void stop() {
        client.close();
        channel.shutdownNow();
        server.close();
    }

    @Test
    void everyRpcIsReachedAndItsAnswerIsWhatTheClientGives() throws IOException {
        ServerVersion version = client.version();
        GetVersionResponse build = answers.only(GetVersionResponse.class);
        assertThat(version)
                .isEqualTo(new ServerVersion(
                        build.getVersion(), build.getVcsRevision(), build.getBuildDate(), build.getJavaVersion()));
        assertThat(version.version()).isNotEmpty();

        namespacesAreMade();
        prefixesAreMadeAndRead();
        addressesAreAcquiredAndRead();
        whatIsThereIsFound();
        howFullItIsIsExact();
        namespacesGoThroughText();
        everythingIsGivenBack();

        assertThat(answers.methods)
                .isEqualTo(IpamerServiceGrpc.getServiceDescriptor().getMethods().stream()
                        .map(MethodDescriptor::getBareMethodName)
                        .collect(Collectors.toSet()));
    }

    private void namespacesAreMade() {
        Namespace made = client.createNamespace("north");
        assertThat(made)
                .isEqualTo(value(answers.only(CreateNamespaceResponse.class).getNamespace()));
        assertThat(made.name()).isEqualTo("north");
        assertThat(client.namespace("north"))
                .isEqualTo(made)
                .isEqualTo(value(answers.only(GetNamespaceResponse.class).getNamespace()));
        assertThat(client.namespaces().toList())
                .containsExactlyElementsOf(answers.all(ListNamespacesResponse.class).stream()
                        .flatMap(page -> page.getNamespacesList().stream())
                        .map(ClientInteropIT::value)
                        .toList())
                .contains(made);
    }

    private void prefixesAreMadeAndRead() {
        Prefix ten = north.newPrefix("10.0.0.0/8", DETAILS, ReservationPolicy.DEFAULT);
        assertThat(ten).isEqualTo(value(answers.only(CreatePrefixResponse.class).getPrefix()));
        assertThat(ten.owner()).isEqualTo(DETAILS.owner());
        assertThat(ten.labels()).isEqualTo(DETAILS.labels());
        assertThat(ten.description()).isEqualTo(DETAILS.description());
        Prefix v6 = north.newPrefix("2001:DB8::/32", Metadata.NONE, ReservationPolicy.NONE);
        assertThat(v6).isEqualTo(value(answers.only(CreatePrefixResponse.class).getPrefix()));
        assertThat(v6.cidr()).isEqualTo("2001:db8::/32");

        Prefix rehearsed = north.dryRun().acquireChildPrefix("10.0.0.0/8", 16);
        assertThat(rehearsed)
                .isEqualTo(value(answers.only(AcquireChildPrefixResponse.class).getPrefix()));
        assertThat(rehearsed.id()).isEmpty();
        Prefix child = north.acquireChildPrefix("10.0.0.0/8", 16);
        assertThat(child)
                .isEqualTo(value(answers.only(AcquireChildPrefixResponse.class).getPrefix()));
        assertThat(child.cidr()).isEqualTo(rehearsed.cidr());
        assertThat(child.parentCidr()).contains("10.0.0.0/8");
        assertThat(north.acquireSpecificChildPrefix("2001:db8::/32", "2001:db8:7::/48"))
                .isEqualTo(value(answers.only(AcquireChildPrefixResponse.class).getPrefix()));

        assertThat(north.prefixFrom("10.0.0.0/8"))
                .isEqualTo(ten)
                .isEqualTo(value(answers.only(GetPrefixResponse.class).getPrefix()));
        Prefix updated = north.updatePrefix(
                "10.0.0.0/8",
                MetadataUpdate.NOTHING.owner("").label("env", "test").withoutLabel("example.org/site"));
        assertThat(updated)
                .isEqualTo(value(answers.only(UpdatePrefixResponse.class).getPrefix()));
        assertThat(updated)
                .isEqualTo(new Prefix(
                        ten.id(),
                        "north",
                        "10.0.0.0/8",
                        Optional.empty(),
                        ReservationPolicy.DEFAULT,
                        "",
                        Map.of("env", "test"),
                        DETAILS.description()));

        assertThat(listed(PrefixFilter.TOP_LEVEL)).containsExactly(updated, v6);
        assertThat(listed(PrefixFilter.childrenOf("10.0.0.0/8"))).containsExactly(child);
        assertThat(listed(PrefixFilter.ALL.withFamily(AddressFamily.IPV6).withDepth(0)))
                .containsExactly(v6);
        assertThat(listed(PrefixFilter.ALL.withTags(Tags.labelled("env", "test"))))
                .containsExactly(updated);
    }

    private List<Prefix> listed(PrefixFilter filter) {
        List<Prefix> listed = north.prefixes(filter).toList();
        assertThat(listed)
                .containsExactlyElementsOf(answers.all(ListPrefixesResponse.class).stream()
                        .flatMap(page -> page.getPrefixesList().stream())
                        .map(ClientInteropIT::value)
                        .toList());
        return listed;
    }

    private void addressesAreAcquiredAndRead() {
        Allocation first = north.withRequestId("ip-1").acquireIp("10.0.0.0/16", DETAILS);
        assertThat(first).isEqualTo(value(answers.only(AcquireIpResponse.class).getAllocation()));
        assertThat(first.address()).isEqualTo("10.0.0.1");
        assertThat(north.withRequestId("ip-1").acquireIp("10.0.0.0/16", DETAILS))
                .isEqualTo(first)
                .isEqualTo(value(answers.only(AcquireIpResponse.class).getAllocation()));
        Allocation wanted = north.acquireSpecificIp("2001:db8:7::/48", "2001:DB8:7::A");
        assertThat(wanted).isEqualTo(value(answers.only(AcquireIpResponse.class).getAllocation()));
        assertThat(wanted.address()).isEqualTo("2001:db8:7::a");
        assertThat(north.acquireIps("10.0.0.0/16", 2, Metadata.ownedBy("bob")))
                .isEqualTo(acquired())
                .extracting(Allocation::address)
                .containsExactly("10.0.0.2", "10.0.0.3");
        assertThat(north.acquireContiguousIps(
                        "10.0.0.0/16", 2, Metadata.ownedBy("bob").withLabel("row", "yes")))
                .isEqualTo(acquired())
                .extracting(Allocation::address)
                .containsExactly("10.0.0.4", "10.0.0.5");

        assertThat(north.ip("10.0.0.0/16", "10.0.0.1"))
                .isEqualTo(first)
                .isEqualTo(value(answers.only(GetIpResponse.class).getAllocation()));
        assertThat(ips(IpFilter.ALL))
                .extracting(Allocation::address)
                .containsExactly("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5");
        assertThat(ips(IpFilter.ALL
                        .withFrom("10.0.0.3")
                        .withTo("10.0.0.4")
                        .withTags(Tags.ownedBy("bob").withLabel("row", "yes"))))
                .extracting(Allocation::address)
                .containsExactly("10.0.0.4");
        Allocation updated = north.updateIp(
                "10.0.0.0/16",
                "10.0.0.1",
                MetadataUpdate.NOTHING.labels(Map.of()).description("a\u00a0b"));
        assertThat(updated).isEqualTo(value(answers.only(UpdateIpResponse.class).getAllocation()));
        assertThat(updated)
                .isEqualTo(new Allocation(
                        first.id(), "10.0.0.1", "north", "10.0.0.0/16", DETAILS.owner(), Map.of(), "a\u00a0b"));

        refusedAlike(
                () -> north.acquireSpecificIp("10.0.0.0/16", "10.0.0.1"),
                AcquireIpRequest.newBuilder()
                        .setNamespace("north")
                        .setPrefixCidr("10.0.0.0/16")
                        .setAddress("10.0.0.1"),
                "ADDRESS_TAKEN");
        refusedAlike(
                () -> north.acquireIp("10.0.0.0/8"),
                AcquireIpRequest.newBuilder().setNamespace("north").setPrefixCidr("10.0.0.0/8"),
                "PREFIX_IS_PARENT");
        refusedAlike(
                () -> client.inNamespace("no ☃").acquireIp("10.0.0.0/8"),
                AcquireIpRequest.newBuilder().setNamespace("no ☃").setPrefixCidr("10.0.0.0/8"),
                "NAMESPACE_NOT_FOUND");
    }

    private List<Allocation> acquired() {
        return answers.only(AcquireIpsResponse.class).getAllocationsList().stream()
                .map(ClientInteropIT::value)
                .toList();
    }

    private List<Allocation> ips(IpFilter filter) {
        List<Allocation> listed = north.ips("10.0.0.0/16", filter).toList();
        assertThat(listed)
                .containsExactlyElementsOf(answers.all(ListIpsResponse.class).stream()
                        .flatMap(page -> page.getAllocationsList().stream())
                        .map(ClientInteropIT::value)
                        .toList());
        return listed;
    }

    /** What the client throws says what a stub throws. */
    private void refusedAlike(Runnable call, AcquireIpRequest.Builder request, String reason) {
        IpamerException thrown = catchThrowableOfType(IpamerException.class, call::run);
        StatusRuntimeException raw = catchThrowableOfType(
                StatusRuntimeException.class,
                () -> IpamerServiceGrpc.newBlockingStub(client.channel()).acquireIp(request.build()));
        ErrorInfo info = Caller.errorInfo(raw);
        assertThat(thrown.reasonName()).isEqualTo(reason).isEqualTo(info.getReason());
        assertThat(thrown.reason().name()).isEqualTo(reason);
        assertThat(thrown.code()).isEqualTo(raw.getStatus().getCode());
        assertThat(thrown.getMessage()).isEqualTo(raw.getStatus().getDescription());
        assertThat(thrown.metadata()).isEqualTo(info.getMetadataMap()).isNotEmpty();
    }

    private void whatIsThereIsFound() {
        AddressLookup found = north.lookup("10.0.0.2");
        LookupResponse answer = answers.only(LookupResponse.class);
        assertThat(found)
                .isEqualTo(new AddressLookup(
                        answer.getPrefixesList().stream()
                                .map(ClientInteropIT::value)
                                .toList(),
                        Optional.of(value(answer.getAllocations(0)))));
        assertThat(found.prefixes()).extracting(Prefix::cidr).containsExactly("10.0.0.0/8", "10.0.0.0/16");
        assertThat(north.lookup("203.0.113.1")).isEqualTo(new AddressLookup(List.of(), Optional.empty()));
        answers.only(LookupResponse.class);

        List<Resource> ofBob = north.lookup(Tags.ownedBy("bob")).toList();
        assertThat(ofBob)
                .containsExactlyElementsOf(answers.all(LookupResponse.class).stream()
                        .flatMap(page -> Stream.<Resource>concat(
                                page.getPrefixesList().stream().map(ClientInteropIT::value),
                                page.getAllocationsList().stream().map(ClientInteropIT::value)))
                        .toList())
                .hasSize(4);

        Overlaps overlaps = north.overlaps(List.of("10.1.0.0/16", "172.16.0.0/12", "2001::/16"));
        CheckOverlapResponse conflicts = answers.only(CheckOverlapResponse.class);
        assertThat(overlaps)
                .isEqualTo(new Overlaps(
                        conflicts.getConflictsList().stream()
                                .map(conflict -> new Overlaps.Conflict(
                                        conflict.getCidr(), conflict.getConflictsWith(), conflict.getExisting()))
                                .toList(),
                        conflicts.getTruncated()));
        assertThat(overlaps.conflicts()).hasSize(2);
    }

    private void howFullItIsIsExact() {
        client.createNamespace("all");
        Ipamer all = client.inNamespace("all");
        all.newPrefix("::/0", Metadata.NONE, ReservationPolicy.NONE);
        answers.forget();

        PrefixUsage usage = all.usage("::/0");
        assertThat(usage)
                .isEqualTo(value(answers.only(GetPrefixUsageResponse.class).getUsage()));
        assertThat(usage.size()).isEqualTo(ALL_OF_IPV6);
        assertThat(north.usage("10.0.0.0/16"))
                .isEqualTo(value(answers.only(GetPrefixUsageResponse.class).getUsage()));
        for (Ipamer view : List.of(all, north)) {
            NamespaceUsage total = view.usage();
            io.ipamer.proto.v1.NamespaceUsage answer =
                    answers.only(GetNamespaceUsageResponse.class).getUsage();
            assertThat(total)
                    .isEqualTo(new NamespaceUsage(
                            answer.getNamespace(), value(answer.getIpv4()), value(answer.getIpv6())));
            assertThat(total.ipv6().prefixes()).isPositive();
        }
        assertThat(free(all, "::/0")).extracting(FreeRange::size).containsExactly(ALL_OF_IPV6);
        assertThat(free(north, "10.0.0.0/8")).extracting(FreeRange::first).containsExactly("10.1.0.0");
    }

    private List<FreeRange> free(Ipamer view, String cidr) {
        List<FreeRange> free = view.free(cidr).toList();
        assertThat(free)
                .containsExactlyElementsOf(answers.all(ListFreeResponse.class).stream()
                        .flatMap(page -> page.getRangesList().stream())
                        .map(ClientInteropIT::value)
                        .toList());
        return free;
    }

    private void namespacesGoThroughText() throws IOException {
        for (ExportFormat format : ExportFormat.values()) {
            ByteArrayOutputStream text = new ByteArrayOutputStream();
            north.exportNamespace(format, text);
            assertThat(text.toByteArray())
                    .isEqualTo(answers.all(ExportResponse.class).stream()
                            .map(ExportResponse::getData)
                            .reduce(ByteString.EMPTY, ByteString::concat)
                            .toByteArray())
                    .isNotEmpty();

            Ipamer copy = client.inNamespace("copy " + format);
            assertThat(imported(copy.dryRun(), format, text.toByteArray()).done())
                    .isFalse();
            ImportProgress done = imported(copy, format, text.toByteArray());
            assertThat(done.done()).isTrue();
            assertThat(done.prefixes()).isEqualTo(4);
            assertThat(done.ips()).isEqualTo(6);
        }
        String hostBits = """
                {"ipamer":1,"namespace":"any"}
                {"cidr":"10.0.0.7/24"}
                {"end":{"prefixes":1,"leaked":0,"addresses":0}}
                """;
        ImportProgress mended =
                imported(client.inNamespace("mended"), ExportFormat.IPAMER, hostBits.getBytes(StandardCharsets.UTF_8));
        assertThat(mended.mended()).isEqualTo(1);
    }

    private ImportProgress imported(Ipamer view, ExportFormat format, byte[] text) throws IOException {
        List<ImportProgress> progress = new ArrayList<>();
        ImportProgress last = view.importNamespace(format, new ByteArrayInputStream(text), progress::add);
        assertThat(progress)
                .containsExactlyElementsOf(answers.all(ImportResponse.class).stream()
                        .map(ClientInteropIT::value)
                        .toList());
        assertThat(last).isEqualTo(progress.get(progress.size() - 1));
        return last;
    }

    private void everythingIsGivenBack() {
        List<ReleaseResult> results = north.releaseIps("10.0.0.0/16", List.of("10.0.0.2", "10.0.0.2"));
        assertThat(results)
                .containsExactlyElementsOf(answers.only(ReleaseIpsResponse.class).getResultsList().stream()
                        .map(result -> value("10.0.0.2", result))
                        .toList());
        assertThat(results.get(0)).isInstanceOf(ReleaseResult.Released.class);
        assertThat(results.get(1)).isInstanceOf(ReleaseResult.Refused.class);
        Allocation third = north.releaseIpFromPrefix("10.0.0.0/16", "10.0.0.3");
        assertThat(third).isEqualTo(value(answers.only(ReleaseIpResponse.class).getAllocation()));
        Allocation first = north.ip("10.0.0.0/16", "10.0.0.1");
        answers.forget();
        assertThat(client.releaseIp(first))
                .isEqualTo(first)
                .isEqualTo(value(answers.only(ReleaseIpResponse.class).getAllocation()));
        assertThat(north.releaseIpsByOwner("10.0.0.0/16", "bob"))
                .isEqualTo(2)
                .isEqualTo(answers.only(ReleaseIpsByOwnerResponse.class).getReleasedIps());

        Prefix child = north.prefixFrom("10.0.0.0/16");
        answers.forget();
        assertThat(client.releaseChildPrefix(child))
                .isEqualTo(child)
                .isEqualTo(value(answers.only(ReleaseChildPrefixResponse.class).getPrefix()));
        assertThat(north.deletePrefix("10.0.0.0/8"))
                .isEqualTo(value(answers.only(DeletePrefixResponse.class).getPrefix()));
        Prefix six = north.prefixFrom("2001:db8::/32");
        answers.forget();
        ForcedDelete forced = north.deletePrefixWithContent(six);
        DeletePrefixResponse deleted = answers.only(DeletePrefixResponse.class);
        assertThat(forced)
                .isEqualTo(new ForcedDelete(
                        value(deleted.getPrefix()), deleted.getDeletedPrefixes(), deleted.getReleasedIps()));
        assertThat(forced.releasedIps()).isEqualTo(1);
        assertThat(client.deleteNamespace("north"))
                .isEqualTo(value(answers.only(DeleteNamespaceResponse.class).getNamespace()));
    }

    private static Namespace value(io.ipamer.proto.v1.Namespace answer) {
        return new Namespace(answer.getId(), answer.getName());
    }

    private static Prefix value(io.ipamer.proto.v1.Prefix answer) {
        return new Prefix(
                answer.getId(),
                answer.getNamespace(),
                answer.getCidr(),
                given(answer.getParentCidr()),
                switch (answer.getReservation()) {
                    case RESERVATION_POLICY_DEFAULT -> ReservationPolicy.DEFAULT;
                    case RESERVATION_POLICY_NONE -> ReservationPolicy.NONE;
                    case RESERVATION_POLICY_UNSPECIFIED, UNRECOGNIZED ->
                        throw new AssertionError("never sent: " + answer);
                },
                answer.getOwner(),
                answer.getLabelsMap(),
                answer.getDescription());
    }

    private static Allocation value(io.ipamer.proto.v1.Allocation answer) {
        return new Allocation(
                answer.getAllocationId(),
                answer.getAddress(),
                answer.getNamespace(),
                answer.getPrefixCidr(),
                answer.getOwner(),
                answer.getLabelsMap(),
                answer.getDescription());
    }

    private static PrefixUsage value(io.ipamer.proto.v1.PrefixUsage answer) {
        return new PrefixUsage(
                answer.getCidr(),
                io.ipamer.client.PrefixMode.valueOf(answer.getMode().name().substring("PREFIX_MODE_".length())),
                new BigInteger(answer.getSize()),
                new BigInteger(answer.getFree()),
                answer.getAcquired(),
                new BigInteger(answer.getReserved()),
                answer.getChildren(),
                answer.getLeaked(),
                given(answer.getLargestFreeBlock()),
                answer.getRevision(),
                answer.getBeingDeleted());
    }

    private static FamilyUsage value(io.ipamer.proto.v1.FamilyUsage answer) {
        return new FamilyUsage(
                answer.getTopLevelPrefixes(),
                answer.getPrefixes(),
                new BigInteger(answer.getSize()),
                new BigInteger(answer.getFree()),
                answer.getAcquired(),
                new BigInteger(answer.getReserved()),
                new BigInteger(answer.getLeaked()));
    }

    private static FreeRange value(io.ipamer.proto.v1.FreeRange answer) {
        return new FreeRange(
                answer.getFirstAddress(),
                answer.getLastAddress(),
                new BigInteger(answer.getSize()),
                answer.getCidrsList());
    }

    private static ImportProgress value(ImportResponse answer) {
        return new ImportProgress(
                answer.getIssuesList().stream()
                        .map(issue -> new ImportProgress.Issue(
                                issue.getLine(), issue.getMended(), value(issue.getReason()), issue.getMessage()))
                        .toList(),
                answer.getPrefixes(),
                answer.getIps(),
                answer.getLeaked(),
                answer.getMended(),
                answer.getRefused(),
                answer.getDone());
    }

    private static ReleaseResult value(String address, ReleaseIpsResult answer) {
        return answer.hasReleased()
                ? new ReleaseResult.Released(value(answer.getReleased()))
                : new ReleaseResult.Refused(
                        address,
                        value(answer.getError().getReason()),
                        answer.getError().getMessage());
    }

    private static io.ipamer.client.Reason value(io.ipamer.proto.v1.ErrorReason answer) {
        return io.ipamer.client.Reason.valueOf(answer.name().substring("ERROR_REASON_".length()));
    }

    private static Optional<String> given(String text) {
        return Optional.of(text).filter(given -> !given.isEmpty());
    }

    /** Keeps what comes back, and which methods were called. */
    private static final class Answers implements ClientInterceptor {
        private final Set<String> methods = new HashSet<>();
        private final List<Object> kept = new CopyOnWriteArrayList<>();

        /** The only one since this was last asked. */
        <A> A only(Class<A> type) {
            List<A> all = all(type);
            assertThat(all).hasSize(1);
            return all.get(0);
        }

        /** All since this was last asked. */
        <A> List<A> all(Class<A> type) {
            List<A> all = kept.stream().map(type::cast).toList();
            forget();
            return all;
        }

        void forget() {
            kept.clear();
        }

        @Override
        public <Q, A> ClientCall<Q, A> interceptCall(MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
            methods.add(method.getBareMethodName());
            return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
                @Override
                public void start(Listener<A> listener, io.grpc.Metadata headers) {
                    super.start(
                            new SimpleForwardingClientCallListener<>(listener) {
                                @Override
                                public void onMessage(A answer) {
                                    kept.add(answer);
                                    super.onMessage(answer);
                                }
                            },
                            headers);
                }
            };
        }
    }
}
