package io.ipamer.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ClientCalls;
import io.ipamer.app.IpamerServer;
import io.ipamer.it.BadInputCalls.Attempt;
import io.ipamer.it.BadInputCalls.Rpc;
import io.ipamer.proto.goipam.AcquireChildPrefixRequest;
import io.ipamer.proto.goipam.AcquireIPRequest;
import io.ipamer.proto.goipam.CreateNamespaceRequest;
import io.ipamer.proto.goipam.CreatePrefixRequest;
import io.ipamer.proto.goipam.DumpRequest;
import io.ipamer.proto.goipam.IpamServiceGrpc;
import io.ipamer.proto.goipam.IpamServiceGrpc.IpamServiceBlockingStub;
import io.ipamer.proto.goipam.ListPrefixesRequest;
import io.ipamer.proto.goipam.LoadRequest;
import io.ipamer.proto.goipam.ReleaseIPRequest;
import io.ipamer.proto.v1.AcquireIpsRequest;
import io.ipamer.proto.v1.CheckOverlapRequest;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import io.ipamer.proto.v1.IpamerServiceGrpc.IpamerServiceBlockingStub;
import io.ipamer.proto.v1.ListFreeRequest;
import io.ipamer.proto.v1.ListIpsRequest;
import io.ipamer.proto.v1.ListNamespacesRequest;
import io.ipamer.proto.v1.LookupRequest;
import io.ipamer.proto.v1.ReleaseIpsItem;
import io.ipamer.proto.v1.ReleaseIpsRequest;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every malformed form that is known, where it can come, and numbers beyond their ranges. */
class BadInputFormsIT {
    private static final Set<String> CIDRS = Set.of("cidr", "cidrs", "parent_cidr", "prefix_cidr", "child_cidr");
    private static final Set<String> ADDRESSES = Set.of("ip", "address", "from_address", "to_address");

    /** Stands for the bytes of {@link #NOT_UTF8}, which no string can hold. */
    private static final String MARK = "\u0001\u0002\u0003";

    private static final byte[] NOT_UTF8 = {(byte) 0xC3, 0x28, 'A'};

    private IpamerServer server;
    private ManagedChannel channel;
    private IpamServiceBlockingStub goipam;
    private IpamerServiceBlockingStub ipamer;

    @BeforeEach
    void start() {
        server = IpamerServer.inMemory();
        channel = NettyChannelBuilder.forAddress("127.0.0.1", server.grpcPort())
                .usePlaintext()
                .build();
        goipam = IpamServiceGrpc.newBlockingStub(channel);
        ipamer = IpamerServiceGrpc.newBlockingStub(channel);
        goipam.createNamespace(
                CreateNamespaceRequest.newBuilder().setNamespace("tenant").build());
        for (String cidr : List.of("10.0.0.0/16", "2001:db8::/48", "192.168.0.0/24")) {
            goipam.createPrefix(CreatePrefixRequest.newBuilder().setCidr(cidr).build());
        }
        goipam.acquireIP(
                AcquireIPRequest.newBuilder().setPrefixCidr("192.168.0.0/24").build());
    }

    @AfterEach
    void stop() {
        channel.shutdownNow();
        server.close();
    }

    @ParameterizedTest(name = "CIDR \"{0}\"")
    @ValueSource(
            strings = {
                "",
                "/",
                "/24",
                "10.0.0.0",
                "10.0.0.0/",
                "10.0.0.0/33",
                "2001:db8::/129",
                "10.0.0.0/08",
                "10.0.0.0/+8",
                "10.0.0.0/-1",
                "10.0.0.0/1 6",
                "10.0.0.0/0x8",
                "10.0.0.0/8.0",
                "10.0.0.0/4294967304",
                "10.0.0.0/18446744073709551624",
                "10.0.0.0/\u0668",
                "10.0.0.0/16/16",
                " 10.0.0.0/16",
                "10.0.0.0/16 ",
                "10.0.0.0 /16",
                "10.0.0.0/16\n",
                "10.0.0.0\0/16",
                "10.0.0/16",
                "10.0.0.0.0/16",
                "10..0.0/16",
                ".10.0.0.0/16",
                "10.0.0.256/16",
                "010.0.0.0/16",
                "10.0.0.00/16",
                "0x0a.0.0.0/16",
                "167772160/16",
                "\uff110.0.0.0/16",
                "-10.0.0.0/16",
                "fe80::%eth0/64",
                "fe80::1%/64",
                "2001:0db8:85a3:::/120",
                "1::2::3/64",
                ":1::/64",
                "1:/64",
                "12345::/16",
                "00001::/16",
                "g::/64",
                "1:2:3:4:5:6:7/64",
                "1:2:3:4:5:6:7:8:9/64",
                "1:2:3:4::5:6:7:8/64",
                "[2001:db8::]/48",
                "::ffff:10.0.0/120",
                "::ffff:010.0.0.1/120",
                "1.2.3.4::/64",
                "::1.2.3.4:5/64",
                "1:2:3:4:5:6:7:1.2.3.4/64",
                "localhost/8",
                "nonsense"
            })
    void aMalformedCidrIsRefusedByEveryCallThatTakesOne(String cidr) throws Exception {
        everyCallRefuses(CIDRS, cidr, attempt -> !cidr.isEmpty() || !mayBeEmpty(attempt));
    }

    private static boolean mayBeEmpty(Attempt attempt) {
        return field(attempt).equals("child_cidr")
                || attempt.rpc().name().endsWith(".ListPrefixes")
                || attempt.rpc().name().endsWith(".ReleaseIpsByOwner");
    }

    @ParameterizedTest(name = "address \"{0}\"")
    @ValueSource(
            strings = {
                "x",
                " ",
                ".",
                ":",
                ":::",
                "%",
                "%eth0",
                "10.0.0.1%eth0",
                "fe80::1%",
                "192.168.99.1.invalid",
                "192.168.0.1/24",
                "192.168.0.1/32",
                " 192.168.0.1",
                "192.168.0.1 ",
                "192.168.0.1\0",
                "192.168.0.01",
                "192.168.0.256",
                "192.168.0",
                "192.168.0.1.1",
                "192.168..1",
                "3232235521",
                "0xc0.168.0.1",
                "192.168.0.\u0661",
                "1::2::3",
                "12345::",
                "::g",
                "1:2:3:4:5:6:7",
                "1:2:3:4:5:6:7:8:9",
                "1:2:3:4::5:6:7:8",
                "[::1]",
                "::1.2.3",
                "::1.2.3.04",
                "localhost"
            })
    void aMalformedAddressIsRefusedByEveryCallThatTakesOne(String address) throws Exception {
        everyCallRefuses(ADDRESSES, address, attempt -> true);
    }

    /** To go-ipam's clients it is an address, only in no prefix; {@code ipamer.v1} knows no such address. */
    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"fe80::5%eth0", "2001:db8::1%1", "::%\0", "2001:DB8::1%%"})
    void anAddressWithAZoneIsInNoPrefix(String address) throws Exception {
        everyCallRefuses(ADDRESSES, address, attempt -> attempt.rpc().name().startsWith("ipamer."));
        assertThat(codeOf(() -> goipam.acquireIP(AcquireIPRequest.newBuilder()
                        .setPrefixCidr("2001:db8::/48")
                        .setIp(address)
                        .build())))
                .isEqualTo(Code.INVALID_ARGUMENT);
        assertThat(codeOf(() -> goipam.releaseIP(ReleaseIPRequest.newBuilder()
                        .setPrefixCidr("2001:db8::/48")
                        .setIp(address)
                        .build())))
                .isEqualTo(Code.NOT_FOUND);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "10.1.2.3/16, 10.1.0.0/16",
        "2001:DB8:0:0::FFFF/64, 2001:db8::/64",
        "2001:db8:0:1:0:0:0:1/128, 2001:db8:0:1::1/128",
        "::ffff:1.2.3.4/120, ::ffff:1.2.3.0/120",
        "::ffff:1.2.3.4/64, ::/64",
        "0:0:1:0:0:0:1:9/112, 0:0:1::1:0/112",
        "64:ff9b::192.0.2.1/128, 64:ff9b::c000:201/128"
    })
    void anOddFormIsReadAndHostBitsAreForGoIpamsContractAlone(String odd, String canonical) {
        goipam.createNamespace(
                CreateNamespaceRequest.newBuilder().setNamespace("own").build());
        assertThat(goipam.createPrefix(CreatePrefixRequest.newBuilder()
                                .setNamespace("own")
                                .setCidr(odd)
                                .build())
                        .getPrefix()
                        .getCidr())
                .isEqualTo(canonical);
        Code exact = odd.endsWith("/128") ? Code.OK : Code.INVALID_ARGUMENT;
        assertThat(codeOf(() -> ipamer.getPrefix(io.ipamer.proto.v1.GetPrefixRequest.newBuilder()
                        .setNamespace("own")
                        .setCidr(odd)
                        .build())))
                .isEqualTo(exact);
    }

    private static String field(Attempt attempt) {
        return attempt.path().get(attempt.path().size() - 1).getName();
    }

    private void everyCallRefuses(Set<String> names, String text, Predicate<Attempt> where) throws Exception {
        String before = state();
        List<Attempt> attempts = new ArrayList<>();
        for (Rpc rpc : BadInputCalls.all()) {
            for (List<FieldDescriptor> path : rpc.stringFields()) {
                Attempt attempt = new Attempt(rpc, path, text, text.hashCode());
                if (names.contains(field(attempt)) && where.test(attempt)) {
                    attempts.add(attempt);
                }
            }
        }
        assertThat(attempts).hasSizeGreaterThanOrEqualTo(3);
        List<String> wrong = new ArrayList<>();
        BadInputCalls.send(channel, attempts, (attempt, failure) -> {
            Code code = failure == null ? Code.OK : failure.getStatus().getCode();
            if (code != Code.INVALID_ARGUMENT) {
                wrong.add(code + " of " + attempt);
            }
        });
        assertThat(wrong).isEmpty();
        assertThat(state()).isEqualTo(before);
    }

    @Test
    void textThatIsNotUtf8IsTheCallersFaultInEveryField() {
        String before = state();
        List<String> wrong = new ArrayList<>();
        for (Rpc rpc : BadInputCalls.all()) {
            for (List<FieldDescriptor> path : rpc.stringFields()) {
                Attempt attempt = new Attempt(rpc, path, MARK, 1);
                Code code = codeOf(() -> send(rpc, notUtf8(attempt)));
                if (code != Code.INVALID_ARGUMENT) {
                    wrong.add(code + " of " + attempt);
                }
            }
        }
        assertThat(wrong).isEmpty();
        assertThat(state()).isEqualTo(before);
    }

    private static byte[] notUtf8(Attempt attempt) {
        byte[] bytes = attempt.request().toByteArray();
        for (int at = 0; at <= bytes.length - MARK.length(); at++) {
            if (new String(bytes, at, MARK.length(), StandardCharsets.ISO_8859_1).equals(MARK)) {
                System.arraycopy(NOT_UTF8, 0, bytes, at, NOT_UTF8.length);
                return bytes;
            }
        }
        throw new AssertionError("the mark is not in " + attempt);
    }

    private void send(Rpc rpc, byte[] request) {
        Marshaller<byte[]> bytes = new Marshaller<>() {
            @Override
            public InputStream stream(byte[] value) {
                return new ByteArrayInputStream(value);
            }

            @Override
            public byte[] parse(InputStream stream) {
                return new byte[0];
            }
        };
        ClientCalls.blockingUnaryCall(
                channel,
                io.grpc.MethodDescriptor.newBuilder(bytes, bytes)
                        .setType(MethodType.UNARY)
                        .setFullMethodName(rpc.wire().getFullMethodName())
                        .build(),
                CallOptions.DEFAULT,
                request);
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(
            strings = {
                "",
                " ",
                "{}",
                "[",
                "]",
                "[]]",
                "[] []",
                "nul",
                "nonsense",
                "1",
                "\"[]\"",
                "true",
                "[1]",
                "[null]",
                "[[]]",
                "[{}]",
                "[{\"Cidr\":\"10.0.0.0/24\"}",
                "[{\"Cidr\":\"10.0.0.0/24\"},]",
                "[{'Cidr':'10.0.0.0/24'}]",
                "[{Cidr:\"10.0.0.0/24\"}]",
                "[{\"Cidr\":\"10.0.0.0/24\"}]x",
                "[{\"Cidr\":10}]",
                "[{\"Cidr\":[\"10.0.0.0/24\"]}]",
                "[{\"Cidr\":\"10.0.0.0\"}]",
                "[{\"Cidr\":\"10.0.0.0/33\"}]",
                "[{\"Cidr\":\"fe80::%eth0/64\"}]",
                "[{\"Cidr\":\"10.0.0.0/24\\u0000\"}]",
                "[{\"Cidr\":\"10.0.0.0/24\"},{\"Cidr\":\"10.0.0.0/24\"}]",
                "[{\"Cidr\":\"10.0.0.0/24\"},{\"Cidr\":\"10.0.0.9/24\"}]",
                "[{\"Cidr\":\"10.0.0.0/24\"},{\"Cidr\":\"10.0.0.0/16\"}]",
                "[{\"Cidr\":\"10.0.0.0/24\",\"ParentCidr\":\"10.0.0.0/16\"}]",
                "[{\"Cidr\":\"10.0.0.0/24\",\"ParentCidr\":\"10.0.0.0/24\"}]",
                "[{\"Cidr\":\"10.0.0.0/16\"},{\"Cidr\":\"11.0.0.0/24\",\"ParentCidr\":\"10.0.0.0/16\"}]",
                "[{\"Cidr\":\"10.0.0.0/16\"},{\"Cidr\":\"10.0.0.0/24\",\"ParentCidr\":\"x\"}]",
                "[{\"Cidr\":\"10.0.0.0/16\"},{\"Cidr\":\"10.0.0.0/24\",\"ParentCidr\":\"10.0.0.0/16\"},"
                        + "{\"Cidr\":\"10.0.0.0/25\",\"ParentCidr\":\"10.0.0.0/16\"}]",
                "[{\"Cidr\":\"10.0.0.0/16\",\"AvailableChildPrefixes\":{\"11.0.0.0/24\":false}}]",
                "[{\"Cidr\":\"10.0.0.0/16\",\"AvailableChildPrefixes\":{\"10.0.0.0/8\":false}}]",
                "[{\"Cidr\":\"10.0.0.0/16\",\"AvailableChildPrefixes\":{\"x\":false}}]",
                "[{\"Cidr\":\"10.0.0.0/16\",\"AvailableChildPrefixes\":{\"10.0.0.0/24\":1}}]",
                "[{\"Cidr\":\"10.0.0.0/16\",\"AvailableChildPrefixes\":{\"10.0.0.0/24\":false,\"10.0.0.0/25\":false}}]",
                "[{\"Cidr\":\"10.0.0.0/16\",\"AvailableChildPrefixes\":[]}]",
                "[{\"Cidr\":\"10.0.0.0/16\",\"AvailableChildPrefixes\":{\"10.0.0.0/24\":false},"
                        + "\"IPs\":{\"10.0.9.9\":true}}]",
                "[{\"Cidr\":\"10.0.0.0/24\",\"IPs\":{\"10.0.1.0\":true}}]",
                "[{\"Cidr\":\"10.0.0.0/24\",\"IPs\":{\"2001:db8::1\":true}}]",
                "[{\"Cidr\":\"10.0.0.0/24\",\"IPs\":{\"10.0.0.01\":true}}]",
                "[{\"Cidr\":\"fe80::/64\",\"IPs\":{\"fe80::1%eth0\":true}}]",
                "[{\"Cidr\":\"10.0.0.0/24\",\"IPs\":{\"\":true}}]",
                "[{\"Cidr\":\"10.0.0.0/24\",\"IPs\":[\"10.0.0.1\"]}]",
                "[{\"Cidr\":\"10.0.0.0/24\",\"IPs\":\"10.0.0.1\"}]",
                "[{\"Cidr\":\"10.0.0.0/24\",\"Version\":\"x\"}]",
                "[{\"Cidr\":\"10.0.0.0/24\",\"Version\":1e999}]",
                "[{\"Cidr\":\"10.0.0.0/24\",\"Version\":99999999999999999999}]",
                "[{\"Cidr\":\"10.0.0.0/24\",\"ChildPrefixLength\":{}}]",
                "[{\"Cidr\":\"10.0.0.0/24\",\"IsParent\":\"yes\"}]"
            })
    void aDumpThatIsNoneIsRefusedAndNothingOfItLoaded(String dump) {
        String before = state();
        StatusRuntimeException refusal = refusalOf(() -> goipam.load(
                LoadRequest.newBuilder().setNamespace("tenant").setDump(dump).build()));
        assertThat(refusal.getStatus().getCode()).isEqualTo(Code.INVALID_ARGUMENT);
        assertThat(refusal.getStatus().getDescription()).doesNotContain("java.", "com.google", "gson", "Exception");
        assertThat(state()).isEqualTo(before);
        assertThat(goipam.listPrefixes(ListPrefixesRequest.newBuilder()
                                .setNamespace("tenant")
                                .build())
                        .getPrefixesList())
                .isEmpty();
    }

    @ParameterizedTest(name = "{0} deep")
    @ValueSource(ints = {1_000, 1_000_000})
    void aDumpOfNothingButBracketsIsRefused(int depth) {
        for (String open : List.of("[", "[{\"Cidr\":\"10.0.0.0/24\",\"x\":" + "[".repeat(depth), "{\"a\":")) {
            assertThat(codeOf(() -> goipam.load(LoadRequest.newBuilder()
                            .setNamespace("tenant")
                            .setDump(open.repeat(Math.max(1, depth / open.length())))
                            .build())))
                    .isEqualTo(Code.INVALID_ARGUMENT);
        }
    }

    @ParameterizedTest(name = "child of length {0}")
    @ValueSource(ints = {0, 1, 15, 16, 33, 128, 129, 255, 256, 65_536, Integer.MAX_VALUE, Integer.MIN_VALUE, -1})
    void aLengthOutOfRangeIsRefused(int length) {
        String before = state();
        for (String parent : List.of("10.0.0.0/16", "2001:db8::/48")) {
            boolean possible = parent.contains(":") && length >= 49 && length <= 128;
            if (!possible) {
                assertThat(codeOf(() -> goipam.acquireChildPrefix(AcquireChildPrefixRequest.newBuilder()
                                .setCidr(parent)
                                .setLength(length)
                                .build())))
                        .isEqualTo(Code.INVALID_ARGUMENT);
                assertThat(reason(() ->
                                ipamer.acquireChildPrefix(io.ipamer.proto.v1.AcquireChildPrefixRequest.newBuilder()
                                        .setParentCidr(parent)
                                        .setLength(length)
                                        .build())))
                        .isEqualTo("LENGTH_OUT_OF_RANGE");
            }
        }
        assertThat(state()).isEqualTo(before);
    }

    @ParameterizedTest(name = "{0} addresses")
    @ValueSource(ints = {0, -1, 4_097, 65_536, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void aCountOutOfRangeIsRefused(int count) {
        String before = state();
        for (boolean contiguous : new boolean[] {false, true}) {
            assertThat(reason(() -> ipamer.acquireIps(AcquireIpsRequest.newBuilder()
                            .setPrefixCidr("10.0.0.0/16")
                            .setCount(count)
                            .setContiguous(contiguous)
                            .build())))
                    .isEqualTo("INVALID_COUNT");
        }
        assertThat(state()).isEqualTo(before);
    }

    @Test
    void aListThatIsEmptyOrTooLongIsRefused() {
        String before = state();
        for (int count : new int[] {0, 4_097, 100_000}) {
            assertThat(reason(() -> ipamer.releaseIps(ReleaseIpsRequest.newBuilder()
                            .setPrefixCidr("192.168.0.0/24")
                            .addAllItems(Collections.nCopies(
                                    count,
                                    ReleaseIpsItem.newBuilder()
                                            .setAddress("192.168.0.1")
                                            .build()))
                            .build())))
                    .isEqualTo("INVALID_COUNT");
        }
        for (int count : new int[] {0, 1_001, 100_000}) {
            assertThat(reason(() -> ipamer.checkOverlap(CheckOverlapRequest.newBuilder()
                            .addAllCidrs(Collections.nCopies(count, "10.0.0.0/16"))
                            .build())))
                    .isEqualTo("INVALID_COUNT");
        }
        assertThat(state()).isEqualTo(before);
    }

    @ParameterizedTest(name = "pages of {0}")
    @ValueSource(ints = {-1, 1_001, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void aPageSizeOutOfRangeIsRefused(int size) {
        String before = state();
        for (ThrowingCallable call : List.<ThrowingCallable>of(
                () -> ipamer.listNamespaces(
                        ListNamespacesRequest.newBuilder().setPageSize(size).build()),
                () -> ipamer.listPrefixes(io.ipamer.proto.v1.ListPrefixesRequest.newBuilder()
                        .setPageSize(size)
                        .build()),
                () -> ipamer.listIps(ListIpsRequest.newBuilder()
                        .setPrefixCidr("192.168.0.0/24")
                        .setPageSize(size)
                        .build()),
                () -> ipamer.listFree(ListFreeRequest.newBuilder()
                        .setCidr("192.168.0.0/24")
                        .setPageSize(size)
                        .build()),
                () -> ipamer.lookup(LookupRequest.newBuilder()
                        .setOwner("o")
                        .setPageSize(size)
                        .build()))) {
            assertThat(reason(call)).isEqualTo("INVALID_COUNT");
        }
        assertThat(state()).isEqualTo(before);
    }

    @ParameterizedTest(name = "depth {0}")
    @ValueSource(ints = {-1, 129, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void aDepthOutOfRangeIsRefused(int depth) {
        assertThat(reason(() -> ipamer.listPrefixes(io.ipamer.proto.v1.ListPrefixesRequest.newBuilder()
                        .setDepth(depth)
                        .build())))
                .isEqualTo("INVALID_FILTER");
    }

    @ParameterizedTest(name = "enum value {0}")
    @ValueSource(ints = {3, 99, -1, Integer.MAX_VALUE})
    void anEnumValueThatNobodyKnowsIsRefused(int number) {
        String before = state();
        assertThat(reason(() -> ipamer.createPrefix(io.ipamer.proto.v1.CreatePrefixRequest.newBuilder()
                        .setCidr("172.16.0.0/12")
                        .setReservationValue(number)
                        .build())))
                .isEqualTo("INVALID_ENUM_VALUE");
        assertThat(reason(() -> ipamer.acquireChildPrefix(io.ipamer.proto.v1.AcquireChildPrefixRequest.newBuilder()
                        .setParentCidr("10.0.0.0/16")
                        .setLength(24)
                        .setReservationValue(number)
                        .build())))
                .isEqualTo("INVALID_ENUM_VALUE");
        assertThat(reason(() -> ipamer.listPrefixes(io.ipamer.proto.v1.ListPrefixesRequest.newBuilder()
                        .setFamilyValue(number)
                        .build())))
                .isEqualTo("INVALID_ENUM_VALUE");
        assertThat(state()).isEqualTo(before);
    }

    /** Revisions included. */
    private String state() {
        return goipam.dump(DumpRequest.getDefaultInstance()).getDump()
                + goipam.dump(DumpRequest.newBuilder().setNamespace("tenant").build())
                        .getDump();
    }

    private static StatusRuntimeException refusalOf(ThrowingCallable call) {
        StatusRuntimeException refusal = catchThrowableOfType(StatusRuntimeException.class, call);
        assertThat(refusal).as("a refusal").isNotNull();
        return refusal;
    }

    private static Code codeOf(ThrowingCallable call) {
        StatusRuntimeException refusal = catchThrowableOfType(StatusRuntimeException.class, call);
        return refusal == null ? Code.OK : refusal.getStatus().getCode();
    }

    private static String reason(ThrowingCallable call) {
        try {
            return StatusProto.fromThrowable(refusalOf(call))
                    .getDetails(0)
                    .unpack(ErrorInfo.class)
                    .getReason();
        } catch (InvalidProtocolBufferException malformed) {
            throw new AssertionError(malformed);
        }
    }
}
