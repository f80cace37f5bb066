package io.ipamer.cli;

import io.ipamer.app.Config;
import io.ipamer.app.Config.Setting;
import io.ipamer.app.ConfigException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The server's settings as flags, the same for every command that takes them. */
final class Settings {
    @Option(
            names = "--grpc-address",
            paramLabel = "HOST:PORT",
            description = "Where gRPC is served; port 0 takes a free one. Default: 127.0.0.1:9090.")
    private @Nullable String grpcAddress;

    @Option(
            names = "--store",
            paramLabel = "KIND",
            description = "What keeps the data: memory (nothing is kept). Default: memory.")
    private @Nullable String store;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "A file of settings, a line each: grpc-address=HOST:PORT. Default: none.")
    private @Nullable Path file;

    Config read(Map<String, String> environment) throws ConfigException {
        Map<Setting, String> flags = new EnumMap<>(Setting.class);
        if (grpcAddress != null) {
            flags.put(Setting.GRPC_ADDRESS, grpcAddress);
        }
        if (store != null) {
            flags.put(Setting.STORE, store);
        }
        return Config.read(flags, environment, file);
    }
}
