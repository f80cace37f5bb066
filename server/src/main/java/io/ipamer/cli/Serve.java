package io.ipamer.cli;

import io.ipamer.app.Build;
import io.ipamer.app.Config;
import io.ipamer.app.ConfigException;
import io.ipamer.app.IpamerServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
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
            "Every setting can also be an environment variable (IPAMER_GRPC_ADDRESS) or a line of",
            "the config file (grpc-address=...). A flag counts before a variable before the file."
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
        IpamerServer server;
        try {
            server = IpamerServer.start(config);
        } catch (IOException taken) {
            throw new ConfigException("cannot listen on "
                    + config.origin(Config.Setting.GRPC_ADDRESS).value()
                    + ": the address is in use by another program, or not of this machine");
        }
        PrintWriter out = spec.commandLine().getOut();
        String host = config.grpcAddress().getHostString();
        String target = (host.contains(":") ? "[" + host + "]" : host) + ":" + server.grpcPort();
        out.println("Ipamer " + Build.version() + " serves gRPC on " + target);
        out.println("data:  in memory: nothing is kept when the server stops");
        out.println("try:   grpcurl -plaintext -d '{\"cidr\":\"10.0.0.0/24\"}' " + target
                + " ipamer.v1.IpamerService/CreatePrefix");
        out.println("stop:  Ctrl-C");
        out.flush();
        awaitStop(server, out);
        return Main.OK;
    }

    /** The JVM stops once its hooks are through, so the hook does the draining. */
    private static void awaitStop(IpamerServer server, PrintWriter out) throws InterruptedException {
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            out.println("stopping: running calls finish first");
                            out.flush();
                            server.close();
                            out.println("stopped");
                            out.flush();
                        },
                        "ipamer-stop"));
        new CountDownLatch(1).await();
    }
}
