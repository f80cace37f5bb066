package io.ipamer.cli.remote;

import com.google.gson.stream.JsonWriter;
import io.ipamer.address.AddressRange;
import io.ipamer.address.Cidr;
import io.ipamer.cli.remote.Converters.CidrText;
import io.ipamer.cli.terminal.BlockMap;
import io.ipamer.cli.terminal.BlockMap.Kind;
import io.ipamer.cli.terminal.Table;
import io.ipamer.cli.terminal.Terminal;
import io.ipamer.client.Ipamer;
import java.io.IOException;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Draws a prefix. */
@Command(
        name = "map",
        description =
                "Draw a prefix as a map of blocks: what is free, acquired, reserved, in children. With -o json the same"
                        + " as ranges, ascending.",
        footer = {"", "ipamer map 10.0.0.0/24"})
final class MapCommand extends NamespacedCommand {
    private static final int MOST_ATTEMPTS = 3;

    @Parameters(paramLabel = "PREFIX", converter = CidrText.class, description = "The prefix.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Cidr prefix;

    MapCommand(Terminal terminal) {
        super(terminal);
    }

    @Override
    int run(Ipamer ipamer, Output output) throws IOException {
        if (output.json()) {
            Output.Listing<Piece> listing = output.listing(new PieceShape());
            if (new Content(ipamer, prefix).walk((range, kind) -> listing.add(new Piece(range, kind)))) {
                listing.end();
            }
            return OK;
        }
        draw(ipamer).lines().forEach(terminal.out()::println);
        return OK;
    }

    /** Again if it was changed meanwhile, but not for ever: there are prefixes that change all the time. */
    private BlockMap draw(Ipamer ipamer) throws IOException {
        for (int attempt = 1; ; attempt++) {
            BlockMap map = new BlockMap(terminal, prefix);
            Content content = new Content(ipamer, prefix);
            content.walk((range, kind) -> {
                map.add(range, kind);
                return true;
            });
            if (attempt == MOST_ATTEMPTS || !content.hasChanged()) {
                return map;
            }
        }
    }

    /** A part of the prefix that is all of one kind. */
    private record Piece(AddressRange range, Kind kind) {}

    /** Such parts, as far as programs see them. */
    private static final class PieceShape implements Shape<Piece> {
        @Override
        public Table columns(Table table) {
            return table.column("FIRST").column("LAST").column("KIND");
        }

        @Override
        public String[] cells(Piece piece) {
            return new String[] {
                piece.range().first().toString(), piece.range().last().toString(), kind(piece)
            };
        }

        @Override
        public void write(JsonWriter json, Piece piece) throws IOException {
            json.beginObject();
            json.name("first").value(piece.range().first().toString());
            json.name("last").value(piece.range().last().toString());
            json.name("size").value(piece.range().size().toString());
            json.name("kind").value(kind(piece));
            json.endObject();
        }

        private static String kind(Piece piece) {
            return piece.kind().name().toLowerCase(Locale.ROOT);
        }
    }
}
