package io.ipamer.cli;

import io.ipamer.app.Build;
import io.ipamer.app.Config;
import io.ipamer.app.ConfigException;
import io.ipamer.app.IpamerServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Runs the server until it is told to stop. */
@Command(
        name = "serve",
        description = "Run the server until Ctrl-C or SIGTERM; running calls then finish first.",
        footer = {
            "",
            "Every setting can also be an environment variable (IPAMER_GRPC_ADDRESS) or a line of the config"
                    + " file (grpc-address=127.0.0.1:9090). A flag counts before a variable before the file.",
            "",
            "Exit code: that of the signal after a stop (143, Ctrl-C 130), 2 for a setting that cannot be, or an"
                    + " address, a data folder or a database that cannot be used, 1 for a failure."
        })
final class Serve implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Mixin
    private final Settings settings = new Settings();

    @Override
    public Integer call() throws ConfigException, InterruptedException {
        Config config = settings.read(System.getenv());
        IpamerServer server = start(config);
        PrintWriter out = spec.commandLine().getOut();
        stopWithTheProcess(server, out);
        String value = config.origin(Config.Setting.GRPC_ADDRESS).value();
        String host = value.substring(0, value.lastIndexOf(':')); // as the user wrote it
        out.println("Ipamer " + Build.version() + " serves gRPC on " + host + ":" + server.grpcPort());
        InetAddress address = config.grpcAddress().getAddress();
        if (!address.isLoopbackAddress()) {
            out.println("mind:  whoever reaches this address can change everything: there is no TLS and no login yet");
        }
        out.println("data:  " + server.data());
        // A server on all addresses is on the loopback one too.
        String target = (address.isAnyLocalAddress() ? "localhost" : host) + ":" + server.grpcPort();
        out.println("try:   grpcurl -plaintext -d '{\"cidr\":\"10.0.0.0/24\"}' " + target
                + " ipamer.v1.IpamerService/CreatePrefix");
        out.println("stop:  Ctrl-C");
        out.flush();
        server.awaitFailure();
        return Main.OK;
    }

    private static IpamerServer start(Config config) throws ConfigException {
        try {
            return IpamerServer.start(config);
        } catch (IOException refused) {
            Config.Origin origin = config.origin(Config.Setting.GRPC_ADDRESS);
            throw new ConfigException(
                    "cannot listen on " + origin.value() + " (" + origin.source() + "): " + refused.getMessage());
        }
    }

    /** The JVM stops once its hooks are through, so the hook does the draining; the exit code is the signal's. */
    private static void stopWithTheProcess(IpamerServer server, PrintWriter out) {
        Runnable stop = () -> {
            out.println("stopping: running calls finish first");
            out.flush();
            server.close();
            out.println("stopped");
            out.flush();
        };
        Runtime.getRuntime().addShutdownHook(new Thread(stop, "ipamer-stop"));
    }
}
