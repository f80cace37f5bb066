package io.ipamer.cli.remote;

import com.google.gson.stream.JsonWriter;
import io.ipamer.cli.remote.Converters.NotEmpty;
import io.ipamer.cli.remote.Options.Confirmation;
import io.ipamer.cli.terminal.Table;
import io.ipamer.cli.terminal.Terminal;
import io.ipamer.client.Ipamer;
import io.ipamer.client.Namespace;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** What can be done with namespaces. */
@Command(
        name = "namespace",
        description =
                "Create, show and delete namespaces: spaces of their own, in which the same prefix may exist again.",
        subcommands = {
            NamespaceCommands.Create.class,
            NamespaceCommands.Get.class,
            NamespaceCommands.ListAll.class,
            NamespaceCommands.Delete.class
        })
final class NamespaceCommands extends Group {

    /** Creates one. */
    @Command(
            name = "create",
            description = "Create an empty namespace.",
            footer = {"", "ipamer namespace create lab"})
    static final class Create extends RemoteCommand {
        @Parameters(paramLabel = "NAME", converter = NotEmpty.class, description = "Its name.")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private String name;

        @Mixin
        private final RequestIdOption request = new RequestIdOption();

        Create(Terminal terminal) {
            super(terminal);
        }

        @Override
        int run(Target target, Ipamer ipamer, Output output) throws IOException {
            output.one(new NamespaceShape(), request.once(this, ipamer, view -> view.createNamespace(name)));
            return OK;
        }
    }

    /** Shows one. */
    @Command(
            name = "get",
            description = "Show a namespace.",
            footer = {"", "ipamer namespace get lab"})
    static final class Get extends RemoteCommand {
        @Parameters(paramLabel = "NAME", converter = NotEmpty.class, description = "Its name.")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private String name;

        Get(Terminal terminal) {
            super(terminal);
        }

        @Override
        int run(Target target, Ipamer ipamer, Output output) throws IOException {
            output.one(new NamespaceShape(), ipamer.namespace(name));
            return OK;
        }
    }

    /** Lists them. */
    @Command(
            name = "list",
            description = "List the namespaces.",
            footer = {"", "ipamer namespace list"})
    static final class ListAll extends RemoteCommand {
        ListAll(Terminal terminal) {
            super(terminal);
        }

        @Override
        int run(Target target, Ipamer ipamer, Output output) throws IOException {
            output.list(new NamespaceShape(), ipamer.namespaces());
            return OK;
        }
    }

    /** Deletes one. */
    @Command(
            name = "delete",
            description = "Delete a namespace that has no prefixes. Asks first.",
            footer = {"", "ipamer namespace delete lab"})
    static final class Delete extends RemoteCommand {
        @Parameters(paramLabel = "NAME", converter = NotEmpty.class, description = "Its name.")
        @SuppressWarnings("NullAway.Init") // set by picocli
        private String name;

        @Mixin
        private final Confirmation confirmation = new Confirmation();

        @Mixin
        private final RequestIdOption request = new RequestIdOption();

        Delete(Terminal terminal) {
            super(terminal);
        }

        @Override
        int run(Target target, Ipamer ipamer, Output output) throws IOException {
            confirmation.require(terminal, "delete namespace " + name);
            Namespace deleted = request.once(this, ipamer, view -> view.deleteNamespace(name));
            output.done("deleted namespace " + name, json -> new NamespaceShape().write(json, deleted));
            return OK;
        }
    }

    /** Namespaces. */
    private static final class NamespaceShape implements Shape<Namespace> {
        @Override
        public Table columns(Table table) {
            return table.column("NAME").column("ID");
        }

        @Override
        public String[] cells(Namespace namespace) {
            return new String[] {namespace.name(), namespace.id()};
        }

        @Override
        public void write(JsonWriter json, Namespace namespace) throws IOException {
            json.beginObject();
            json.name("id").value(namespace.id());
            json.name("name").value(namespace.name());
            json.endObject();
        }
    }
}
