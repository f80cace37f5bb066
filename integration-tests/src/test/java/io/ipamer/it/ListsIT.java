package io.ipamer.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.grpc.StatusRuntimeException;
import io.ipamer.proto.v1.AcquireIpRequest;
import io.ipamer.proto.v1.AcquireIpsRequest;
import io.ipamer.proto.v1.AddressFamily;
import io.ipamer.proto.v1.Allocation;
import io.ipamer.proto.v1.CreateNamespaceRequest;
import io.ipamer.proto.v1.ListFreeRequest;
import io.ipamer.proto.v1.ListIpsRequest;
import io.ipamer.proto.v1.ListNamespacesRequest;
import io.ipamer.proto.v1.ListPrefixesRequest;
import io.ipamer.proto.v1.LookupRequest;
import io.ipamer.proto.v1.LookupResponse;
import io.ipamer.proto.v1.Prefix;
import io.ipamer.proto.v1.ReleaseChildPrefixRequest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Lists, their page tokens, and lookups of {@code ipamer.v1}, over a real channel. */
class ListsIT extends IpamerCalls {

    @Test
    void prefixesAreListedByAnyFilters() {
        plant();
        ListPrefixesRequest all = ListPrefixesRequest.getDefaultInstance();

        assertThat(cidrs(all))
                .containsExactly(
                        "10.0.0.0/16",
                        "10.0.0.0/24",
                        "10.0.0.0/26",
                        "10.0.0.64/26",
                        "10.0.1.0/24",
                        "10.0.1.0/26",
                        "10.0.1.64/26",
                        "10.0.2.0/24",
                        "10.0.2.0/26",
                        "10.0.2.64/26",
                        "10.0.3.0/24",
                        "10.0.3.0/26",
                        "10.0.3.64/26",
                        "2001:db8::/32",
                        "2001:db8::/64");
        assertThat(cidrs(all.toBuilder()
                        .setFamily(AddressFamily.ADDRESS_FAMILY_IPV6)
                        .build()))
                .containsExactly("2001:db8::/32", "2001:db8::/64");
        assertThat(cidrs(all.toBuilder().setDepth(0).build())).containsExactly("10.0.0.0/16", "2001:db8::/32");
        assertThat(cidrs(all.toBuilder().setDepth(1).build()))
                .containsExactly("10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24", "2001:db8::/64");
        assertThat(cidrs(all.toBuilder().setDepth(3).build())).isEmpty();
        assertThat(cidrs(all.toBuilder().setParentCidr("10.0.0.0/16").build()))
                .containsExactly("10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24");
        assertThat(cidrs(all.toBuilder().setParentCidr("10.0.2.0/24").build()))
                .containsExactly("10.0.2.0/26", "10.0.2.64/26");
        assertThat(cidrs(all.toBuilder().setParentCidr("10.0.2.0/26").build())).isEmpty();
        assertThat(cidrs(all.toBuilder().setOwner("o").setDepth(1).build()))
                .containsExactly("10.0.0.0/24", "2001:db8::/64");
        assertThat(cidrs(all.toBuilder().putLabels("kind", "even").build()))
                .containsExactly("10.0.0.0/24", "10.0.2.0/24", "2001:db8::/64");
        assertThat(cidrs(all.toBuilder()
                        .putLabels("kind", "even")
                        .setOwner("o")
                        .setFamily(AddressFamily.ADDRESS_FAMILY_IPV4)
                        .build()))
                .containsExactly("10.0.0.0/24");
        assertThat(cidrs(all.toBuilder()
                        .putLabels("kind", "below")
                        .putLabels("other", "")
                        .build()))
                .isEmpty();
        assertThat(refusal(() -> ipamer.listPrefixes(
                        all.toBuilder().setParentCidr("10.9.0.0/16").build())))
                .isEqualTo("PREFIX_NOT_FOUND");
        assertThat(refusal(
                        () -> ipamer.listPrefixes(all.toBuilder().setDepth(129).build())))
                .isEqualTo("INVALID_FILTER");
        assertThat(refusal(() ->
                        ipamer.listPrefixes(all.toBuilder().setFamilyValue(7).build())))
                .isEqualTo("INVALID_ENUM_VALUE");
        assertThat(refusal(() -> ipamer.listPrefixes(
                        all.toBuilder().setNamespace("nobody").build())))
                .isEqualTo("NAMESPACE_NOT_FOUND");
    }

    private List<String> cidrs(ListPrefixesRequest request) {
        List<Prefix> whole = prefixes(request, 1_000);
        assertThat(prefixes(request, 1)).isEqualTo(whole);
        assertThat(prefixes(request, 2)).isEqualTo(whole);
        return whole.stream().map(Prefix::getCidr).toList();
    }

    @Test
    void addressesAreListedByAnyFilters() {
        create(CIDR);
        for (int i = 0; i < 6; i++) {
            acquire(AcquireIpRequest.newBuilder()
                    .setOwner(i % 2 == 0 ? "o" : "p")
                    .putLabels("third", i % 3 + ""));
        }
        ListIpsRequest all = ListIpsRequest.newBuilder().setPrefixCidr(CIDR).build();

        assertThat(addresses(all)).isEqualTo("1 2 3 4 5 6");
        assertThat(addresses(all.toBuilder().setOwner("o").build())).isEqualTo("1 3 5");
        assertThat(addresses(all.toBuilder().putLabels("third", "0").build())).isEqualTo("1 4");
        assertThat(addresses(
                        all.toBuilder().setOwner("p").putLabels("third", "0").build()))
                .isEqualTo("4");
        assertThat(addresses(all.toBuilder().setFromAddress("10.0.0.3").build()))
                .isEqualTo("3 4 5 6");
        assertThat(addresses(all.toBuilder()
                        .setFromAddress("10.0.0.2")
                        .setToAddress("10.0.0.5")
                        .setOwner("p")
                        .build()))
                .isEqualTo("2 4");
        assertThat(addresses(all.toBuilder().setFromAddress("10.0.1.0").build()))
                .isEmpty();
        assertThat(refusal(() ->
                        ipamer.listIps(all.toBuilder().setFromAddress("::").build())))
                .isEqualTo("INVALID_FILTER");
        assertThat(refusal(() ->
                        ipamer.listIps(all.toBuilder().setToAddress("10.0.0").build())))
                .isEqualTo("INVALID_ADDRESS");
        assertThat(refusal(() -> ipamer.listIps(
                        all.toBuilder().setPrefixCidr("10.9.0.0/24").build())))
                .isEqualTo("PREFIX_NOT_FOUND");
    }

    private String addresses(ListIpsRequest request) {
        List<Allocation> whole = ips(request, 1_000);
        assertThat(ips(request, 1)).isEqualTo(whole);
        return String.join(
                " ",
                whole.stream()
                        .map(row -> row.getAddress().replace("10.0.0.", ""))
                        .toList());
    }

    @Test
    void namespacesAreListedInPages() {
        for (String name : List.of("b", "a", "c")) {
            ipamer.createNamespace(
                    CreateNamespaceRequest.newBuilder().setName(name).build());
        }
        for (int size : new int[] {1, 3, 0}) {
            assertThat(namespaces(size)).containsExactly("a", "b", "c", "root");
        }
    }

    @Test
    void aPageHasAHundredRowsUnlessToldAndAtMostAThousand() {
        create("10.0.0.0/20");
        ipamer.acquireIps(AcquireIpsRequest.newBuilder()
                .setPrefixCidr("10.0.0.0/20")
                .setCount(1_100)
                .build());
        ListIpsRequest request =
                ListIpsRequest.newBuilder().setPrefixCidr("10.0.0.0/20").build();

        assertThat(ipamer.listIps(request).getAllocationsList()).hasSize(100);
        assertThat(ipamer.listIps(request.toBuilder().setPageSize(1_000).build())
                        .getAllocationsList())
                .hasSize(1_000);
        for (int size : new int[] {-1, 1_001, Integer.MAX_VALUE}) {
            assertThat(refusal(() ->
                            ipamer.listIps(request.toBuilder().setPageSize(size).build())))
                    .isEqualTo("INVALID_COUNT");
        }
    }

    @Test
    void aTokenIsForTheCallTheNamespaceAndTheFiltersThatItWasGivenFor() {
        plant();
        ipamer.createNamespace(
                CreateNamespaceRequest.newBuilder().setName("other").build());
        ListPrefixesRequest all =
                ListPrefixesRequest.newBuilder().setPageSize(1).build();
        String token = ipamer.listPrefixes(all).getNextPageToken();
        assertThat(token).isNotEmpty();
        ListPrefixesRequest next = all.toBuilder().setPageToken(token).build();

        assertThat(ipamer.listPrefixes(next).getPrefixes(0).getCidr()).isEqualTo("10.0.0.0/24");
        assertThat(ipamer.listPrefixes(next.toBuilder()
                                .setPageSize(7)
                                .setNamespace("root")
                                .build())
                        .getPrefixesList())
                .as("with another page size and the namespace by its name")
                .hasSize(7);
        List<ListPrefixesRequest> others = List.of(
                next.toBuilder().setNamespace("other").build(),
                next.toBuilder().setOwner("o").build(),
                next.toBuilder().putLabels("kind", "even").build(),
                next.toBuilder().setDepth(0).build(),
                next.toBuilder().setParentCidr("10.0.0.0/16").build(),
                next.toBuilder().setFamily(AddressFamily.ADDRESS_FAMILY_IPV4).build());
        for (ListPrefixesRequest request : others) {
            assertThat(refusal(() -> ipamer.listPrefixes(request))).isEqualTo("INVALID_PAGE_TOKEN");
        }
        assertThat(refusal(() -> ipamer.listNamespaces(
                        ListNamespacesRequest.newBuilder().setPageToken(token).build())))
                .isEqualTo("INVALID_PAGE_TOKEN");
        assertThat(refusal(() -> ipamer.listIps(ListIpsRequest.newBuilder()
                        .setPrefixCidr("10.0.0.0/26")
                        .setPageToken(token)
                        .build())))
                .isEqualTo("INVALID_PAGE_TOKEN");
        assertThat(refusal(() -> ipamer.listFree(ListFreeRequest.newBuilder()
                        .setCidr("10.0.0.0/16")
                        .setPageToken(token)
                        .build())))
                .isEqualTo("INVALID_PAGE_TOKEN");
        assertThat(refusal(() -> ipamer.lookup(LookupRequest.newBuilder()
                        .setOwner("o")
                        .setPageToken(token)
                        .build())))
                .isEqualTo("INVALID_PAGE_TOKEN");
    }

    @Test
    void aForgedTokenIsRefusedHoweverLong() {
        plant();
        String token = ipamer.listPrefixes(
                        ListPrefixesRequest.newBuilder().setPageSize(1).build())
                .getNextPageToken();
        char last = token.charAt(token.length() - 1);

        for (String forged : List.of(
                "x",
                token + "A",
                token.substring(1),
                token.substring(0, token.length() - 1) + (last == 'A' ? 'B' : 'A'),
                "\u0000",
                "A".repeat(100_000))) {
            StatusRuntimeException failure = catchThrowableOfType(
                    StatusRuntimeException.class,
                    () -> ipamer.listPrefixes(ListPrefixesRequest.newBuilder()
                            .setPageToken(forged)
                            .build()));
            assertThat(Caller.reason(failure)).isEqualTo("INVALID_PAGE_TOKEN");
        }
    }

    @Test
    void aTokenStaysGoodWhileOthersWrite() {
        plant();
        ListPrefixesRequest request = ListPrefixesRequest.newBuilder()
                .setParentCidr("10.0.0.0/16")
                .setPageSize(2)
                .build();
        String token = ipamer.listPrefixes(request).getNextPageToken();
        for (String gone : List.of("10.0.1.0/26", "10.0.1.64/26", "10.0.1.0/24")) {
            ipamer.releaseChildPrefix(
                    ReleaseChildPrefixRequest.newBuilder().setCidr(gone).build());
        }
        String added = child("10.0.0.0/16", 20, "", "new");

        assertThat(ipamer.listPrefixes(request.toBuilder()
                                .setPageSize(9)
                                .setPageToken(token)
                                .build())
                        .getPrefixesList())
                .extracting(Prefix::getCidr)
                .containsExactly("10.0.2.0/24", "10.0.3.0/24", added);
    }

    @Test
    void anAddressIsLookedUpInAllPrefixesAroundItOutermostFirst() {
        plant();
        Allocation held = ipamer.acquireIp(AcquireIpRequest.newBuilder()
                        .setPrefixCidr("10.0.3.64/26")
                        .setOwner("o")
                        .build())
                .getAllocation();

        LookupResponse found = look(LookupRequest.newBuilder().setAddress(held.getAddress()));
        assertThat(found.getPrefixesList())
                .containsExactly(get("10.0.0.0/16"), get("10.0.3.0/24"), get("10.0.3.64/26"));
        assertThat(found.getAllocationsList()).containsExactly(held);
        assertThat(found.getNextPageToken()).isEmpty();
        assertThat(look(LookupRequest.newBuilder().setAddress("10.0.3.66")).getAllocationsList())
                .isEmpty();
        assertThat(look(LookupRequest.newBuilder().setAddress("10.0.200.1")).getPrefixesList())
                .containsExactly(get("10.0.0.0/16"));
        assertThat(look(LookupRequest.newBuilder().setAddress("11.0.0.0")))
                .isEqualTo(LookupResponse.getDefaultInstance());
        assertThat(look(LookupRequest.newBuilder().setAddress("2001:DB8::1")).getPrefixesCount())
                .isEqualTo(2);
    }

    @Test
    void whatHasAnOwnerOrLabelsIsLookedUpInPagesPrefixesFirst() {
        plant();
        for (int i = 0; i < 3; i++) {
            ipamer.acquireIp(AcquireIpRequest.newBuilder()
                    .setPrefixCidr("10.0.0.0/26")
                    .setOwner("o")
                    .putLabels("kind", "even")
                    .build());
        }

        assertThat(lookUp(LookupRequest.newBuilder().setOwner("o")))
                .containsExactly(
                        "10.0.0.0/24",
                        "10.0.0.0/26",
                        "10.0.1.0/26",
                        "10.0.2.0/26",
                        "10.0.3.0/26",
                        "2001:db8::/64",
                        "10.0.0.1 in 10.0.0.0/26",
                        "10.0.0.2 in 10.0.0.0/26",
                        "10.0.0.3 in 10.0.0.0/26");
        assertThat(lookUp(LookupRequest.newBuilder().putLabels("kind", "even")))
                .containsExactly(
                        "10.0.0.0/24",
                        "10.0.2.0/24",
                        "2001:db8::/64",
                        "10.0.0.1 in 10.0.0.0/26",
                        "10.0.0.2 in 10.0.0.0/26",
                        "10.0.0.3 in 10.0.0.0/26");
        assertThat(lookUp(LookupRequest.newBuilder().setOwner("o").putLabels("kind", "below")))
                .containsExactly("10.0.0.0/26", "10.0.1.0/26", "10.0.2.0/26", "10.0.3.0/26");
        assertThat(lookUp(LookupRequest.newBuilder().setOwner("nobody"))).isEmpty();
    }

    private List<String> lookUp(LookupRequest.Builder request) {
        List<String> whole = lookUp(request, 1_000);
        for (int size = 1; size < 8; size++) {
            assertThat(lookUp(request, size)).as("by %s", size).isEqualTo(whole);
        }
        return whole;
    }

    private List<String> lookUp(LookupRequest.Builder request, int size) {
        return pages(
                token -> ipamer.lookup(
                        request.clone().setPageSize(size).setPageToken(token).build()),
                page -> {
                    List<String> rows = new ArrayList<>();
                    page.getPrefixesList().forEach(prefix -> rows.add(prefix.getCidr()));
                    page.getAllocationsList()
                            .forEach(allocation ->
                                    rows.add(allocation.getAddress() + " in " + allocation.getPrefixCidr()));
                    assertThat(rows).hasSizeLessThanOrEqualTo(size);
                    return rows;
                },
                LookupResponse::getNextPageToken);
    }

    @Test
    void aLookupIsOfAnAddressOrOfWords() {
        assertThat(refusal(() -> look(LookupRequest.newBuilder()))).isEqualTo("FIELD_MISSING");
        assertThat(refusal(() ->
                        look(LookupRequest.newBuilder().setAddress("10.0.0.1").setOwner("o"))))
                .isEqualTo("INVALID_FILTER");
        assertThat(refusal(() ->
                        look(LookupRequest.newBuilder().setAddress("10.0.0.1").putLabels("a", ""))))
                .isEqualTo("INVALID_FILTER");
        assertThat(refusal(() ->
                        look(LookupRequest.newBuilder().setAddress("10.0.0.1").setPageToken("x"))))
                .isEqualTo("INVALID_FILTER");
        assertThat(refusal(() -> look(LookupRequest.newBuilder().setAddress("10.0.0"))))
                .isEqualTo("INVALID_ADDRESS");
        assertThat(refusal(() ->
                        look(LookupRequest.newBuilder().setAddress("10.0.0.1").setNamespace("nobody"))))
                .isEqualTo("NAMESPACE_NOT_FOUND");
        assertThat(refusal(() -> look(LookupRequest.newBuilder().setOwner("o").setNamespace("nobody"))))
                .isEqualTo("NAMESPACE_NOT_FOUND");
        assertThat(refusal(() -> look(LookupRequest.newBuilder().setOwner("a\nb"))))
                .isEqualTo("INVALID_OWNER");
        assertThat(refusal(() -> look(LookupRequest.newBuilder().putLabels("-", ""))))
                .isEqualTo("INVALID_LABEL");
    }

    /** Pages of every kind of list, the first before something happens and the second after it. */
    final void assertTokensOutlive(Runnable happening) {
        plant();
        acquire(AcquireIpRequest.newBuilder().setPrefixCidr("10.0.0.0/26").setAddress("10.0.0.9"));
        acquire(AcquireIpRequest.newBuilder().setPrefixCidr("10.0.0.0/26").setAddress("10.0.0.20"));
        ipamer.createNamespace(
                CreateNamespaceRequest.newBuilder().setName("other").build());
        Map<String, Function<String, String>> lists = new HashMap<>();
        lists.put(
                "prefixes",
                token -> ipamer.listPrefixes(ListPrefixesRequest.newBuilder()
                                .setPageSize(1)
                                .setPageToken(token)
                                .build())
                        .getNextPageToken());
        lists.put(
                "addresses",
                token -> ipamer.listIps(ListIpsRequest.newBuilder()
                                .setPrefixCidr("10.0.0.0/26")
                                .setPageSize(1)
                                .setPageToken(token)
                                .build())
                        .getNextPageToken());
        lists.put(
                "namespaces",
                token -> ipamer.listNamespaces(ListNamespacesRequest.newBuilder()
                                .setPageSize(1)
                                .setPageToken(token)
                                .build())
                        .getNextPageToken());
        lists.put(
                "lookup",
                token -> ipamer.lookup(LookupRequest.newBuilder()
                                .setOwner("o")
                                .setPageSize(1)
                                .setPageToken(token)
                                .build())
                        .getNextPageToken());
        lists.put(
                "free",
                token -> ipamer.listFree(ListFreeRequest.newBuilder()
                                .setCidr("10.0.0.0/26")
                                .setPageSize(1)
                                .setPageToken(token)
                                .build())
                        .getNextPageToken());
        Map<String, String> tokens = new HashMap<>();
        lists.forEach((name, list) -> tokens.put(name, list.apply("")));
        Map<String, String> before = new HashMap<>();
        lists.forEach((name, list) -> before.put(name, list.apply(tokens.get(name))));

        happening.run();

        assertThat(tokens.values()).doesNotContain("");
        lists.forEach((name, list) ->
                assertThat(list.apply(tokens.get(name))).as(name).isEqualTo(before.get(name)));
    }
}
