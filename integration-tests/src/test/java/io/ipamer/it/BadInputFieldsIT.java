package io.ipamer.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import io.grpc.ManagedChannel;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.StatusProto;
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
import io.ipamer.proto.goipam.ListNamespacesRequest;
import io.ipamer.proto.goipam.ListPrefixesRequest;
import io.ipamer.proto.goipam.Prefix;
import io.ipamer.proto.goipam.PrefixUsageRequest;
import io.ipamer.proto.v1.ErrorReason;
import io.ipamer.proto.v1.IpamerServiceGrpc;
import io.ipamer.proto.v1.IpamerServiceGrpc.IpamerServiceBlockingStub;
import io.ipamer.proto.v1.ListIpsRequest;
import io.ipamer.proto.v1.ListIpsResponse;
import io.ipamer.proto.v1.ListPrefixesResponse;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One bad field at a time, all else as it should be: so each field's own check is met, and not the first one's alone. */
class BadInputFieldsIT {
    private static final int STRINGS = 10_000;
    private static final int PASSES = 10;
    private static final int SHOWN = 20;
    private static final int SHOWN_CHARACTERS = 400;
    private static final int MOST_ROWS = 1_000;

    /** What a caller can be told of a text. RESOURCE_EXHAUSTED: only where it says what is exhausted. */
    private static final Set<Code> CALLERS_FAULT = EnumSet.of(
            Code.INVALID_ARGUMENT,
            Code.NOT_FOUND,
            Code.ALREADY_EXISTS,
            Code.FAILED_PRECONDITION,
            Code.RESOURCE_EXHAUSTED);

    private IpamerServer server;
    private ManagedChannel channel;
    private IpamServiceBlockingStub goipam;
    private IpamerServiceBlockingStub ipamer;

    /** Two namespaces, each with a parent, a child that holds addresses, and an IPv6 prefix. */
    @BeforeEach
    void start() {
        server = IpamerServer.inMemory();
        channel = NettyChannelBuilder.forAddress("127.0.0.1", server.grpcPort())
                .usePlaintext()
                .maxInboundMessageSize(64 << 20)
                .directExecutor()
                .build();
        goipam = IpamServiceGrpc.newBlockingStub(channel);
        ipamer = IpamerServiceGrpc.newBlockingStub(channel);
        goipam.createNamespace(
                CreateNamespaceRequest.newBuilder().setNamespace("tenant").build());
        for (String namespace : List.of("root", "tenant")) {
            create(namespace, "10.0.0.0/16");
            child(namespace, "10.0.0.0/16", "10.0.0.0/24");
            child(namespace, "10.0.0.0/16", "10.0.255.0/24"); // holds the parent, whatever becomes of the other
            create(namespace, "2001:db8::/64");
            acquire(namespace, "10.0.0.0/24");
            acquire(namespace, "10.0.255.0/24");
            acquire(namespace, "2001:db8::/64");
        }
    }

    @AfterEach
    void stop() {
        channel.shutdownNow();
        server.close();
    }

    /**
     * Every string into a field of every rpc. Some do no harm: a name is data. So, of those that were refused, many are
     * sent again and again until all are refused, and that time nothing may have changed.
     */
    @ParameterizedTest(name = STRINGS + " strings of seed {0} into every string field of every rpc")
    @ValueSource(longs = 20261124)
    void aBadStringIsRefusedAsTheCallersFaultAndChangesNothing(long seed) throws Exception {
        List<Attempt> refused = attempts(seed);
        Map<Code, Integer> codes = new EnumMap<>(Code.class);
        List<String> defects = new ArrayList<>();
        for (int pass = 1; ; pass++) {
            Map<String, String> before = state();
            List<Attempt> now = refused;
            List<Attempt> still = new ArrayList<>(now.size());
            BadInputCalls.send(channel, now, (attempt, failure) -> {
                if (failure != null) {
                    still.add(attempt);
                    codes.merge(failure.getStatus().getCode(), 1, Integer::sum);
                    String defect = defect(attempt, failure);
                    if (defect != null && defects.size() < SHOWN) {
                        defects.add(defect);
                    }
                }
            });
            assertThat(defects).as("answers that no text of a caller deserves").isEmpty();
            if (still.size() == now.size()) {
                assertThat(changes(before, state()))
                        .as("what refused calls leave behind")
                        .isEmpty();
                break;
            }
            assertThat(pass).as("passes until all are refused").isLessThan(PASSES);
            refused = pass == 1 ? everyFifth(still) : still;
        }
        assertThat(codes.get(Code.INVALID_ARGUMENT)).isGreaterThan(10 * STRINGS);
        create("root", "198.51.100.0/24");
        acquire("root", "198.51.100.0/24");
    }

    private static List<Attempt> everyFifth(List<Attempt> attempts) {
        return IntStream.range(0, attempts.size() / 5)
                .mapToObj(i -> attempts.get(5 * i))
                .toList();
    }

    private static List<Attempt> attempts(long seed) {
        Random random = new Random(seed);
        List<Attempt> attempts = new ArrayList<>();
        List<Rpc> rpcs = BadInputCalls.all();
        Map<Rpc, List<List<FieldDescriptor>>> fields = new HashMap<>();
        rpcs.forEach(rpc -> fields.put(rpc, rpc.stringFields()));
        for (String text : BadInputStrings.of(seed, STRINGS)) {
            for (Rpc rpc : rpcs) {
                List<List<FieldDescriptor>> paths = fields.get(rpc);
                if (!paths.isEmpty()) {
                    attempts.add(new Attempt(rpc, paths.get(random.nextInt(paths.size())), text, random.nextLong()));
                }
            }
        }
        return attempts;
    }

    /** What is wrong with a refusal; null when nothing is. */
    private static String defect(Attempt attempt, StatusRuntimeException failure) {
        Code code = failure.getStatus().getCode();
        String description = failure.getStatus().getDescription();
        boolean ours = attempt.rpc().name().startsWith("ipamer.");
        if (!CALLERS_FAULT.contains(code) || (code == Code.RESOURCE_EXHAUSTED && !ours)) {
            return told(failure, attempt);
        }
        if (description == null || description.isEmpty() || description.contains("Exception")) {
            return "not for people: " + told(failure, attempt);
        }
        String details = ours ? wrongDetails(failure) : null;
        return details == null ? null : details + ": " + told(failure, attempt);
    }

    private static String told(StatusRuntimeException failure, Attempt attempt) {
        return cut(failure.getMessage()) + " <- " + cut(attempt.toString());
    }

    private static String cut(String text) {
        return text.length() <= SHOWN_CHARACTERS ? text : text.substring(0, SHOWN_CHARACTERS) + "...";
    }

    /** Every refusal of ours names its reason, and a field where one is at fault. */
    private static String wrongDetails(StatusRuntimeException failure) {
        try {
            ErrorInfo info = null;
            BadRequest fields = null;
            for (Any detail : StatusProto.fromThrowable(failure).getDetailsList()) {
                info = detail.is(ErrorInfo.class) ? detail.unpack(ErrorInfo.class) : info;
                fields = detail.is(BadRequest.class) ? detail.unpack(BadRequest.class) : fields;
            }
            if (info == null || !info.getDomain().equals("ipamer.io")) {
                return "no ErrorInfo";
            }
            int number = ErrorReason.valueOf("ERROR_REASON_" + info.getReason()).getNumber();
            Code code = failure.getStatus().getCode();
            if (number / 100 != code.value()) {
                return "code is not that of " + info.getReason();
            }
            boolean named = fields != null
                    && !fields.getFieldViolations(0).getField().isEmpty()
                    && info.containsMetadata("field");
            return code == Code.INVALID_ARGUMENT && !named ? "no field is named" : null;
        } catch (InvalidProtocolBufferException | IllegalArgumentException malformed) {
            return "malformed details";
        }
    }

    private static List<String> changes(Map<String, String> before, Map<String, String> after) {
        Set<String> all = new TreeSet<>(before.keySet());
        all.addAll(after.keySet());
        return all.stream()
                .filter(what -> !Objects.equals(before.get(what), after.get(what)))
                .map(what -> what + ": " + before.get(what) + " became " + after.get(what))
                .toList();
    }

    /** All that the server holds but its revisions: a refusal of a call with a request id moves them. */
    private Map<String, String> state() {
        Map<String, String> state = new TreeMap<>();
        List<String> namespaces = goipam.listNamespaces(ListNamespacesRequest.getDefaultInstance())
                .getNamespaceList();
        state.put("namespaces", String.valueOf(namespaces.stream().sorted().toList()));
        for (String namespace : namespaces) {
            state.put(
                    "dump of " + namespace,
                    goipam.dump(DumpRequest.newBuilder().setNamespace(namespace).build())
                            .getDump()
                            .replaceAll("\"Version\":\\d+", ""));
            state.put("what is said in " + namespace, said(namespace));
            List<Prefix> prefixes = goipam.listPrefixes(ListPrefixesRequest.newBuilder()
                            .setNamespace(namespace)
                            .build())
                    .getPrefixesList();
            for (Prefix prefix : prefixes) {
                state.put(
                        "usage of " + prefix + " in " + namespace,
                        goipam.prefixUsage(PrefixUsageRequest.newBuilder()
                                        .setNamespace(namespace)
                                        .setCidr(prefix.getCidr())
                                        .build())
                                .toString());
            }
        }
        return state;
    }

    /** Dumps of go-ipam have no owners, labels and descriptions. */
    private String said(String namespace) {
        ListPrefixesResponse page = ipamer.listPrefixes(io.ipamer.proto.v1.ListPrefixesRequest.newBuilder()
                .setNamespace(namespace)
                .setPageSize(MOST_ROWS)
                .build());
        assertThat(page.getNextPageToken()).isEmpty();
        StringBuilder said = new StringBuilder();
        for (io.ipamer.proto.v1.Prefix prefix : page.getPrefixesList()) {
            ListIpsResponse ips = ipamer.listIps(ListIpsRequest.newBuilder()
                    .setNamespace(namespace)
                    .setPrefixCidr(prefix.getCidr())
                    .setPageSize(MOST_ROWS)
                    .build());
            said.append(prefix).append(ips.getAllocationsList()).append(ips.getNextPageToken());
        }
        return said.toString();
    }

    private void create(String namespace, String cidr) {
        goipam.createPrefix(CreatePrefixRequest.newBuilder()
                .setNamespace(namespace)
                .setCidr(cidr)
                .build());
    }

    private void child(String namespace, String parent, String child) {
        goipam.acquireChildPrefix(AcquireChildPrefixRequest.newBuilder()
                .setNamespace(namespace)
                .setCidr(parent)
                .setChildCidr(child)
                .build());
    }

    private void acquire(String namespace, String prefix) {
        goipam.acquireIP(AcquireIPRequest.newBuilder()
                .setNamespace(namespace)
                .setPrefixCidr(prefix)
                .build());
    }
}
