package io.ipamer.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.FieldMask;
import io.ipamer.proto.v1.AcquireChildPrefixRequest;
import io.ipamer.proto.v1.AcquireIpRequest;
import io.ipamer.proto.v1.AcquireIpResponse;
import io.ipamer.proto.v1.AcquireIpsRequest;
import io.ipamer.proto.v1.Allocation;
import io.ipamer.proto.v1.CreatePrefixRequest;
import io.ipamer.proto.v1.DeletePrefixRequest;
import io.ipamer.proto.v1.ListIpsRequest;
import io.ipamer.proto.v1.ListPrefixesRequest;
import io.ipamer.proto.v1.Prefix;
import io.ipamer.proto.v1.ReleaseChildPrefixRequest;
import io.ipamer.proto.v1.ReleaseIpRequest;
import io.ipamer.proto.v1.ReleaseIpResponse;
import io.ipamer.proto.v1.ReleaseIpsItem;
import io.ipamer.proto.v1.ReleaseIpsRequest;
import io.ipamer.proto.v1.ReleaseIpsResult;
import io.ipamer.proto.v1.UpdateIpRequest;
import io.ipamer.proto.v1.UpdateIpResponse;
import io.ipamer.proto.v1.UpdatePrefixRequest;
import io.ipamer.proto.v1.UpdatePrefixResponse;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Owners, labels and descriptions of {@code ipamer.v1}, over a real channel. */
class MetadataIT extends IpamerCalls {

    @Test
    void whatIsSaidOfAPrefixIsInAllAnswers() {
        Prefix created = ipamer.createPrefix(CreatePrefixRequest.newBuilder()
                        .setCidr(CIDR)
                        .setOwner("team a")
                        .putLabels("example.com/env", "prod")
                        .putLabels("empty", "")
                        .setDescription("two\nlines")
                        .build())
                .getPrefix();
        assertThat(created.getOwner()).isEqualTo("team a");
        assertThat(created.getLabelsMap()).isEqualTo(Map.of("example.com/env", "prod", "empty", ""));
        assertThat(created.getDescription()).isEqualTo("two\nlines");
        Prefix child = ipamer.acquireChildPrefix(AcquireChildPrefixRequest.newBuilder()
                        .setParentCidr(CIDR)
                        .setLength(26)
                        .setOwner("team b")
                        .build())
                .getPrefix();
        assertThat(child.getOwner()).isEqualTo("team b");
        assertThat(child.getLabelsMap()).as("not handed down").isEmpty();

        assertThat(get(CIDR)).isEqualTo(created);
        assertThat(prefixes(ListPrefixesRequest.getDefaultInstance(), 1)).containsExactly(created, child);
        assertThat(ipamer.releaseChildPrefix(ReleaseChildPrefixRequest.newBuilder()
                                .setCidr(child.getCidr())
                                .build())
                        .getPrefix())
                .isEqualTo(child);
        assertThat(ipamer.deletePrefix(
                                DeletePrefixRequest.newBuilder().setCidr(CIDR).build())
                        .getPrefix())
                .isEqualTo(created);
    }

    @Test
    void whatIsSaidOfAnAddressIsInAllAnswers() {
        create(CIDR);
        List<Allocation> given = ipamer.acquireIps(AcquireIpsRequest.newBuilder()
                        .setPrefixCidr(CIDR)
                        .setCount(2)
                        .setOwner("o")
                        .putLabels("a", "1")
                        .setDescription("d")
                        .build())
                .getAllocationsList();
        assertThat(given).allSatisfy(allocation -> {
            assertThat(allocation.getOwner()).isEqualTo("o");
            assertThat(allocation.getLabelsMap()).isEqualTo(Map.of("a", "1"));
            assertThat(allocation.getDescription()).isEqualTo("d");
        });
        Allocation first = given.get(0);
        assertThat(getIp(first.getAddress())).isEqualTo(first);
        assertThat(ips(ListIpsRequest.newBuilder().setPrefixCidr(CIDR).build(), 1))
                .isEqualTo(given);

        assertThat(ipamer.releaseIp(ReleaseIpRequest.newBuilder()
                                .setPrefixCidr(CIDR)
                                .setAddress(first.getAddress())
                                .build())
                        .getAllocation())
                .isEqualTo(first);
        assertThat(ipamer.releaseIps(ReleaseIpsRequest.newBuilder()
                                .setPrefixCidr(CIDR)
                                .addItems(ReleaseIpsItem.newBuilder()
                                        .setAddress(given.get(1).getAddress()))
                                .build())
                        .getResults(0)
                        .getReleased())
                .isEqualTo(given.get(1));
        assertThat(acquire(AcquireIpRequest.newBuilder()).getAllocation().getOwner())
                .as("of the next holder")
                .isEmpty();
    }

    @Test
    void aMaskSaysWhatIsChanged() {
        ipamer.createPrefix(CreatePrefixRequest.newBuilder()
                .setCidr(CIDR)
                .setOwner("o")
                .putLabels("a", "1")
                .putLabels("b", "2")
                .setDescription("d")
                .build());
        UpdatePrefixRequest request = UpdatePrefixRequest.newBuilder()
                .setCidr(CIDR)
                .setOwner("p")
                .putLabels("b", "9")
                .putLabels("c.d/e", "3")
                .build();

        assertThat(update(request, "labels.b")).isEqualTo("o {a=1, b=9} d");
        assertThat(update(request, "labels.a", "labels.c.d/e")).isEqualTo("o {b=9, c.d/e=3} d");
        assertThat(update(request, "owner")).isEqualTo("p {b=9, c.d/e=3} d");
        assertThat(update(request, "description")).isEqualTo("p {b=9, c.d/e=3} ");
        assertThat(update(request.toBuilder().clearLabels().putLabels("x", "").build(), "labels"))
                .isEqualTo("p {x=} ");
        assertThat(update(UpdatePrefixRequest.newBuilder()
                        .setCidr(CIDR)
                        .setDescription("e")
                        .build()))
                .as("without a mask what is given")
                .isEqualTo("p {x=} e");
        assertThat(update(UpdatePrefixRequest.newBuilder().setCidr(CIDR).build(), "*"))
                .isEqualTo(" {} ");
    }

    private String update(UpdatePrefixRequest request, String... mask) {
        UpdatePrefixRequest.Builder masked = request.toBuilder();
        if (mask.length > 0) {
            masked.setUpdateMask(FieldMask.newBuilder().addAllPaths(List.of(mask)));
        }
        Prefix after = ipamer.updatePrefix(masked.build()).getPrefix();
        assertThat(get(CIDR)).isEqualTo(after);
        return after.getOwner() + " " + new TreeMap<>(after.getLabelsMap()) + " " + after.getDescription();
    }

    @Test
    void aMaskOfNothingOrOfWhatCannotBeChangedIsRefused() {
        create(CIDR);
        UpdatePrefixRequest request =
                UpdatePrefixRequest.newBuilder().setCidr(CIDR).setOwner("p").build();

        for (String path : List.of("id", "cidr", "Owner", "labels.", "")) {
            assertThat(refusal(() -> update(request, path)))
                    .as("%s", path)
                    .isIn("INVALID_UPDATE_MASK", "INVALID_LABEL");
        }
        assertThat(refusal(() -> ipamer.updatePrefix(request.toBuilder()
                        .setUpdateMask(FieldMask.getDefaultInstance())
                        .build())))
                .isEqualTo("INVALID_UPDATE_MASK");
        assertThat(refusal(() -> ipamer.updatePrefix(
                        UpdatePrefixRequest.newBuilder().setCidr(CIDR).build())))
                .isEqualTo("INVALID_UPDATE_MASK");
        assertThat(get(CIDR).getOwner()).isEmpty();
    }

    @Test
    void onlyTheThingThatIsMeantIsChanged() {
        create(CIDR);
        Prefix prefix = get(CIDR);
        Allocation held = acquire(AcquireIpRequest.newBuilder()).getAllocation();
        UpdatePrefixRequest.Builder ofPrefix =
                UpdatePrefixRequest.newBuilder().setCidr(CIDR).setOwner("p");
        UpdateIpRequest.Builder ofIp = UpdateIpRequest.newBuilder()
                .setPrefixCidr(CIDR)
                .setAddress(held.getAddress())
                .setOwner("p");
        String other = "123e4567-e89b-42d3-a456-426614174000";

        assertThat(refusal(() ->
                        ipamer.updatePrefix(ofPrefix.clone().setPrefixId(other).build())))
                .isEqualTo("PREFIX_ID_MISMATCH");
        assertThat(refusal(() ->
                        ipamer.updateIp(ofIp.clone().setAllocationId(other).build())))
                .isEqualTo("ALLOCATION_ID_MISMATCH");
        assertThat(refusal(() ->
                        ipamer.updateIp(ofIp.clone().setAddress("10.0.0.9").build())))
                .isEqualTo("ALLOCATION_NOT_FOUND");
        assertThat(refusal(() -> ipamer.updatePrefix(
                        ofPrefix.clone().setCidr("10.9.0.0/24").build())))
                .isEqualTo("PREFIX_NOT_FOUND");
        assertThat(ipamer.updatePrefix(ofPrefix.setPrefixId(prefix.getId()).build())
                        .getPrefix())
                .isEqualTo(prefix.toBuilder().setOwner("p").build());
        assertThat(ipamer.updateIp(ofIp.setAllocationId(held.getAllocationId()).build())
                        .getAllocation())
                .isEqualTo(held.toBuilder().setOwner("p").build());
    }

    @Test
    void aReplayedAnswerSaysWhatWasSaidThen() {
        create(CIDR);
        AcquireIpRequest.Builder request =
                AcquireIpRequest.newBuilder().setOwner("o").setRequestId("acquire");
        AcquireIpResponse acquired = acquire(request);
        UpdateIpRequest first = updateIp(acquired, "p", "first");
        UpdateIpResponse updated = ipamer.updateIp(first);
        ipamer.updateIp(updateIp(acquired, "q", "second"));

        assertThat(acquire(request))
                .isEqualTo(acquired.toBuilder().setReplayed(true).build());
        assertThat(ipamer.updateIp(first))
                .isEqualTo(updated.toBuilder().setReplayed(true).build());
        assertThat(getIp(acquired.getAllocation().getAddress()).getOwner())
                .as("not done again")
                .isEqualTo("q");
        assertThat(refusal(() -> ipamer.updateIp(updateIp(acquired, "r", "second"))))
                .isEqualTo("REQUEST_ID_REUSED");
        assertThat(refusal(() -> acquire(request.clone().setOwner("p")))).isEqualTo("REQUEST_ID_REUSED");

        ReleaseIpRequest release = ReleaseIpRequest.newBuilder()
                .setPrefixCidr(CIDR)
                .setAddress(acquired.getAllocation().getAddress())
                .setRequestId("release")
                .build();
        ReleaseIpResponse released = ipamer.releaseIp(release);
        assertThat(released.getAllocation().getOwner()).isEqualTo("q");
        assertThat(ipamer.releaseIp(release))
                .isEqualTo(released.toBuilder().setReplayed(true).build());
        assertThat(refusal(() -> ipamer.updateIp(first))).isEqualTo("ALLOCATION_GONE");
    }

    private static UpdateIpRequest updateIp(AcquireIpResponse acquired, String owner, String requestId) {
        return UpdateIpRequest.newBuilder()
                .setPrefixCidr(CIDR)
                .setAddress(acquired.getAllocation().getAddress())
                .setOwner(owner)
                .setRequestId(requestId)
                .build();
    }

    @Test
    void aReplayedUpdateOfAPrefixIsNotDoneAgain() {
        create(CIDR);
        UpdatePrefixRequest first = UpdatePrefixRequest.newBuilder()
                .setCidr(CIDR)
                .setOwner("p")
                .setRequestId("first")
                .build();
        UpdatePrefixResponse updated = ipamer.updatePrefix(first);
        ipamer.updatePrefix(
                first.toBuilder().setOwner("q").setRequestId("second").build());

        assertThat(ipamer.updatePrefix(first))
                .isEqualTo(updated.toBuilder().setReplayed(true).build());
        assertThat(get(CIDR).getOwner()).isEqualTo("q");
        ipamer.deletePrefix(DeletePrefixRequest.newBuilder().setCidr(CIDR).build());
        create(CIDR);
        assertThat(refusal(() -> ipamer.updatePrefix(first)))
                .as("of the prefix that was there before")
                .isEqualTo("ALLOCATION_GONE");
    }

    @Test
    void anUpdateMovesItsScopeOnAndOneThatChangesNothingDoesNot() {
        create(CIDR);
        UpdatePrefixRequest request =
                UpdatePrefixRequest.newBuilder().setCidr(CIDR).setOwner("p").build();
        long first = ipamer.updatePrefix(request).getRevision();

        assertThat(ipamer.updatePrefix(request).getRevision()).isEqualTo(first);
        assertThat(ipamer.updatePrefix(request.toBuilder().setOwner("q").build())
                        .getRevision())
                .isEqualTo(first + 1);
    }

    /** Clients take four megabytes by default: one that is told more is told nothing of what was done. */
    @Test
    void anAnswerOfManyAddressesFitsIntoAMessageHoweverMuchIsSaidOfThem() {
        create("10.1.0.0/16");
        AcquireIpsRequest acquire = AcquireIpsRequest.newBuilder()
                .setPrefixCidr("10.1.0.0/16")
                .setCount(4_096)
                .setDescription("\u00e4".repeat(1_024))
                .build();
        assertThat(refusal(() -> ipamer.acquireIps(acquire))).isEqualTo("INVALID_COUNT");
        ReleaseIpsRequest.Builder release = ReleaseIpsRequest.newBuilder().setPrefixCidr("10.1.0.0/16");
        for (int i = 0; i < 6; i++) {
            ipamer.acquireIps(acquire.toBuilder().setCount(680).build())
                    .getAllocationsList()
                    .forEach(one -> release.addItems(ReleaseIpsItem.newBuilder().setAddress(one.getAddress())));
        }

        List<ReleaseIpsResult> released = ipamer.releaseIps(release.build()).getResultsList();

        assertThat(released).hasSize(4_080).allMatch(ReleaseIpsResult::hasReleased);
        assertThat(released.get(0).getReleased().getDescription()).isEqualTo(acquire.getDescription());
        assertThat(released.get(4_079).getReleased().getDescription()).isEmpty();
        assertThat(usage("10.1.0.0/16").getAcquired()).isZero();
    }
}
