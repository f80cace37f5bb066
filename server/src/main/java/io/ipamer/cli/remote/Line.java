package io.ipamer.cli.remote;

import io.grpc.ChannelCredentials;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.TlsChannelCredentials;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.EventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.MultiThreadIoEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.nio.NioIoHandler;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioSocketChannel;
import io.ipamer.client.IpamerClient;
import io.ipamer.client.RetryPolicy;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * A connection for one command. Its thread is its own and is gone when it is closed: the JVM waits up to 300 ms for those
 * that are in the operating system when it ends, as gRPC's shared ones are for a second after they were needed. And what
 * Java has itself is loaded sooner than what Netty brings along.
 */
final class Line implements AutoCloseable {
    private static final int MAX_MESSAGE_BYTES = 64 << 20;
    private static final int MAX_METADATA_BYTES = 16 << 10;
    private static final int KEEP_ALIVE_SECONDS = 30;
    private static final int KEEP_ALIVE_ANSWER_SECONDS = 10;
    private static final int CLOSE_SECONDS = 1;

    /** Few: somebody waits, and wants to hear soon that nobody is there. */
    private static final RetryPolicy RETRIES = new RetryPolicy(3, Duration.ofMillis(100), Duration.ofMillis(500));

    /** What gRPC logs of failures it throws as well, and they are told in one sentence. Kept, for else it is forgotten. */
    private static final Logger GRPC = Logger.getLogger("io.grpc");

    private final EventLoopGroup thread;
    private final ManagedChannel channel;
    private final IpamerClient client;

    private Line(EventLoopGroup thread, ManagedChannel channel, IpamerClient client) {
        this.thread = thread;
        this.channel = channel;
        this.client = client;
    }

    /** One that is made when it is first used. */
    static Line to(Target target) {
        GRPC.setLevel(Level.OFF);
        ChannelCredentials credentials = credentials(target);
        EventLoopGroup thread = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        ManagedChannel channel = NettyChannelBuilder.forTarget(target.grpcName(), credentials)
                .eventLoopGroup(thread)
                .channelType(NioSocketChannel.class)
                .maxInboundMessageSize(MAX_MESSAGE_BYTES)
                .maxInboundMetadataSize(MAX_METADATA_BYTES)
                .keepAliveTime(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS)
                .keepAliveTimeout(KEEP_ALIVE_ANSWER_SECONDS, TimeUnit.SECONDS)
                .userAgent("ipamer-cli")
                .build();
        IpamerClient.Builder client = IpamerClient.builder()
                .channel(channel)
                .deadline(target.patience())
                .retry(RETRIES);
        String token = target.token();
        if (token != null) {
            client.token(token);
        }
        return new Line(thread, channel, client.build());
    }

    IpamerClient client() {
        return client;
    }

    private static ChannelCredentials credentials(Target target) {
        if (!target.tls()) {
            return InsecureChannelCredentials.create();
        }
        TlsChannelCredentials.Builder tls = TlsChannelCredentials.newBuilder();
        Path ca = target.ca();
        if (ca != null) {
            trust(tls, ca);
        }
        return tls.build();
    }

    private static void trust(TlsChannelCredentials.Builder tls, Path ca) {
        InputFile.require("--ca", ca);
        try {
            try (InputStream file = Files.newInputStream(ca)) {
                if (CertificateFactory.getInstance("X.509")
                        .generateCertificates(file)
                        .isEmpty()) {
                    throw new CertificateException("there is none");
                }
            }
            tls.trustManager(ca.toFile());
        } catch (CertificateException noCertificate) {
            throw new CommandFailure(
                    CommandFailure.WRONG_USE,
                    "--ca " + ca + " must hold certificates in PEM form, beginning with -----BEGIN CERTIFICATE-----",
                    noCertificate);
        } catch (IOException unreadable) {
            throw InputFile.unreadable("--ca", ca, unreadable);
        }
    }

    @Override
    public void close() {
        client.close();
        channel.shutdownNow();
        try {
            if (channel.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                thread.shutdownGracefully(0, CLOSE_SECONDS, TimeUnit.SECONDS).await(CLOSE_SECONDS, TimeUnit.SECONDS);
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
