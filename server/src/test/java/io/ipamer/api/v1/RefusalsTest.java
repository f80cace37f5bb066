package io.ipamer.api.v1;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status.Code;
import io.ipamer.model.Reason;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The facts that refusals carry, as {@code ipamer/v1/errors.proto} promises them reason by reason. */
class RefusalsTest {
    private static final String OTHER_ID = "123e4567-e89b-42d3-a456-426614174000";

    private final Wire wire = new Wire();

    @AfterEach
    void stop() {
        wire.close();
    }

    private static void assertTold(Wire.Refusal refusal, Reason reason, Code code, Map<String, String> facts) {
        assertThat(refusal.info().getReason()).isEqualTo(reason.name());
        assertThat(refusal.code()).isEqualTo(code);
        assertThat(refusal.facts()).containsAllEntriesOf(facts);
        assertThat(refusal.badRequests()).isEmpty();
        assertThat(refusal.retries()).isEmpty();
    }

    @Test
    void aNamespaceThatIsMissingIsNamed() {
        for (Wire.Refusal refusal : new Wire.Refusal[] {
            wire.refusal("GetNamespace", "name:'n'"),
            wire.refusal("DeleteNamespace", "name:'n'"),
            wire.refusal("CreatePrefix", "namespace:'n' cidr:'10.0.0.0/24'"),
            wire.refusal("GetPrefix", "namespace:'n' cidr:'10.0.0.0/24'"),
            wire.refusal("DeletePrefix", "namespace:'n' cidr:'10.0.0.0/24'"),
            wire.refusal("AcquireChildPrefix", "namespace:'n' parent_cidr:'10.0.0.0/24' length:25"),
            wire.refusal("ReleaseChildPrefix", "namespace:'n' cidr:'10.0.0.0/24'"),
            wire.refusal("AcquireIp", "namespace:'n' prefix_cidr:'10.0.0.0/24'"),
            wire.refusal("AcquireIps", "namespace:'n' prefix_cidr:'10.0.0.0/24' count:1"),
            wire.refusal("ReleaseIp", "namespace:'n' prefix_cidr:'10.0.0.0/24' address:'10.0.0.1'"),
            wire.refusal("ReleaseIps", "namespace:'n' prefix_cidr:'10.0.0.0/24' items{address:'10.0.0.1'}"),
            wire.refusal("ListPrefixes", "namespace:'n'"),
            wire.refusal("ListPrefixes", "namespace:'n' parent_cidr:'10.0.0.0/24'"),
            wire.refusal("UpdatePrefix", "namespace:'n' cidr:'10.0.0.0/24' owner:'o'"),
            wire.refusal("GetIp", "namespace:'n' prefix_cidr:'10.0.0.0/24' address:'10.0.0.1'"),
            wire.refusal("ListIps", "namespace:'n' prefix_cidr:'10.0.0.0/24'"),
            wire.refusal("UpdateIp", "namespace:'n' prefix_cidr:'10.0.0.0/24' address:'10.0.0.1' owner:'o'"),
            wire.refusal("Lookup", "namespace:'n' address:'10.0.0.1'"),
            wire.refusal("Lookup", "namespace:'n' owner:'o'"),
            wire.refusal("GetPrefixUsage", "namespace:'n' cidr:'10.0.0.0/24'"),
            wire.refusal("GetNamespaceUsage", "name:'n'"),
            wire.refusal("ListFree", "namespace:'n' cidr:'10.0.0.0/24'"),
            wire.refusal("AcquireIp", "namespace:'n' prefix_cidr:'10.0.0.0/24' dry_run:true"),
            wire.refusal("CheckOverlap", "namespace:'n' cidrs:'10.0.0.0/24'")
        }) {
            assertTold(refusal, Reason.NAMESPACE_NOT_FOUND, Code.NOT_FOUND, Map.of("namespace", "n"));
        }
    }

    @Test
    void aPrefixThatIsMissingIsNamed() {
        for (Wire.Refusal refusal : new Wire.Refusal[] {
            wire.refusal("GetPrefix", "cidr:'2001:DB8::/64'"),
            wire.refusal("DeletePrefix", "cidr:'2001:DB8::/64'"),
            wire.refusal("AcquireChildPrefix", "parent_cidr:'2001:DB8::/64' length:65"),
            wire.refusal("ReleaseChildPrefix", "cidr:'2001:DB8::/64'"),
            wire.refusal("AcquireIp", "prefix_cidr:'2001:DB8::/64'"),
            wire.refusal("AcquireIps", "prefix_cidr:'2001:DB8::/64' count:1"),
            wire.refusal("ReleaseIp", "prefix_cidr:'2001:DB8::/64' address:'2001:db8::1'"),
            wire.refusal("ReleaseIps", "prefix_cidr:'2001:DB8::/64' items{address:'2001:db8::1'}"),
            wire.refusal("ListPrefixes", "parent_cidr:'2001:DB8::/64'"),
            wire.refusal("UpdatePrefix", "cidr:'2001:DB8::/64' owner:'o'"),
            wire.refusal("GetIp", "prefix_cidr:'2001:DB8::/64' address:'2001:db8::1'"),
            wire.refusal("ListIps", "prefix_cidr:'2001:DB8::/64'"),
            wire.refusal("UpdateIp", "prefix_cidr:'2001:DB8::/64' address:'2001:db8::1' owner:'o'"),
            wire.refusal("ListFree", "cidr:'2001:DB8::/64'"),
            wire.refusal("AcquireIps", "prefix_cidr:'2001:DB8::/64' count:1 dry_run:true"),
            wire.refusal("AcquireChildPrefix", "parent_cidr:'2001:DB8::/64' length:65 dry_run:true"),
            wire.refusal("GetPrefixUsage", "cidr:'2001:DB8::/64'")
        }) {
            assertTold(refusal, Reason.PREFIX_NOT_FOUND, Code.NOT_FOUND, Map.of("cidr", "2001:db8::/64"));
        }
    }

    @Test
    void anAllocationThatIsMissingIsNamed() {
        wire.call("CreatePrefix", "cidr:'10.0.0.0/24'");
        for (String address : new String[] {"10.0.0.1", "10.0.0.0", "10.0.0.255", "10.0.1.0"}) {
            for (String method : new String[] {"ReleaseIp", "GetIp", "UpdateIp"}) {
                assertTold(
                        wire.refusal(
                                method,
                                "prefix_cidr:'10.0.0.0/24' address:'" + address + "'",
                                method.equals("UpdateIp") ? "owner:'o'" : ""),
                        Reason.ALLOCATION_NOT_FOUND,
                        Code.NOT_FOUND,
                        Map.of("address", address, "cidr", "10.0.0.0/24"));
            }
        }
    }

    @Test
    void anOverlapNamesBothPrefixes() {
        wire.call("CreatePrefix", "cidr:'10.0.0.0/24'");
        for (String cidr : new String[] {"10.0.0.0/24", "10.0.0.128/25", "10.0.0.0/8"}) {
            assertTold(
                    wire.refusal("CreatePrefix", "cidr:'" + cidr + "'"),
                    Reason.PREFIX_OVERLAPS,
                    Code.ALREADY_EXISTS,
                    Map.of("cidr", cidr, "conflicts_with", "10.0.0.0/24"));
        }
    }

    @Test
    void anAddressThatIsTakenOrReservedIsNamed() {
        wire.call("CreatePrefix", "cidr:'2001:db8::/64'");
        wire.call("AcquireIp", "prefix_cidr:'2001:db8::/64'");
        assertTold(
                wire.refusal("AcquireIp", "prefix_cidr:'2001:DB8::/64' address:'2001:DB8:0::1'"),
                Reason.ADDRESS_TAKEN,
                Code.ALREADY_EXISTS,
                Map.of("address", "2001:db8::1", "cidr", "2001:db8::/64"));
        assertTold(
                wire.refusal("AcquireIp", "prefix_cidr:'2001:db8::/64' address:'2001:db8::'"),
                Reason.ADDRESS_RESERVED,
                Code.ALREADY_EXISTS,
                Map.of("address", "2001:db8::", "cidr", "2001:db8::/64"));
    }

    @Test
    void aChildThatIsTakenIsNamed() {
        wire.call("CreatePrefix", "cidr:'10.0.0.0/24'");
        wire.call("AcquireChildPrefix", "parent_cidr:'10.0.0.0/24' cidr:'10.0.0.0/26'");
        for (String cidr : new String[] {"10.0.0.0/25", "10.0.0.0/26", "10.0.0.32/27"}) {
            assertTold(
                    wire.refusal("AcquireChildPrefix", "parent_cidr:'10.0.0.0/24' cidr:'" + cidr + "'"),
                    Reason.PREFIX_TAKEN,
                    Code.ALREADY_EXISTS,
                    Map.of("cidr", cidr, "parent_cidr", "10.0.0.0/24"));
        }
    }

    @Test
    void aNamespaceThatExistsIsNamed() {
        wire.call("CreateNamespace", "name:'n'");
        for (String name : new String[] {"root", "n"}) {
            assertTold(
                    wire.refusal("CreateNamespace", "name:'" + name + "'"),
                    Reason.NAMESPACE_EXISTS,
                    Code.ALREADY_EXISTS,
                    Map.of("namespace", name));
        }
    }

    @Test
    void aRequestIdThatServesTwoRequestsIsNamed() {
        wire.call("CreatePrefix", "cidr:'10.0.0.0/24' request_id:'r'");
        assertTold(
                wire.refusal("CreatePrefix", "cidr:'10.0.1.0/24' request_id:'r'"),
                Reason.REQUEST_ID_REUSED,
                Code.ALREADY_EXISTS,
                Map.of("request_id", "r"));
    }

    @Test
    void whatIsSaidOfAThingIsContentOfTheRequest() {
        wire.call("CreatePrefix", "cidr:'10.0.0.0/24'");
        wire.call("AcquireIp", "prefix_cidr:'10.0.0.0/24' request_id:'acquire'");
        String update = "update_mask{paths:'labels.k'} labels{key:'k' value:'v'}";
        wire.call("UpdatePrefix", "cidr:'10.0.0.0/24' request_id:'prefix'", update);
        wire.call("UpdateIp", "prefix_cidr:'10.0.0.0/24' address:'10.0.0.1' request_id:'ip'", update);
        for (String more : new String[] {
            "owner:'null' update_mask{paths:'owner'}",
            "description:'null' update_mask{paths:'description'}",
            "update_mask{paths:'labels'}",
            "update_mask{paths:'labels.other'}"
        }) {
            assertReused(
                    "prefix", wire.refusal("UpdatePrefix", "cidr:'10.0.0.0/24' request_id:'prefix'", update, more));
            assertReused(
                    "ip",
                    wire.refusal(
                            "UpdateIp", "prefix_cidr:'10.0.0.0/24' address:'10.0.0.1' request_id:'ip'", update, more));
        }
        for (String more : new String[] {"owner:'o'", "labels{key:'k' value:'v'}", "description:'d'"}) {
            assertReused("acquire", wire.refusal("AcquireIp", "prefix_cidr:'10.0.0.0/24' request_id:'acquire'", more));
        }
    }

    private static void assertReused(String requestId, Wire.Refusal refusal) {
        assertTold(refusal, Reason.REQUEST_ID_REUSED, Code.ALREADY_EXISTS, Map.of("request_id", requestId));
    }

    @Test
    void aLabelTooManyIsToldAlsoWhenTheOthersWereThereBefore() {
        StringBuilder labels = new StringBuilder();
        for (int i = 0; i < 32; i++) {
            labels.append("labels{key:'k").append(i).append("'} ");
        }
        wire.call("CreatePrefix", "cidr:'10.0.0.0/24'", labels.toString());
        wire.call("AcquireIp", "prefix_cidr:'10.0.0.0/24'", labels.toString());
        String update = "update_mask{paths:'labels.one-more'} labels{key:'one-more'}";
        for (Wire.Refusal refusal : new Wire.Refusal[] {
            wire.refusal("UpdatePrefix", "cidr:'10.0.0.0/24'", update),
            wire.refusal("UpdateIp", "prefix_cidr:'10.0.0.0/24' address:'10.0.0.1'", update)
        }) {
            assertThat(refusal.code()).isEqualTo(Code.INVALID_ARGUMENT);
            assertThat(refusal.info().getReason()).isEqualTo("INVALID_LABEL");
            assertThat(refusal.facts()).containsEntry("field", "labels").containsEntry("value", "33");
            assertThat(refusal.badRequests()).hasSize(1);
        }
    }

    @Test
    void aPageTokenIsOfOneListAlone() {
        wire.call("CreateNamespace", "name:'n'");
        for (String namespace : new String[] {"root", "n"}) {
            for (String cidr : new String[] {"10.0.0.0/24", "10.0.1.0/24"}) {
                wire.call("CreatePrefix", "namespace:'" + namespace + "' owner:'o' cidr:'" + cidr + "'");
                wire.call("AcquireIps", "namespace:'" + namespace + "' owner:'o' count:2 prefix_cidr:'" + cidr + "'");
            }
        }
        String[][] lists = {
            {"ListNamespaces", ""},
            {"ListPrefixes", ""},
            {"ListPrefixes", "namespace:'n'"},
            {"ListPrefixes", "owner:'o'"},
            {"ListPrefixes", "depth:0"},
            {"ListPrefixes", "family:ADDRESS_FAMILY_IPV4"},
            {"ListIps", "prefix_cidr:'10.0.0.0/24'"},
            {"ListIps", "prefix_cidr:'10.0.1.0/24'"},
            {"ListIps", "prefix_cidr:'10.0.0.0/24' owner:'o'"},
            {"ListIps", "prefix_cidr:'10.0.0.0/24' from_address:'10.0.0.0'"},
            {"Lookup", "owner:'o'"},
            {"Lookup", "owner:'o' namespace:'n'"}
        };
        for (String[] list : lists) {
            String token = Wire.text(wire.call(list[0], list[1], "page_size:1"), "next_page_token");
            assertThat(token).as("%s %s", list[0], list[1]).isNotEmpty();
            for (String[] other : lists) {
                String[] next = {other[1], "page_token:'" + token + "'"};
                if (other == list) {
                    assertThat(wire.call(other[0], next)).isNotNull();
                    continue;
                }
                Wire.Refusal refusal = wire.refusal(other[0], next);
                assertThat(refusal.info().getReason()).isEqualTo("INVALID_PAGE_TOKEN");
                assertThat(refusal.facts()).containsEntry("field", "page_token").containsEntry("value", token);
            }
        }
    }

    @Test
    void aRepeatedCallWhoseThingIsGoneIsNamed() {
        wire.call("CreatePrefix", "cidr:'10.0.0.0/24' request_id:'create'");
        wire.call("AcquireIp", "prefix_cidr:'10.0.0.0/24' request_id:'acquire'");
        wire.call("UpdateIp", "prefix_cidr:'10.0.0.0/24' address:'10.0.0.1' owner:'o' request_id:'update'");
        assertThat(wire.call("AcquireIp", "prefix_cidr:'10.0.0.0/24' request_id:'acquire'"))
                .as("an update does not end it")
                .isNotNull();
        wire.call("ReleaseIp", "prefix_cidr:'10.0.0.0/24' address:'10.0.0.1'");
        assertTold(
                wire.refusal("UpdateIp", "prefix_cidr:'10.0.0.0/24' address:'10.0.0.1' owner:'o' request_id:'update'"),
                Reason.ALLOCATION_GONE,
                Code.FAILED_PRECONDITION,
                Map.of("request_id", "update"));
        assertTold(
                wire.refusal("AcquireIp", "prefix_cidr:'10.0.0.0/24' request_id:'acquire'"),
                Reason.ALLOCATION_GONE,
                Code.FAILED_PRECONDITION,
                Map.of("request_id", "acquire"));
        wire.call("DeletePrefix", "cidr:'10.0.0.0/24'");
        assertTold(
                wire.refusal("CreatePrefix", "cidr:'10.0.0.0/24' request_id:'create'"),
                Reason.ALLOCATION_GONE,
                Code.FAILED_PRECONDITION,
                Map.of("request_id", "create"));
    }

    @Test
    void aPrefixWithoutFreeAddressesSaysHowItIsUsed() {
        wire.call("CreatePrefix", "cidr:'10.0.0.0/29'");
        for (String dryRun : new String[] {"dry_run:true", "dry_run:false"}) {
            assertTold(
                    wire.refusal("AcquireIps", "prefix_cidr:'10.0.0.0/29' count:7", dryRun),
                    Reason.NO_FREE_ADDRESS,
                    Code.RESOURCE_EXHAUSTED,
                    Map.of("cidr", "10.0.0.0/29", "acquired", "0", "reserved", "2", "free", "6"));
        }
        wire.call("AcquireIp", "prefix_cidr:'10.0.0.0/29' address:'10.0.0.3'");
        assertTold(
                wire.refusal("AcquireIps", "prefix_cidr:'10.0.0.0/29' count:4 contiguous:true"),
                Reason.NO_FREE_ADDRESS,
                Code.RESOURCE_EXHAUSTED,
                Map.of("cidr", "10.0.0.0/29", "acquired", "1", "reserved", "2", "free", "5"));
        wire.call("AcquireIps", "prefix_cidr:'10.0.0.0/29' count:5");
        assertTold(
                wire.refusal("AcquireIp", "prefix_cidr:'10.0.0.0/29'"),
                Reason.NO_FREE_ADDRESS,
                Code.RESOURCE_EXHAUSTED,
                Map.of("cidr", "10.0.0.0/29", "acquired", "6", "reserved", "2", "free", "0"));
    }

    @Test
    void aParentWithoutALargeEnoughBlockSaysWhatIsLeft() {
        wire.call("CreatePrefix", "cidr:'10.0.0.0/24'");
        wire.call("AcquireChildPrefix", "parent_cidr:'10.0.0.0/24' cidr:'10.0.0.0/26'");
        wire.call("AcquireChildPrefix", "parent_cidr:'10.0.0.0/24' cidr:'10.0.0.128/25'");
        for (String dryRun : new String[] {"dry_run:true", "dry_run:false"}) {
            assertTold(
                    wire.refusal("AcquireChildPrefix", "parent_cidr:'10.0.0.0/24' length:25", dryRun),
                    Reason.NO_FREE_PREFIX,
                    Code.RESOURCE_EXHAUSTED,
                    Map.of(
                            "cidr",
                            "10.0.0.0/24",
                            "children",
                            "2",
                            "leaked",
                            "0",
                            "free",
                            "64",
                            "largest_free_block",
                            "10.0.0.64/26"));
        }
        wire.call("AcquireChildPrefix", "parent_cidr:'10.0.0.0/24' length:26");
        assertTold(
                wire.refusal("AcquireChildPrefix", "parent_cidr:'10.0.0.0/24' length:32"),
                Reason.NO_FREE_PREFIX,
                Code.RESOURCE_EXHAUSTED,
                Map.of("cidr", "10.0.0.0/24", "children", "3", "leaked", "0", "free", "0", "largest_free_block", ""));
    }

    @Test
    void aFreeCountOf2ToThe127IsExact() {
        wire.call("CreatePrefix", "cidr:'::/0'");
        wire.call("AcquireChildPrefix", "parent_cidr:'::/0' cidr:'4000::/2'");
        wire.call("AcquireChildPrefix", "parent_cidr:'::/0' cidr:'8000::/2'");
        assertThat(wire.refusal("AcquireChildPrefix", "parent_cidr:'::/0' length:1")
                        .facts())
                .containsEntry("free", "170141183460469231731687303715884105728");
    }

    @Test
    void aPrefixThatIsNotEmptyIsNamed() {
        wire.call("CreatePrefix", "cidr:'10.0.0.0/24'");
        wire.call("AcquireChildPrefix", "parent_cidr:'10.0.0.0/24' cidr:'10.0.0.0/25'");
        assertTold(
                wire.refusal("DeletePrefix", "cidr:'10.0.0.0/24'"),
                Reason.PREFIX_HAS_CHILDREN,
                Code.FAILED_PRECONDITION,
                Map.of("cidr", "10.0.0.0/24"));
        assertTold(
                wire.refusal("AcquireIp", "prefix_cidr:'10.0.0.0/24'"),
                Reason.PREFIX_IS_PARENT,
                Code.FAILED_PRECONDITION,
                Map.of("cidr", "10.0.0.0/24"));
        wire.call("AcquireIp", "prefix_cidr:'10.0.0.0/25'");
        for (Wire.Refusal refusal : new Wire.Refusal[] {
            wire.refusal("DeletePrefix", "cidr:'10.0.0.0/25'"),
            wire.refusal("ReleaseChildPrefix", "cidr:'10.0.0.0/25'"),
            wire.refusal("AcquireChildPrefix", "parent_cidr:'10.0.0.0/25' length:26")
        }) {
            assertTold(refusal, Reason.PREFIX_HAS_ADDRESSES, Code.FAILED_PRECONDITION, Map.of("cidr", "10.0.0.0/25"));
        }
    }

    @Test
    void aTopLevelPrefixIsNoChild() {
        wire.call("CreatePrefix", "cidr:'10.0.0.0/24'");
        assertTold(
                wire.refusal("ReleaseChildPrefix", "cidr:'10.0.0.0/24'"),
                Reason.NOT_A_CHILD,
                Code.FAILED_PRECONDITION,
                Map.of("cidr", "10.0.0.0/24"));
    }

    @Test
    void aNamespaceThatHoldsPrefixesOrIsRootIsNamed() {
        wire.call("CreateNamespace", "name:'n'");
        wire.call("CreatePrefix", "namespace:'n' cidr:'10.0.0.0/24'");
        assertTold(
                wire.refusal("DeleteNamespace", "name:'n'"),
                Reason.NAMESPACE_NOT_EMPTY,
                Code.FAILED_PRECONDITION,
                Map.of("namespace", "n"));
        assertTold(
                wire.refusal("DeleteNamespace", "name:'root'"),
                Reason.NAMESPACE_PROTECTED,
                Code.FAILED_PRECONDITION,
                Map.of("namespace", "root"));
    }

    @Test
    void whatHasMovedOnIsNamed() {
        wire.call("CreatePrefix", "cidr:'10.0.0.0/24'");
        wire.call("AcquireChildPrefix", "parent_cidr:'10.0.0.0/24' length:25");
        wire.call("AcquireIp", "prefix_cidr:'10.0.0.0/25'");
        assertTold(
                wire.refusal(
                        "ReleaseIp", "prefix_cidr:'10.0.0.0/25' address:'10.0.0.1' allocation_id:'" + OTHER_ID + "'"),
                Reason.ALLOCATION_ID_MISMATCH,
                Code.FAILED_PRECONDITION,
                Map.of("address", "10.0.0.1", "cidr", "10.0.0.0/25"));
        assertTold(
                wire.refusal(
                        "UpdateIp",
                        "prefix_cidr:'10.0.0.0/25' address:'10.0.0.1' owner:'o' allocation_id:'" + OTHER_ID + "'"),
                Reason.ALLOCATION_ID_MISMATCH,
                Code.FAILED_PRECONDITION,
                Map.of("address", "10.0.0.1", "cidr", "10.0.0.0/25"));
        for (Wire.Refusal refusal : new Wire.Refusal[] {
            wire.refusal("ReleaseChildPrefix", "cidr:'10.0.0.0/25' prefix_id:'" + OTHER_ID + "'"),
            wire.refusal("DeletePrefix", "cidr:'10.0.0.0/25' prefix_id:'" + OTHER_ID + "'"),
            wire.refusal("UpdatePrefix", "cidr:'10.0.0.0/25' owner:'o' prefix_id:'" + OTHER_ID + "'")
        }) {
            assertTold(refusal, Reason.PREFIX_ID_MISMATCH, Code.FAILED_PRECONDITION, Map.of("cidr", "10.0.0.0/25"));
        }
    }

    @Test
    void idsMayBeGivenInUpperCase() {
        wire.call("CreatePrefix", "cidr:'10.0.0.0/24'");
        String id = Wire.text(wire.call("AcquireIp", "prefix_cidr:'10.0.0.0/24'"), "allocation", "allocation_id");
        wire.call(
                "ReleaseIp",
                "prefix_cidr:'10.0.0.0/24' address:'10.0.0.1' allocation_id:'" + id.toUpperCase(Locale.ROOT) + "'");
    }
}
