package io.ipamer.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.ipamer.proto.goipam.LoadRequest;
import io.ipamer.proto.goipam.PrefixUsageRequest;
import io.ipamer.proto.goipam.PrefixUsageResponse;
import io.ipamer.proto.goipam.ReleaseIPRequest;
import io.ipamer.proto.v1.AcquireChildPrefixRequest;
import io.ipamer.proto.v1.AcquireChildPrefixResponse;
import io.ipamer.proto.v1.AcquireIpRequest;
import io.ipamer.proto.v1.AcquireIpResponse;
import io.ipamer.proto.v1.AcquireIpsRequest;
import io.ipamer.proto.v1.Allocation;
import io.ipamer.proto.v1.CreateNamespaceRequest;
import io.ipamer.proto.v1.FamilyUsage;
import io.ipamer.proto.v1.FreeRange;
import io.ipamer.proto.v1.ListFreeRequest;
import io.ipamer.proto.v1.ListFreeResponse;
import io.ipamer.proto.v1.NamespaceUsage;
import io.ipamer.proto.v1.ReservationPolicy;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Free space, dry runs and totals of {@code ipamer.v1}, over a real channel. */
class CapacityIT extends IpamerCalls {
    private static final String ALL_OF_IPV6 = "340282366920938463463374607431768211456";

    @Test
    void freeAddressesAreListedInRanges() {
        create(CIDR);
        assertThat(free(CIDR)).containsExactly("10.0.0.1-10.0.0.254 254");
        for (String address : List.of("10.0.0.1", "10.0.0.7", "10.0.0.8", "10.0.0.254")) {
            acquire(AcquireIpRequest.newBuilder().setAddress(address));
        }
        assertThat(free(CIDR)).containsExactly("10.0.0.2-10.0.0.6 5", "10.0.0.9-10.0.0.253 245");
        ListFreeResponse first = ipamer.listFree(
                ListFreeRequest.newBuilder().setCidr(CIDR).setPageSize(1).build());
        assertThat(first.getRevision()).isEqualTo(4);
        assertThat(first.getRanges(0).getCidrsList()).containsExactly("10.0.0.2/31", "10.0.0.4/31", "10.0.0.6/32");
    }

    @Test
    void freeSpaceBetweenChildrenCountsTheirParentsEnds() {
        create(CIDR);
        for (String child : List.of("10.0.0.64/26", "10.0.0.160/27")) {
            ipamer.acquireChildPrefix(AcquireChildPrefixRequest.newBuilder()
                    .setParentCidr(CIDR)
                    .setCidr(child)
                    .build());
        }
        assertThat(free(CIDR))
                .containsExactly("10.0.0.0-10.0.0.63 64", "10.0.0.128-10.0.0.159 32", "10.0.0.192-10.0.0.255 64");
        assertThat(free("10.0.0.64/26")).containsExactly("10.0.0.65-10.0.0.126 62");
    }

    @Test
    void freeSpaceOfAWholeFamilyIsExact() {
        create("::/0");
        create("0.0.0.0/0");
        assertThat(free("::/0"))
                .containsExactly("::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 340282366920938463463374607431768211455");
        assertThat(free("0.0.0.0/0")).containsExactly("0.0.0.1-255.255.255.254 4294967294");
        assertThat(ipamer.listFree(ListFreeRequest.newBuilder().setCidr("::/0").build())
                        .getRanges(0)
                        .getCidrsCount())
                .isEqualTo(128);
        ipamer.acquireChildPrefix(AcquireChildPrefixRequest.newBuilder()
                .setParentCidr("::/0")
                .setCidr("8000::/1")
                .build());
        assertThat(free("::/0"))
                .containsExactly("::-7fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 170141183460469231731687303715884105728");
    }

    @Test
    void aReservedAddressThatAGoIpamClientReleasedIsFree() {
        create("10.0.0.0/29");
        goIpam.releaseIP(ReleaseIPRequest.newBuilder()
                .setPrefixCidr("10.0.0.0/29")
                .setIp("10.0.0.0")
                .build());
        assertThat(free("10.0.0.0/29")).containsExactly("10.0.0.0-10.0.0.6 7");
        acquire(AcquireIpRequest.newBuilder().setPrefixCidr("10.0.0.0/29").setAddress("10.0.0.3"));
        assertThat(free("10.0.0.0/29")).containsExactly("10.0.0.0-10.0.0.2 3", "10.0.0.4-10.0.0.6 3");
    }

    private List<String> free(String cidr) {
        List<String> whole = free(cidr, 1_000);
        assertThat(free(cidr, 1)).isEqualTo(whole);
        return whole;
    }

    private List<String> free(String cidr, int size) {
        return pages(
                token -> ipamer.listFree(ListFreeRequest.newBuilder()
                        .setCidr(cidr)
                        .setPageSize(size)
                        .setPageToken(token)
                        .build()),
                page -> page.getRangesList().stream().map(CapacityIT::text).toList(),
                ListFreeResponse::getNextPageToken);
    }

    private static String text(FreeRange range) {
        return range.getFirstAddress() + "-" + range.getLastAddress() + " " + range.getSize();
    }

    @Test
    void aDryRunOfAnAddressAnswersAsTheCallWould() {
        create("10.0.0.0/30");
        AcquireIpRequest.Builder request = AcquireIpRequest.newBuilder()
                .setPrefixCidr("10.0.0.0/30")
                .setOwner("o")
                .setRequestId("mine");
        for (String address : List.of("", "10.0.0.2")) {
            request.setAddress(address).setRequestId("mine" + address);
            AcquireIpResponse dry =
                    ipamer.acquireIp(request.clone().setDryRun(true).build());
            AcquireIpResponse real = ipamer.acquireIp(request.build());
            assertThat(dry.getAllocation().getAllocationId()).isEmpty();
            assertThat(real.getReplayed()).as("the request id was not used up").isFalse();
            assertThat(dry.getAllocation())
                    .isEqualTo(
                            real.getAllocation().toBuilder().clearAllocationId().build());
        }
        request.setAddress("").setRequestId("");
        assertSameRefusal(
                "NO_FREE_ADDRESS",
                () -> ipamer.acquireIp(request.clone().setDryRun(true).build()),
                () -> ipamer.acquireIp(request.build()));
        assertThat(usage("10.0.0.0/30").getAcquired()).isEqualTo(2);
    }

    @Test
    void aDryRunOfManyAddressesAnswersAsTheCallWould() {
        create("10.0.0.0/28");
        AcquireIpsRequest.Builder request = AcquireIpsRequest.newBuilder()
                .setPrefixCidr("10.0.0.0/28")
                .setCount(9)
                .setContiguous(true)
                .putLabels("a", "1");
        List<Allocation> dry =
                ipamer.acquireIps(request.clone().setDryRun(true).build()).getAllocationsList();
        List<Allocation> real = ipamer.acquireIps(request.build()).getAllocationsList();

        assertThat(dry)
                .hasSize(9)
                .isEqualTo(real.stream()
                        .map(allocation ->
                                allocation.toBuilder().clearAllocationId().build())
                        .toList());
        assertSameRefusal(
                "NO_FREE_ADDRESS",
                () -> ipamer.acquireIps(request.clone().setDryRun(true).build()),
                () -> ipamer.acquireIps(request.build()));
        assertSameRefusal(
                "INVALID_COUNT",
                () -> ipamer.acquireIps(
                        request.clone().setCount(0).setDryRun(true).build()),
                () -> ipamer.acquireIps(request.clone().setCount(0).build()));
    }

    @Test
    void aDryRunOfAChildAnswersAsTheCallWould() {
        create(CIDR);
        AcquireChildPrefixRequest.Builder byLength = AcquireChildPrefixRequest.newBuilder()
                .setParentCidr(CIDR)
                .setLength(26)
                .setReservation(ReservationPolicy.RESERVATION_POLICY_NONE)
                .setDescription("d")
                .setRequestId("mine");
        AcquireChildPrefixRequest.Builder byCidr =
                byLength.clone().setCidr("10.0.0.128/25").setRequestId("yours");
        for (AcquireChildPrefixRequest.Builder request : List.of(byLength, byCidr)) {
            AcquireChildPrefixResponse dry =
                    ipamer.acquireChildPrefix(request.clone().setDryRun(true).build());
            assertThat(refusal(() -> get(dry.getPrefix().getCidr()))).isEqualTo("PREFIX_NOT_FOUND");
            AcquireChildPrefixResponse real = ipamer.acquireChildPrefix(request.build());
            assertThat(dry.getPrefix().getId()).isEmpty();
            assertThat(real.getReplayed()).isFalse();
            assertThat(dry.getPrefix())
                    .isEqualTo(real.getPrefix().toBuilder().clearId().build());
        }
        byLength.setLength(25).clearRequestId();
        byCidr.clearRequestId();
        assertSameRefusal(
                "NO_FREE_PREFIX",
                () -> ipamer.acquireChildPrefix(byLength.clone().setDryRun(true).build()),
                () -> ipamer.acquireChildPrefix(byLength.build()));
        assertSameRefusal(
                "PREFIX_TAKEN",
                () -> ipamer.acquireChildPrefix(byCidr.clone().setDryRun(true).build()),
                () -> ipamer.acquireChildPrefix(byCidr.build()));
        assertSameRefusal(
                "PREFIX_IS_PARENT",
                () -> acquire(AcquireIpRequest.newBuilder().setDryRun(true)),
                () -> acquire(AcquireIpRequest.newBuilder()));
        assertThat(usage(CIDR).getChildren()).isEqualTo(2);
    }

    private static void assertSameRefusal(String reason, Runnable dry, Runnable real) {
        StatusRuntimeException first = catchThrowableOfType(StatusRuntimeException.class, dry::run);
        StatusRuntimeException second = catchThrowableOfType(StatusRuntimeException.class, real::run);
        assertThat(Caller.reason(first)).isEqualTo(reason);
        assertThat(StatusProto.fromThrowable(first)).isEqualTo(StatusProto.fromThrowable(second));
    }

    @Test
    void aNamespacesTotalsAreExactToTwoToThe128() {
        create("::/0");
        child("::/0", 1, "", "a");
        ipamer.acquireIps(
                AcquireIpsRequest.newBuilder().setPrefixCidr("::/1").setCount(3).build());
        create("10.0.0.0/24");
        create("10.0.1.0/24");
        acquire(AcquireIpRequest.newBuilder());

        NamespaceUsage usage = total("");
        assertThat(usage.getNamespace()).isEqualTo("root");
        assertThat(usage.getIpv6())
                .isEqualTo(FamilyUsage.newBuilder()
                        .setTopLevelPrefixes(1)
                        .setPrefixes(2)
                        .setSize(ALL_OF_IPV6)
                        .setFree("340282366920938463463374607431768211452")
                        .setAcquired(3)
                        .setReserved("1")
                        .setLeaked("0")
                        .build());
        assertThat(usage.getIpv4())
                .isEqualTo(FamilyUsage.newBuilder()
                        .setTopLevelPrefixes(2)
                        .setPrefixes(2)
                        .setSize("512")
                        .setFree("507")
                        .setAcquired(1)
                        .setReserved("4")
                        .setLeaked("0")
                        .build());
        assertThat(refusal(() -> total("nobody"))).isEqualTo("NAMESPACE_NOT_FOUND");
    }

    @Test
    void aNewNamespaceHoldsNothing() {
        ipamer.createNamespace(
                CreateNamespaceRequest.newBuilder().setName("tenant").build());
        FamilyUsage nothing = FamilyUsage.newBuilder()
                .setSize("0")
                .setFree("0")
                .setReserved("0")
                .setLeaked("0")
                .build();
        assertThat(total("tenant"))
                .isEqualTo(NamespaceUsage.newBuilder()
                        .setNamespace("tenant")
                        .setIpv4(nothing)
                        .setIpv6(nothing)
                        .build());
    }

    @Test
    void leakedBlocksAreToldApartInAllUsages() {
        goIpam.load(LoadRequest.newBuilder()
                .setDump(
                        "[{\"Cidr\":\"::/0\",\"IsParent\":true,\"IPs\":{\"::\":true},\"AvailableChildPrefixes\":{\"8000::/1\":false,"
                                + "\"::/2\":false}},{\"Cidr\":\"::/2\",\"ParentCidr\":\"::/0\",\"IPs\":{\"::\":true,\"::1\":true}}]")
                .build());

        FamilyUsage usage = total("").getIpv6();
        assertThat(usage.getSize()).isEqualTo(ALL_OF_IPV6);
        assertThat(usage.getLeaked()).isEqualTo("170141183460469231731687303715884105728");
        assertThat(usage.getFree()).isEqualTo("170141183460469231731687303715884105726");
        assertThat(usage.getAcquired()).isEqualTo(1);
        assertThat(usage.getReserved()).isEqualTo("1");
        assertThat(free("::/0"))
                .containsExactly(
                        "4000::-7fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 85070591730234615865843651857942052864");
        PrefixUsageResponse theirs = goIpam.prefixUsage(
                PrefixUsageRequest.newBuilder().setCidr("::/0").build());
        assertThat(theirs.getAvailableIps()).isEqualTo(Integer.MAX_VALUE);
        assertThat(theirs.getAcquiredPrefixes()).isEqualTo(2);
        assertThat(theirs.getAcquiredIps()).isEqualTo(1);
    }

    @Test
    void goIpamsNumbersAreNeverNegativeNorTooLarge() {
        for (String cidr : List.of("0.0.0.0/0", "::/0")) {
            create(cidr);
            child(cidr, 1, "", "a");
            PrefixUsageResponse theirs = goIpam.prefixUsage(
                    PrefixUsageRequest.newBuilder().setCidr(cidr).build());
            for (long number : new long[] {
                theirs.getAvailableIps(),
                theirs.getAcquiredIps(),
                theirs.getAvailableSmallestPrefixes(),
                theirs.getAcquiredPrefixes()
            }) {
                assertThat(number).isBetween(0L, (long) Integer.MAX_VALUE);
            }
            assertThat(theirs.getAvailablePrefixesList())
                    .containsExactly(cidr.equals("::/0") ? "8000::/1" : "128.0.0.0/1");
        }
    }
}
