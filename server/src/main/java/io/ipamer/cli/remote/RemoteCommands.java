package io.ipamer.cli.remote;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/** The commands of this package. */
public final class RemoteCommands {
    private RemoteCommands() {}

    /** By name and in the order of the help. Classes are named behind suppliers: what is not run is not loaded. */
    public static Map<String, Supplier<Class<?>>> byName() {
        Map<String, Supplier<Class<?>>> commands = new LinkedHashMap<>();
        commands.put("namespace", () -> NamespaceCommands.class);
        commands.put("prefix", () -> PrefixCommands.class);
        commands.put("child", () -> ChildCommands.class);
        commands.put("ip", () -> IpCommands.class);
        commands.put("usage", () -> UsageCommand.class);
        commands.put("free", () -> FreeCommand.class);
        commands.put("lookup", () -> LookupCommand.class);
        commands.put("overlap", () -> OverlapCommand.class);
        commands.put("map", () -> MapCommand.class);
        commands.put("dump", () -> DumpCommand.class);
        commands.put("load", () -> LoadCommand.class);
        commands.put("health", () -> HealthCommand.class);
        return commands;
    }
}
