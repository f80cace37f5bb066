package io.ipamer.cli;

import io.ipamer.app.Build;
import io.ipamer.app.Config;
import io.ipamer.app.ConfigException;
import io.ipamer.app.IpamerServer;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
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
        IpamerServer server = IpamerServer.start(config);
        PrintWriter out = spec.commandLine().getOut();
        stopWithTheProcess(server, out);
        String grpc = host(config, Config.Setting.GRPC_ADDRESS);
        StringBuilder doors = new StringBuilder("gRPC on " + grpc + ":" + server.grpcPort());
        boolean exposed = !config.grpcAddress().getAddress().isLoopbackAddress();
        InetSocketAddress httpAddress = config.httpAddress();
        if (httpAddress != null) {
            doors.append(" and HTTP on ")
                    .append(host(config, Config.Setting.HTTP_ADDRESS))
                    .append(":")
                    .append(server.httpPort());
            exposed |= !httpAddress.getAddress().isLoopbackAddress();
        }
        out.println("Ipamer " + Build.version() + " serves " + doors);
        if (exposed) {
            out.println(
                    "mind:  whoever reaches it from elsewhere can change everything: there is no TLS and no login yet");
        }
        out.println("data:  " + server.data());
        out.println("try:   grpcurl -plaintext -d '{\"cidr\":\"10.0.0.0/24\"}' "
                + target(config.grpcAddress(), grpc) + ":" + server.grpcPort()
                + " ipamer.v1.IpamerService/CreatePrefix");
        if (httpAddress != null) {
            String http = target(httpAddress, host(config, Config.Setting.HTTP_ADDRESS));
            out.println("see:   http://" + http + ":" + server.httpPort() + "/");
        }
        out.println("stop:  Ctrl-C");
        out.flush();
        server.awaitFailure();
        return Main.OK;
    }

    /** As the user wrote it. */
    private static String host(Config config, Config.Setting address) {
        String value = config.origin(address).value();
        return value.substring(0, value.lastIndexOf(':'));
    }

    /** A server on all addresses is on the loopback one too. */
    private static String target(InetSocketAddress address, String host) {
        return address.getAddress().isAnyLocalAddress() ? "localhost" : host;
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
