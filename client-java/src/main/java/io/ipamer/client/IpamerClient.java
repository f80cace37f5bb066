package io.ipamer.client;

import static java.util.Objects.requireNonNull;

import io.grpc.Channel;
import io.grpc.ChannelCredentials;
import io.grpc.ClientInterceptors;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.TlsChannelCredentials;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A client with a connection, which is made when it is first used and again when it breaks. One is enough for a program.
 *
 * <pre>{@code
 * try (IpamerClient ipamer =
 *         IpamerClient.builder().target("127.0.0.1:9090").plaintext().build()) {
 *     System.out.println(ipamer.newPrefix("10.1.0.0/24").cidr());
 *     System.out.println(ipamer.acquireIp("10.1.0.0/24").address());
 * }
 * }</pre>
 */
public final class IpamerClient implements Ipamer, AutoCloseable {
    private static final Duration DEADLINE = Duration.ofSeconds(20);

    private final Connection connection;
    private final View view;
    private final Operations operations;

    private IpamerClient(Connection connection, View view) {
        this.connection = connection;
        this.view = view;
        this.operations = new Operations(view, connection.ids());
    }

    /** What a client speaks to, and how. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * The connection itself, with this client's token: for the generated stubs, which have all that the contract has.
     *
     * <pre>{@code
     * AcquireIpResponse answer = IpamerServiceGrpc.newBlockingStub(ipamer.channel())
     *         .acquireIp(AcquireIpRequest.newBuilder().setPrefixCidr("10.1.0.0/24").setRequestId("web-1").build());
     * System.out.println(answer.getAllocation().getAddress() + " at revision " + answer.getRevision());
     * }</pre>
     *
     * @throws IllegalStateException when the client is closed
     */
    public Channel channel() {
        return connection.calls().channel();
    }

    @Override
    public Ipamer inNamespace(String name) {
        return new IpamerClient(connection, view.in(name));
    }

    @Override
    public Ipamer withRequestId(String id) {
        return new IpamerClient(connection, view.with(id));
    }

    @Override
    public Ipamer withDeadline(Duration deadline) {
        return new IpamerClient(connection, view.within(deadline));
    }

    @Override
    public Ipamer dryRun() {
        return new IpamerClient(connection, view.rehearsing());
    }

    @Override
    public IpamerAsync async() {
        return new AsyncIpamer(connection.calls(), operations, view.deadline());
    }

    @Override
    public Prefix newPrefix(String cidr, Metadata metadata, ReservationPolicy reservation) {
        return run(operations.newPrefix(cidr, metadata, reservation));
    }

    @Override
    public Prefix deletePrefix(String cidr) {
        return run(operations.deletePrefix(cidr));
    }

    @Override
    public Prefix deletePrefix(Prefix prefix) {
        return run(operations.deletePrefix(prefix));
    }

    @Override
    public Prefix acquireChildPrefix(String parentCidr, int length, Metadata metadata, ReservationPolicy reservation) {
        return run(operations.acquireChild(parentCidr, length, metadata, reservation));
    }

    @Override
    public Prefix releaseChildPrefix(String cidr) {
        return run(operations.releaseChild(cidr));
    }

    @Override
    public Prefix releaseChildPrefix(Prefix child) {
        return run(operations.releaseChild(child));
    }

    @Override
    public Prefix prefixFrom(String cidr) {
        return run(operations.prefix(cidr));
    }

    @Override
    public Allocation acquireSpecificIp(String prefixCidr, String address, Metadata metadata) {
        return run(operations.acquireIp(prefixCidr, requireNonNull(address, "address"), metadata));
    }

    @Override
    public Allocation acquireIp(String prefixCidr, Metadata metadata) {
        return run(operations.acquireIp(prefixCidr, "", metadata));
    }

    @Override
    public Allocation releaseIp(Allocation allocation) {
        return run(operations.releaseIp(allocation));
    }

    @Override
    public Allocation releaseIpFromPrefix(String prefixCidr, String address) {
        return run(operations.releaseIp(prefixCidr, address));
    }

    @Override
    public Prefix acquireSpecificChildPrefix(
            String parentCidr, String cidr, Metadata metadata, ReservationPolicy reservation) {
        return run(operations.acquireChild(parentCidr, cidr, metadata, reservation));
    }

    @Override
    public Stream<Prefix> prefixes(PrefixFilter filter) {
        requireNonNull(filter, "filter");
        return Pages.stream(page -> run(operations.prefixes(filter, page)));
    }

    @Override
    public Prefix updatePrefix(String cidr, MetadataUpdate update) {
        return run(operations.updatePrefix(cidr, update));
    }

    @Override
    public ForcedDelete deletePrefixWithContent(Prefix prefix) {
        return finish(operations.deleteWithContent(prefix)).done();
    }

    @Override
    public List<Allocation> acquireIps(String prefixCidr, int count, Metadata metadata) {
        return run(operations.acquireIps(prefixCidr, count, false, metadata));
    }

    @Override
    public List<Allocation> acquireContiguousIps(String prefixCidr, int count, Metadata metadata) {
        return run(operations.acquireIps(prefixCidr, count, true, metadata));
    }

    @Override
    public Allocation ip(String prefixCidr, String address) {
        return run(operations.ip(prefixCidr, address));
    }

    @Override
    public Stream<Allocation> ips(String prefixCidr, IpFilter filter) {
        requireNonNull(prefixCidr, "prefixCidr");
        requireNonNull(filter, "filter");
        return Pages.stream(page -> run(operations.ips(prefixCidr, filter, page)));
    }

    @Override
    public Allocation updateIp(String prefixCidr, String address, MetadataUpdate update) {
        return run(operations.updateIp(prefixCidr, address, update));
    }

    @Override
    public List<ReleaseResult> releaseIps(String prefixCidr, Collection<String> addresses) {
        return run(operations.releaseIps(prefixCidr, addresses));
    }

    @Override
    public long releaseIpsByOwner(String owner) {
        return finish(operations.releaseIpsByOwner("", owner)).ips();
    }

    @Override
    public long releaseIpsByOwner(String prefixCidr, String owner) {
        return finish(operations.releaseIpsByOwner(prefixCidr, owner)).ips();
    }

    @Override
    public AddressLookup lookup(String address) {
        return run(operations.lookup(address));
    }

    @Override
    public Stream<Resource> lookup(Tags tags) {
        requireNonNull(tags, "tags");
        return Pages.stream(page -> run(operations.lookup(tags, page)));
    }

    @Override
    public PrefixUsage usage(String cidr) {
        return run(operations.usage(cidr));
    }

    @Override
    public NamespaceUsage usage() {
        return run(operations.usage());
    }

    @Override
    public Stream<FreeRange> free(String cidr) {
        requireNonNull(cidr, "cidr");
        return Pages.stream(page -> run(operations.free(cidr, page)));
    }

    @Override
    public Overlaps overlaps(Collection<String> cidrs) {
        return run(operations.overlaps(cidrs));
    }

    @Override
    public Namespace createNamespace(String name) {
        return run(operations.createNamespace(name));
    }

    @Override
    public Namespace namespace(String name) {
        return run(operations.namespace(name));
    }

    @Override
    public Stream<Namespace> namespaces() {
        return Pages.stream(page -> run(operations.namespaces(page)));
    }

    @Override
    public Namespace deleteNamespace(String name) {
        return run(operations.deleteNamespace(name));
    }

    @Override
    public ServerVersion version() {
        return run(operations.version());
    }

    @Override
    public void exportNamespace(ExportFormat format, OutputStream out) throws IOException {
        Transfers.write(channel(), view, requireNonNull(format, "format"), requireNonNull(out, "out"));
    }

    @Override
    public ImportProgress importNamespace(ExportFormat format, InputStream in, Consumer<ImportProgress> listener)
            throws IOException {
        return Transfers.read(
                channel(),
                view,
                requireNonNull(format, "format"),
                requireNonNull(in, "in"),
                requireNonNull(listener, "listener"));
    }

    private <T> T run(Operation<?, ?, T> operation) {
        return connection.calls().run(operation, view.deadline());
    }

    private <S extends Steps<S>> S finish(Operation<?, ?, S> operation) {
        return connection.calls().finish(operation, view.deadline());
    }

    /**
     * Closes the connection, unless it was handed in. Calls under way have 5 s to finish. Later ones throw {@link
     * IllegalStateException}.
     */
    @Override
    public void close() {
        connection.close();
    }

    /** What a client speaks to, and how. Without {@link #plaintext} it speaks TLS. */
    public static final class Builder {
        private static final int MAX_MESSAGE_BYTES = 64 << 20;
        private static final int MAX_METADATA_BYTES = 16 << 10;
        private static final int KEEP_ALIVE_SECONDS = 30;
        private static final int KEEP_ALIVE_ANSWER_SECONDS = 10;

        private String target = "127.0.0.1:9090";
        private boolean plaintext;
        private TlsChannelCredentials.@Nullable Builder tls;
        private @Nullable ManagedChannel channel;
        private @Nullable Supplier<String> token;
        private Duration deadline = DEADLINE;
        private RetryPolicy retry = RetryPolicy.DEFAULT;

        private Builder() {}

        /**
         * Where the server is.
         *
         * @param target {@code host:port}, or another of gRPC's names, such as {@code dns:///ipam.example:9090}; if not
         *     given, {@code 127.0.0.1:9090}
         */
        public Builder target(String target) {
            this.target = requireNonNull(target, "target");
            return this;
        }

        /** No TLS: everybody on the way can read and change what is said. For a server on the same machine. */
        public Builder plaintext() {
            plaintext = true;
            return this;
        }

        /**
         * TLS with a server whose certificate one of these has signed, in place of those that Java trusts.
         *
         * @param certificates a file of PEM certificates
         * @throws IOException when it cannot be read
         */
        public Builder trust(Path certificates) throws IOException {
            tls().trustManager(certificates.toFile());
            return this;
        }

        /**
         * TLS with a certificate of our own, for a server that asks for one.
         *
         * @param certificates a file of the PEM certificate and those up to its authority
         * @param key a file of its PEM key in PKCS#8, not encrypted
         * @throws IOException when one of them cannot be read
         */
        public Builder certificate(Path certificates, Path key) throws IOException {
            tls().keyManager(certificates.toFile(), key.toFile());
            return this;
        }

        /**
         * A token that every call carries, as {@code Authorization: Bearer}.
         *
         * @param token printable ASCII without spaces: not the line break at the end of a file
         */
        public Builder token(String token) {
            Authorization.require(requireNonNull(token, "token"));
            return token(() -> token);
        }

        /** The same, of tokens that change: asked for at each call, quickly. */
        public Builder token(Supplier<String> token) {
            this.token = requireNonNull(token, "token");
            return this;
        }

        /** A connection of the caller's own, in place of target and TLS; closing the client leaves it open. */
        public Builder channel(ManagedChannel channel) {
            this.channel = requireNonNull(channel, "channel");
            return this;
        }

        /** How long a call may take over all of its attempts; 20 s if not given. */
        public Builder deadline(Duration deadline) {
            this.deadline = requireNonNull(deadline, "deadline");
            return this;
        }

        /** How often calls are sent; {@link RetryPolicy#DEFAULT} if not given. */
        public Builder retry(RetryPolicy retry) {
            this.retry = requireNonNull(retry, "retry");
            return this;
        }

        /**
         * The client. It connects when it is first used.
         *
         * @throws IllegalStateException when it was told things that do not go together
         */
        public IpamerClient build() {
            if (channel != null && (plaintext || tls != null)) {
                throw new IllegalStateException(
                        "a channel of its own has its own security: no plaintext(), trust() or certificate() with it");
            }
            if (plaintext && tls != null) {
                throw new IllegalStateException("plaintext() is no TLS: no trust() or certificate() with it");
            }
            if (plaintext && token != null) {
                throw new IllegalStateException("a token needs TLS: plaintext() would show it to everybody on the way");
            }
            View view = new View("", "", deadline, false, false);
            ManagedChannel open = channel == null ? connect() : channel;
            return new IpamerClient(new Connection(open, channel == null, authorized(open), retry), view);
        }

        private ManagedChannel connect() {
            ChannelCredentials credentials = plaintext ? InsecureChannelCredentials.create() : tls().build();
            return Grpc.newChannelBuilder(target, credentials)
                    .maxInboundMessageSize(MAX_MESSAGE_BYTES)
                    .maxInboundMetadataSize(MAX_METADATA_BYTES)
                    .keepAliveTime(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS)
                    .keepAliveTimeout(KEEP_ALIVE_ANSWER_SECONDS, TimeUnit.SECONDS)
                    .userAgent("ipamer-client-java")
                    .build();
        }

        private Channel authorized(Channel open) {
            Supplier<String> tokens = token;
            if (tokens == null) {
                return open;
            }
            return ClientInterceptors.intercept(open, new Authorization(tokens));
        }

        private TlsChannelCredentials.Builder tls() {
            if (tls == null) {
                tls = TlsChannelCredentials.newBuilder();
            }
            return tls;
        }
    }
}
