package io.ipamer.it.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Channel;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.ipamer.proto.goipam.AcquireChildPrefixRequest;
import io.ipamer.proto.goipam.AcquireIPRequest;
import io.ipamer.proto.goipam.CreateNamespaceRequest;
import io.ipamer.proto.goipam.CreatePrefixRequest;
import io.ipamer.proto.goipam.DeleteNamespaceRequest;
import io.ipamer.proto.goipam.DeletePrefixRequest;
import io.ipamer.proto.goipam.DumpRequest;
import io.ipamer.proto.goipam.GetPrefixRequest;
import io.ipamer.proto.goipam.IP;
import io.ipamer.proto.goipam.IpamServiceGrpc;
import io.ipamer.proto.goipam.IpamServiceGrpc.IpamServiceBlockingStub;
import io.ipamer.proto.goipam.ListNamespacesRequest;
import io.ipamer.proto.goipam.ListPrefixesRequest;
import io.ipamer.proto.goipam.LoadRequest;
import io.ipamer.proto.goipam.Prefix;
import io.ipamer.proto.goipam.PrefixUsageRequest;
import io.ipamer.proto.goipam.PrefixUsageResponse;
import io.ipamer.proto.goipam.ReleaseChildPrefixRequest;
import io.ipamer.proto.goipam.ReleaseIPRequest;
import io.ipamer.proto.goipam.VersionRequest;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** go-ipam's calls by the short names of the table, in one namespace. */
final class Client {
    private static final long PATIENCE_SECONDS = 30;

    private final IpamServiceBlockingStub stub;
    private final String namespace;
    private final boolean patient;

    Client(Channel channel, String namespace) {
        this(channel, namespace, false);
    }

    private Client(Channel channel, String namespace, boolean patient) {
        this.stub = IpamServiceGrpc.newBlockingStub(channel).withMaxInboundMessageSize(64 << 20);
        this.namespace = namespace;
        this.patient = patient;
    }

    /** What came back: a value as text, or a code with its sentence. */
    record Result(Code code, String value) {
        Result ok() {
            assertThat(code).as(value).isEqualTo(Code.OK);
            return this;
        }

        Result ok(String expected) {
            ok();
            assertThat(value).isEqualTo(expected);
            return this;
        }

        Result fails(Code expected, String... texts) {
            assertThat(code).as(value).isEqualTo(expected);
            for (String text : texts) {
                assertThat(value).contains(text);
            }
            return this;
        }

        Result invalid(String... texts) {
            return fails(Code.INVALID_ARGUMENT, texts);
        }

        Result notFound(String... texts) {
            return fails(Code.NOT_FOUND, texts);
        }

        boolean isUnavailable() {
            return code == Code.UNAVAILABLE;
        }
    }

    /** The same without a deadline, at which gRPC itself would answer: what this one is told, the server says. */
    Client patient() {
        return new Client(channel(), namespace, true);
    }

    /** A name for another namespace, of this client's alone. */
    String own(String name) {
        return namespace + "-" + name;
    }

    Channel channel() {
        return stub.getChannel();
    }

    Client in(String other) {
        return new Client(channel(), other, patient);
    }

    private IpamServiceBlockingStub stub() {
        return patient ? stub : stub.withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    private static Result result(Supplier<String> call) {
        try {
            return new Result(Code.OK, call.get());
        } catch (StatusRuntimeException failure) {
            return new Result(
                    failure.getStatus().getCode(),
                    String.valueOf(failure.getStatus().getDescription()));
        }
    }

    /** {@code cidr} for a top-level prefix, {@code cidr<parent} for a child. */
    private static String text(Prefix prefix) {
        return prefix.getParentCidr().isEmpty() ? prefix.getCidr() : prefix.getCidr() + "<" + prefix.getParentCidr();
    }

    private static String text(IP ip) {
        return ip.getIp() + "@" + ip.getParentPrefix();
    }

    Result cp(String cidr) {
        return result(() -> text(stub().createPrefix(CreatePrefixRequest.newBuilder()
                        .setCidr(cidr)
                        .setNamespace(namespace)
                        .build())
                .getPrefix()));
    }

    Result dp(String cidr) {
        return result(() -> text(stub().deletePrefix(DeletePrefixRequest.newBuilder()
                        .setCidr(cidr)
                        .setNamespace(namespace)
                        .build())
                .getPrefix()));
    }

    Result gp(String cidr) {
        return result(() -> text(stub().getPrefix(GetPrefixRequest.newBuilder()
                        .setCidr(cidr)
                        .setNamespace(namespace)
                        .build())
                .getPrefix()));
    }

    Result gpWithoutNamespace(String cidr) {
        return result(() -> text(
                stub().getPrefix(GetPrefixRequest.newBuilder().setCidr(cidr).build())
                        .getPrefix()));
    }

    /** Sorted, separated by blanks. */
    Result lp() {
        return result(() -> {
            List<String> prefixes = stub()
                    .listPrefixes(ListPrefixesRequest.newBuilder()
                            .setNamespace(namespace)
                            .build())
                    .getPrefixesList()
                    .stream()
                    .map(Client::text)
                    .sorted()
                    .toList();
            return String.join(" ", prefixes);
        });
    }

    PrefixUsageResponse usage(String cidr) {
        return stub().prefixUsage(PrefixUsageRequest.newBuilder()
                .setCidr(cidr)
                .setNamespace(namespace)
                .build());
    }

    /** available_ips acquired_ips smallest [list] acquired_prefixes. */
    Result pu(String cidr) {
        return result(() -> {
            PrefixUsageResponse usage = usage(cidr);
            return usage.getAvailableIps() + " " + usage.getAcquiredIps() + " "
                    + usage.getAvailableSmallestPrefixes() + " " + usage.getAvailablePrefixesList() + " "
                    + usage.getAcquiredPrefixes();
        });
    }

    Result acp(String cidr, int length) {
        return result(() -> text(stub().acquireChildPrefix(AcquireChildPrefixRequest.newBuilder()
                        .setCidr(cidr)
                        .setLength(length)
                        .setNamespace(namespace)
                        .build())
                .getPrefix()));
    }

    Result acp(String cidr, String child) {
        return acp(cidr, 0, child);
    }

    Result acp(String cidr, int length, String child) {
        return result(() -> text(stub().acquireChildPrefix(AcquireChildPrefixRequest.newBuilder()
                        .setCidr(cidr)
                        .setLength(length)
                        .setChildCidr(child)
                        .setNamespace(namespace)
                        .build())
                .getPrefix()));
    }

    Result rcp(String cidr) {
        return result(() -> text(stub().releaseChildPrefix(ReleaseChildPrefixRequest.newBuilder()
                        .setCidr(cidr)
                        .setNamespace(namespace)
                        .build())
                .getPrefix()));
    }

    Result aip(String prefix) {
        return result(() -> text(stub().acquireIP(AcquireIPRequest.newBuilder()
                        .setPrefixCidr(prefix)
                        .setNamespace(namespace)
                        .build())
                .getIp()));
    }

    Result aip(String prefix, String ip) {
        return result(() -> text(stub().acquireIP(AcquireIPRequest.newBuilder()
                        .setPrefixCidr(prefix)
                        .setIp(ip)
                        .setNamespace(namespace)
                        .build())
                .getIp()));
    }

    boolean aipTellsNamespace(String prefix) {
        return stub().acquireIP(AcquireIPRequest.newBuilder()
                        .setPrefixCidr(prefix)
                        .setNamespace(namespace)
                        .build())
                .hasNamespace();
    }

    Result rip(String prefix, String ip) {
        return result(() -> text(stub().releaseIP(ReleaseIPRequest.newBuilder()
                        .setPrefixCidr(prefix)
                        .setIp(ip)
                        .setNamespace(namespace)
                        .build())
                .getIp()));
    }

    Result dump() {
        return result(() -> stub().dump(
                        DumpRequest.newBuilder().setNamespace(namespace).build())
                .getDump());
    }

    Result load(String dump) {
        return result(() -> {
            stub().load(LoadRequest.newBuilder()
                    .setDump(dump)
                    .setNamespace(namespace)
                    .build());
            return "";
        });
    }

    Result cn(String name) {
        return result(() -> {
            stub().createNamespace(CreateNamespaceRequest.newBuilder()
                    .setNamespace(name)
                    .build());
            return "";
        });
    }

    Result dn(String name) {
        return result(() -> {
            stub().deleteNamespace(DeleteNamespaceRequest.newBuilder()
                    .setNamespace(name)
                    .build());
            return "";
        });
    }

    List<String> ln() {
        return stub().listNamespaces(ListNamespacesRequest.getDefaultInstance()).getNamespaceList();
    }

    String revision() {
        return stub().version(VersionRequest.getDefaultInstance()).getRevision();
    }
}
