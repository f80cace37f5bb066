package io.ipamer.cli;

import io.ipamer.cli.terminal.Terminal;
import java.lang.reflect.Constructor;
import picocli.CommandLine;
import picocli.CommandLine.IFactory;

/** Makes commands and what else picocli wants; those whose constructor asks for the terminal get it. */
final class Commands implements IFactory {
    private final Terminal terminal;
    private final IFactory others = CommandLine.defaultFactory();

    Commands(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public <K> K create(Class<K> type) throws Exception {
        Constructor<K> constructor;
        try {
            constructor = type.getDeclaredConstructor(Terminal.class);
        } catch (NoSuchMethodException wantsNone) {
            return others.create(type);
        }
        constructor.setAccessible(true);
        return constructor.newInstance(terminal);
    }
}
