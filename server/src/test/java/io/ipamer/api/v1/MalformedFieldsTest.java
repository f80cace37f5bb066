package io.ipamer.api.v1;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import io.grpc.Status.Code;
import io.ipamer.model.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every field of every call, malformed: the refusal names the field and what came. Nothing here changes anything. */
class MalformedFieldsTest {
    /** Well-formed requests; a row spoils one field of one of them. */
    private static final Map<String, String> SOUND = Map.ofEntries(
            Map.entry("GetVersion", ""),
            Map.entry("CreateNamespace", "name:'a'"),
            Map.entry("GetNamespace", "name:'a'"),
            Map.entry("DeleteNamespace", "name:'a'"),
            Map.entry("CreatePrefix", "cidr:'10.0.0.0/24'"),
            Map.entry("GetPrefix", "cidr:'10.0.0.0/24'"),
            Map.entry("DeletePrefix", "cidr:'10.0.0.0/24'"),
            Map.entry("AcquireChildPrefix", "parent_cidr:'10.0.0.0/24' length:25"),
            Map.entry("ReleaseChildPrefix", "cidr:'10.0.0.0/25'"),
            Map.entry("AcquireIp", "prefix_cidr:'10.0.0.0/24'"),
            Map.entry("AcquireIps", "prefix_cidr:'10.0.0.0/24' count:1"),
            Map.entry("ReleaseIp", "prefix_cidr:'10.0.0.0/24' address:'10.0.0.1'"),
            Map.entry("ReleaseIps", "prefix_cidr:'10.0.0.0/24' items{address:'10.0.0.1'}"),
            Map.entry("ReleaseIpsByOwner", "owner:'o'"),
            Map.entry("ListNamespaces", ""),
            Map.entry("ListPrefixes", ""),
            Map.entry("UpdatePrefix", "cidr:'10.0.0.0/24' owner:'o'"),
            Map.entry("GetIp", "prefix_cidr:'10.0.0.0/24' address:'10.0.0.1'"),
            Map.entry("ListIps", "prefix_cidr:'10.0.0.0/24'"),
            Map.entry("UpdateIp", "prefix_cidr:'10.0.0.0/24' address:'10.0.0.1' owner:'o'"),
            Map.entry("Lookup", "owner:'o'"),
            Map.entry("GetPrefixUsage", "cidr:'10.0.0.0/24'"),
            Map.entry("GetNamespaceUsage", ""),
            Map.entry("ListFree", "cidr:'10.0.0.0/24'"),
            Map.entry("CheckOverlap", "cidrs:'10.0.0.0/24'"));

    /** Fields that hold nothing that could be malformed. */
    private static final List<String> ALWAYS_SOUND = List.of(
            "AcquireIps.contiguous",
            "DeletePrefix.force",
            "AcquireChildPrefix.dry_run",
            "AcquireIp.dry_run",
            "AcquireIps.dry_run");

    /** Of many messages: TransferCallsTest tries their fields. */
    private static final Set<String> STREAMED = Set.of("Export", "Import");

    private static Wire wire;

    @BeforeAll
    static void start() {
        wire = new Wire();
        wire.call("CreatePrefix", "cidr:'10.0.0.0/24'");
        wire.call("CreatePrefix", "cidr:'2001:db8::/64'");
    }

    @AfterAll
    static void stop() {
        wire.close();
    }

    /** One spoilt field, as text that is merged into the sound request. */
    private record Row(String method, String field, String spoilt, Reason reason, String path, String value) {}

    private static List<MethodDescriptor> unaryMethods() {
        return Wire.methods().stream()
                .filter(method -> !STREAMED.contains(method.getName()))
                .toList();
    }

    private static List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        for (MethodDescriptor method : unaryMethods()) {
            for (FieldDescriptor field : method.getInputType().getFields()) {
                rows.addAll(rows(method.getName(), field, "", ""));
            }
        }
        return rows;
    }

    private static List<Row> rows(String method, FieldDescriptor field, String before, String prefix) {
        String name = field.getName();
        String path = prefix + name;
        if (name.equals("items")) {
            Descriptor item = field.getMessageType();
            return item.getFields().stream()
                    .flatMap(inner -> rows(method, inner, "items{address:'10.0.0.2' ", "items[1].").stream())
                    .toList();
        }
        String end = before.isEmpty() ? "" : "}";
        return switch (name) {
            case "namespace", "name" -> {
                List<Row> names = new ArrayList<>();
                for (String wrong : List.of("a\\001b", "\\000", "a\\177", "n".repeat(129), "\u00e4".repeat(65))) {
                    names.add(row(method, field, before, wrong, end, Reason.INVALID_NAMESPACE, path));
                }
                if (name.equals("name") && !method.startsWith("Get")) {
                    names.add(row(method, field, before, "", end, Reason.FIELD_MISSING, path));
                }
                yield names;
            }
            case "cidr", "parent_cidr", "prefix_cidr", "cidrs" -> {
                String at = field.isRepeated() ? path + "[1]" : path;
                List<Row> cidrs = new ArrayList<>();
                if (!method.equals("ListPrefixes") && !method.equals("ReleaseIpsByOwner")) {
                    cidrs.add(row(method, field, before, "", end, Reason.FIELD_MISSING, at));
                }
                for (String wrong : List.of(
                        "nonsense",
                        "10.0.0.0",
                        "10.0.0.0/",
                        "10.0.0.0/33",
                        "10.0.0.0/-1",
                        "10.0.0.0/+8",
                        "10.0.0.0/08",
                        "10.0.0/24",
                        "010.0.0.0/24",
                        "10.0.0.0/24 ",
                        "10.0.0.1/24",
                        "2001:db8::/129",
                        "2001:db8::1/64",
                        "fe80::%eth0/64",
                        "\\000",
                        "x".repeat(3_000))) {
                    cidrs.add(row(method, field, before, wrong, end, Reason.INVALID_CIDR, at));
                }
                yield cidrs;
            }
            case "address", "from_address", "to_address" -> {
                List<Row> addresses = new ArrayList<>();
                boolean optional = method.equals("AcquireIp") || method.equals("ListIps") || method.equals("Lookup");
                if (!optional) {
                    addresses.add(row(method, field, before, "", end, Reason.FIELD_MISSING, path));
                }
                for (String wrong : List.of(
                        "nonsense",
                        "10.0.0.256",
                        "10.0.0",
                        "10.0.0.01",
                        "10.0.0.1/32",
                        " 10.0.0.1",
                        "2001:db8::1::",
                        "fe80::1%eth0",
                        "1\\n2",
                        "9".repeat(3_000))) {
                    addresses.add(row(method, field, before, wrong, end, Reason.INVALID_ADDRESS, path));
                }
                if (method.equals("AcquireIp")) {
                    for (String outside : List.of("10.0.1.0", "2001:db8::1", "::ffff:10.0.0.1")) {
                        addresses.add(row(method, field, before, outside, end, Reason.ADDRESS_OUTSIDE_PREFIX, path));
                    }
                }
                if (method.equals("ListIps")) {
                    for (String other : List.of("2001:db8::1", "::ffff:10.0.0.1")) {
                        addresses.add(row(method, field, before, other, end, Reason.INVALID_FILTER, path));
                    }
                }
                if (method.equals("Lookup")) {
                    addresses.add(row(method, field, before, "10.0.0.1", end, Reason.INVALID_FILTER, path));
                }
                yield addresses;
            }
            case "prefix_id", "allocation_id" ->
                Stream.of("nonsense", "1-1-1-1-1", "123e4567e89b42d3a456426614174000", "x".repeat(3_000))
                        .map(wrong -> row(method, field, before, wrong, end, Reason.INVALID_ID, path))
                        .toList();
            case "request_id" ->
                Stream.of("r".repeat(129), "a\\000", "a\\012b")
                        .map(wrong -> row(method, field, before, wrong, end, Reason.INVALID_REQUEST_ID, path))
                        .toList();
            case "count" ->
                IntStream.of(0, -1, 4_097, Integer.MIN_VALUE, Integer.MAX_VALUE)
                        .mapToObj(wrong -> number(method, field, wrong, Reason.INVALID_COUNT))
                        .toList();
            case "length" ->
                IntStream.of(0, 23, 24, 33, 128, Integer.MAX_VALUE)
                        .mapToObj(wrong -> number(method, field, wrong, Reason.LENGTH_OUT_OF_RANGE))
                        .toList();
            case "reservation", "family" ->
                IntStream.of(3, -1, Integer.MAX_VALUE)
                        .mapToObj(wrong -> number(method, field, wrong, Reason.INVALID_ENUM_VALUE))
                        .toList();
            case "owner" ->
                Stream.concat(
                                method.equals("ReleaseIpsByOwner")
                                        ? Stream.of(row(method, field, before, "", end, Reason.FIELD_MISSING, path))
                                        : Stream.of(),
                                Stream.of("o".repeat(129), "\u00e4".repeat(129), "a\\000", "a\\012b", "\\177")
                                        .map(wrong ->
                                                row(method, field, before, wrong, end, Reason.INVALID_OWNER, path)))
                        .toList();
            case "description" ->
                Stream.of("d".repeat(1_025), "\u00e4".repeat(1_025), "a\\000", "a\\015b", "\\177")
                        .map(wrong -> row(method, field, before, wrong, end, Reason.INVALID_DESCRIPTION, path))
                        .toList();
            case "labels" -> labels(method);
            case "update_mask" -> updateMasks(method);
            case "page_size" ->
                IntStream.of(-1, 1_001, Integer.MIN_VALUE, Integer.MAX_VALUE)
                        .mapToObj(wrong -> number(method, field, wrong, Reason.INVALID_COUNT))
                        .toList();
            case "page_token" ->
                Stream.of("nonsense", "AAAAAAAAAAAAAAAAAAAAAAAA", "=", "%", "a\\000", "a\\012b", "A".repeat(3_000))
                        .map(wrong -> row(method, field, before, wrong, end, Reason.INVALID_PAGE_TOKEN, path))
                        .toList();
            case "depth" ->
                IntStream.of(-1, 129, Integer.MIN_VALUE, Integer.MAX_VALUE)
                        .mapToObj(wrong -> number(method, field, wrong, Reason.INVALID_FILTER))
                        .toList();
            default -> List.of();
        };
    }

    private static List<Row> labels(String method) {
        List<Row> labels = new ArrayList<>();
        for (String key : List.of(
                "",
                "-a",
                "a.",
                "a b",
                "a\\000",
                "\u00e4",
                "a".repeat(64),
                "/a",
                "example.org/",
                "Example.org/a",
                "-example.org/a",
                "example..org/a",
                "a/b/c",
                "d.".repeat(126) + "dd/a",
                "x".repeat(3_000))) {
            labels.add(label(method, key, "v", "labels", key));
        }
        for (String value : List.of("-v", "v_", "v w", "v\\012", "\u00e4", "v".repeat(64), "v/w")) {
            labels.add(label(method, "example.org/key", value, "labels[example.org/key]", value));
        }
        String many = IntStream.range(0, 33)
                .mapToObj(n -> "labels{key:'k" + n + "' value:'v'} ")
                .collect(Collectors.joining());
        labels.add(new Row(method, "labels", many, Reason.INVALID_LABEL, "labels", "33"));
        return labels;
    }

    private static Row label(String method, String key, String value, String path, String wrong) {
        return new Row(
                method,
                "labels",
                "labels{key:'" + key + "' value:'" + value + "'}",
                Reason.INVALID_LABEL,
                path,
                shown(wrong));
    }

    private static List<Row> updateMasks(String method) {
        List<Row> masks = new ArrayList<>();
        masks.add(updateMask(method, "", Reason.INVALID_UPDATE_MASK, ""));
        for (String path : List.of("", "cidr", "Owner", "owner.name", "labels[k]", "**", "a\\000", "x".repeat(3_000))) {
            masks.add(updateMask(method, "paths:'owner' paths:'" + path + "'", Reason.INVALID_UPDATE_MASK, path));
        }
        for (String key : List.of("", "-a", "a b", "/a", "a/b/c", "a\\000", "a".repeat(64))) {
            masks.add(updateMask(method, "paths:'labels." + key + "'", Reason.INVALID_LABEL, key));
        }
        return masks;
    }

    private static Row updateMask(String method, String paths, Reason reason, String wrong) {
        return new Row(method, "update_mask", "update_mask{" + paths + "}", reason, "update_mask", shown(wrong));
    }

    private static Row row(
            String method, FieldDescriptor field, String before, String wrong, String end, Reason reason, String path) {
        return new Row(
                method,
                field.getName(),
                before + field.getName() + ":'" + wrong + "' " + end,
                reason,
                path,
                shown(wrong));
    }

    private static Row number(String method, FieldDescriptor field, int wrong, Reason reason) {
        return new Row(
                method,
                field.getName(),
                field.getName() + ":" + wrong,
                reason,
                field.getName(),
                Integer.toString(wrong));
    }

    /** What came, without control characters and cut at 128 characters. */
    private static String shown(String wrong) {
        String visible = wrong.replace("\\000", "\\u0000")
                .replace("\\001", "\\u0001")
                .replace("\\177", "\\u007f")
                .replace("\\012", "\\u000a")
                .replace("\\015", "\\u000d")
                .replace("\\n", "\\u000a");
        return visible.substring(0, Math.min(visible.length(), 128));
    }

    private static Stream<Arguments> spoilt() {
        return rows().stream()
                .map(row -> argumentSet(
                        row.method + " " + row.spoilt.substring(0, Math.min(row.spoilt.length(), 60)), row));
    }

    @ParameterizedTest
    @MethodSource("spoilt")
    void isRefusedWithTheFieldAndWhatCame(Row row) {
        Wire.Refusal refusal = wire.refusal(row.method, SOUND.get(row.method), row.spoilt);

        assertThat(refusal.code()).isEqualTo(Code.INVALID_ARGUMENT);
        assertThat(refusal.info().getDomain()).isEqualTo("ipamer.io");
        assertThat(refusal.info().getReason()).isEqualTo(row.reason.name());
        assertThat(refusal.facts()).containsEntry("field", row.path).containsKey("value");
        if (row.reason != Reason.INVALID_REQUEST_ID) {
            assertThat(refusal.facts()).containsEntry("value", row.value);
        }
        assertThat(refusal.badRequests())
                .singleElement()
                .satisfies(badRequest -> assertThat(badRequest.getFieldViolationsList())
                        .singleElement()
                        .satisfies(violation -> {
                            assertThat(violation.getField()).isEqualTo(row.path);
                            assertThat(violation.getDescription()).isEqualTo(refusal.message());
                        }));
        assertThat(refusal.retries()).isEmpty();
        assertThat(refusal.message()).hasSizeLessThan(500).doesNotContain("\n", "\0", "Exception");
    }

    /** A new field of a request has no rows until somebody says what can be wrong with it. */
    @Test
    void everyFieldOfEveryCallIsTried() {
        TreeSet<String> tried =
                rows().stream().map(row -> row.method + "." + row.field).collect(Collectors.toCollection(TreeSet::new));
        tried.addAll(ALWAYS_SOUND);
        TreeSet<String> fields = new TreeSet<>();
        for (MethodDescriptor method : unaryMethods()) {
            for (FieldDescriptor field : method.getInputType().getFields()) {
                if (field.getName().equals("items")) {
                    field.getMessageType()
                            .getFields()
                            .forEach(inner -> fields.add(method.getName() + "." + inner.getName()));
                } else {
                    fields.add(method.getName() + "." + field.getName());
                }
            }
        }
        assertThat(tried).isEqualTo(fields);
    }

    @Test
    void hostBitsAreToldWithTheCidrThatWouldBeRight() {
        assertThat(wire.refusal("CreatePrefix", "cidr:'10.0.0.1/24'").facts())
                .isEqualTo(Map.of("field", "cidr", "value", "10.0.0.1/24", "canonical", "10.0.0.0/24"));
        assertThat(wire.refusal("CheckOverlap", "cidrs:'10.0.0.0/8' cidrs:'2001:DB8::1/64'")
                        .facts())
                .isEqualTo(Map.of("field", "cidrs[1]", "value", "2001:DB8::1/64", "canonical", "2001:db8::/64"));
    }

    @Test
    void numbersOutOfRangeAreToldWithTheirRange() {
        assertThat(wire.refusal("AcquireIps", "prefix_cidr:'10.0.0.0/24' count:0")
                        .facts())
                .containsEntry("min", "1")
                .containsEntry("max", "4096");
        assertThat(wire.refusal("ReleaseIps", "prefix_cidr:'10.0.0.0/24'").facts())
                .isEqualTo(Map.of("field", "items", "value", "0", "min", "1", "max", "4096"));
        assertThat(wire.refusal("ReleaseIps", "prefix_cidr:'10.0.0.0/24'", "items{address:'10.0.0.1'}".repeat(4_097))
                        .facts())
                .containsEntry("field", "items")
                .containsEntry("value", "4097");
        assertThat(wire.refusal("CheckOverlap", "").facts())
                .isEqualTo(Map.of("field", "cidrs", "value", "0", "min", "1", "max", "1000"));
        assertThat(wire.refusal("CheckOverlap", "cidrs:'10.0.0.0/8' ".repeat(1_001))
                        .facts())
                .containsEntry("field", "cidrs")
                .containsEntry("value", "1001");
    }

    @Test
    void aLookupNeedsAnAddressOrAnOwnerOrLabels() {
        for (String nothing : List.of("", "namespace:'root' page_size:7", "page_token:'t'")) {
            Wire.Refusal refusal = wire.refusal("Lookup", nothing);
            assertThat(refusal.info().getReason()).isEqualTo("FIELD_MISSING");
            assertThat(refusal.facts()).containsEntry("field", "address").containsEntry("value", "");
        }
    }

    @Test
    void aLookupOfAnAddressGoesWithNothingThatOthersAreFoundBy() {
        for (String more : List.of("owner:'o'", "labels{key:'k' value:'v'}", "page_token:'t'")) {
            Wire.Refusal refusal = wire.refusal("Lookup", "address:'10.0.0.1'", more);
            assertThat(refusal.info().getReason()).isEqualTo("INVALID_FILTER");
            assertThat(refusal.facts()).containsEntry("field", "address").containsEntry("value", "10.0.0.1");
        }
    }

    @Test
    void anUpdateThatNamesNothingIsRefused() {
        for (String update :
                List.of("UpdatePrefix cidr:'10.0.0.0/24'", "UpdateIp prefix_cidr:'10.0.0.0/24' address:'10.0.0.1'")) {
            int space = update.indexOf(' ');
            Wire.Refusal refusal = wire.refusal(update.substring(0, space), update.substring(space));
            assertThat(refusal.info().getReason()).isEqualTo("INVALID_UPDATE_MASK");
            assertThat(refusal.facts()).containsEntry("field", "update_mask").containsEntry("value", "");
        }
    }

    @Test
    void aForcedDeleteIsRefusedForTheSameFieldsAndMarksNothing() {
        for (String spoilt : List.of(
                "cidr:'10.0.0.1/24'", "cidr:'10.0.0.0/24' prefix_id:'x'", "cidr:'10.0.0.0/24' request_id:'a\\000'")) {
            assertThat(wire.refusal("DeletePrefix", "force:true " + spoilt).code())
                    .isEqualTo(wire.refusal("DeletePrefix", spoilt).code())
                    .isEqualTo(Code.INVALID_ARGUMENT);
        }
        wire.call("AcquireIp", "prefix_cidr:'10.0.0.0/24' dry_run:true");
    }

    @Test
    void aChildNeedsALengthOrACidr() {
        Wire.Refusal refusal = wire.refusal("AcquireChildPrefix", "parent_cidr:'10.0.0.0/24'");
        assertThat(refusal.info().getReason()).isEqualTo("FIELD_MISSING");
        assertThat(refusal.facts()).containsEntry("field", "length").containsEntry("value", "");
    }

    @Test
    void aChildThatLiesElsewhereIsToldWithItsParent() {
        for (String elsewhere : List.of("10.0.1.0/25", "9.0.0.0/8", "2001:db8::/65")) {
            Wire.Refusal refusal =
                    wire.refusal("AcquireChildPrefix", "parent_cidr:'10.0.0.0/24' cidr:'" + elsewhere + "'");
            assertThat(refusal.info().getReason()).isEqualTo("PREFIX_OUTSIDE_PARENT");
            assertThat(refusal.facts())
                    .isEqualTo(Map.of(
                            "field", "cidr", "value", elsewhere, "cidr", elsewhere, "parent_cidr", "10.0.0.0/24"));
        }
    }

    @Test
    void aLengthOutOfRangeIsToldWithItsParent() {
        assertThat(wire.refusal("AcquireChildPrefix", "parent_cidr:'2001:db8::/64' length:129")
                        .facts())
                .isEqualTo(Map.of("field", "length", "value", "129", "length", "129", "parent_cidr", "2001:db8::/64"));
    }

    @Test
    void anAddressOutsideIsToldWithThePrefix() {
        assertThat(wire.refusal("AcquireIp", "prefix_cidr:'10.0.0.0/24' address:'10.0.1.0'")
                        .facts())
                .isEqualTo(
                        Map.of("field", "address", "value", "10.0.1.0", "address", "10.0.1.0", "cidr", "10.0.0.0/24"));
    }
}
