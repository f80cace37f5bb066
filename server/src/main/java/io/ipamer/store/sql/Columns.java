package io.ipamer.store.sql;

import com.google.gson.JsonParser;
import io.ipamer.address.AddressFamily;
import io.ipamer.address.AddressRange;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.Allocation;
import io.ipamer.model.Metadata;
import io.ipamer.model.Mode;
import io.ipamer.model.Namespace;
import io.ipamer.model.Prefix;
import io.ipamer.model.Reservation;
import io.ipamer.plan.Head;
import io.ipamer.plan.Request;
import io.ipamer.plan.RequestRow;
import io.ipamer.store.Store;
import io.ipamer.store.Tag;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jdbi.v3.core.argument.Argument;
import org.jspecify.annotations.Nullable;
import org.postgresql.core.BaseConnection;
import org.postgresql.core.Oid;
import org.postgresql.jdbc.PgArray;

/** How values stand in columns, and rows become values. */
final class Columns {
    /** A key after those of all blocks, which begin with a number of host bits: at most 128. */
    static final byte[] AFTER_ALL_BLOCKS = {(byte) 0xff};

    /** What the engines call them. */
    private static final Map<Class<?>, String> TYPES = Map.of(
            UUID.class, "uuid",
            byte[].class, "bytea",
            String.class, "text",
            Boolean.class, "bool",
            Short.class, "int2",
            Integer.class, "int4",
            Long.class, "int8",
            BigInteger.class, "numeric");

    /** What a row becomes. */
    @FunctionalInterface
    interface Reader<V> {
        V read(ResultSet row) throws SQLException;
    }

    private Columns() {}

    /**
     * One parameter that holds any number of values, in binary where the driver can: reading texts costs the engine
     * several times as much. Their type is that of the array's elements.
     */
    static Argument array(Object[] values) {
        return (position, statement, context) -> statement.setArray(
                position, array(values, statement.getConnection().unwrap(BaseConnection.class)));
    }

    private static Array array(Object[] values, BaseConnection connection) throws SQLException {
        return values instanceof UUID[] ids
                ? new PgArray(connection, Oid.UUID_ARRAY, binary(ids)) // the driver would send texts
                : connection.createArrayOf(TYPES.get(values.getClass().getComponentType()), values);
    }

    private static byte[] binary(UUID[] ids) {
        ByteBuffer bytes = ByteBuffer.allocate(5 * Integer.BYTES + ids.length * (Integer.BYTES + 2 * Long.BYTES));
        bytes.putInt(1).putInt(0).putInt(Oid.UUID); // dimensions, nulls, type
        bytes.putInt(ids.length).putInt(1); // length, first index
        for (UUID id : ids) {
            bytes.putInt(2 * Long.BYTES).putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits());
        }
        return bytes.array();
    }

    /**
     * One parameter that holds any number of arrays, each as the text that stands for it: arrays of arrays of different
     * lengths cannot be sent.
     */
    static Argument arrayOfArrays(List<String[]> arrays) {
        return (position, statement, context) -> {
            BaseConnection connection = statement.getConnection().unwrap(BaseConnection.class);
            String[] texts = new String[arrays.size()];
            for (int i = 0; i < texts.length; i++) {
                texts[i] = array(arrays.get(i), connection).toString();
            }
            statement.setArray(position, array(texts, connection));
        };
    }

    static short af(AddressFamily family) {
        return (short) (family == AddressFamily.IPV4 ? 4 : 6);
    }

    static short length(Cidr cidr) {
        return (short) cidr.length();
    }

    static @Nullable Short parentLength(Prefix prefix) {
        return prefix.parentCidr() == null ? null : length(prefix.parentCidr());
    }

    /** Number of host bits in one byte, then the first address: bytewise order is {@link Cidr#SMALLEST_FIRST}. */
    static byte[] blockKey(Cidr block) {
        byte[] first = block.first().toBytes();
        byte[] key = new byte[first.length + 1];
        key[0] = (byte) block.hostBits();
        System.arraycopy(first, 0, key, 1, first.length);
        return key;
    }

    static Cidr block(byte[] key) {
        IpAddress first = IpAddress.ofBytes(Arrays.copyOfRange(key, 1, key.length));
        return new Cidr(first, first.family().bits() - Byte.toUnsignedInt(key[0]));
    }

    static IpAddress address(ResultSet row, String column) throws SQLException {
        return IpAddress.ofBytes(row.getBytes(column));
    }

    static UUID id(ResultSet row, String column) throws SQLException {
        return row.getObject(column, UUID.class);
    }

    static Head head(ResultSet row) throws SQLException {
        return new Head(
                row.getLong("seq"),
                id(row, "tx_id"),
                row.getBoolean("parent_only"),
                row.getLong("acquired"),
                row.getLong("children"),
                row.getLong("leaked"),
                row.getBigDecimal("covered").toBigIntegerExact(),
                row.getBoolean("first_reserved"),
                row.getBoolean("last_reserved"),
                row.getBoolean("closing"));
    }

    static AddressRange freeRange(ResultSet row) throws SQLException {
        return new AddressRange(address(row, "first_addr"), address(row, "last_addr"));
    }

    static Allocation allocation(ResultSet row) throws SQLException {
        return allocation(row, "");
    }

    /** {@code ip}: with what the names of its metadata's columns begin. */
    static Allocation allocation(ResultSet row, String ip) throws SQLException {
        return new Allocation(id(row, "allocation_id"), address(row, "addr"), metadata(row, ip));
    }

    private static Metadata metadata(ResultSet row, String before) throws SQLException {
        String owner = row.getString(before + "owner");
        String labels = row.getString(before + "labels");
        String description = row.getString(before + "description");
        return owner == null && labels == null && description == null
                ? Metadata.NONE
                : new Metadata(
                        owner == null ? "" : owner,
                        labels == null
                                ? Metadata.NONE.labels()
                                : StoredAnswer.labels(
                                        JsonParser.parseString(labels).getAsJsonObject()),
                        description == null ? "" : description);
    }

    static @Nullable String owner(Metadata metadata) {
        return orNull(metadata.owner());
    }

    static @Nullable String labels(Metadata metadata) {
        return metadata.labels().isEmpty()
                ? null
                : StoredAnswer.write(metadata.labels()).toString();
    }

    static @Nullable String description(Metadata metadata) {
        return orNull(metadata.description());
    }

    private static @Nullable String orNull(String text) {
        return text.isEmpty() ? null : text;
    }

    static short kind(Tag.Kind kind) {
        return (short) (kind == Tag.Kind.PREFIX ? 1 : 2);
    }

    static Cidr freeBlock(ResultSet row) throws SQLException {
        return block(row.getBytes("block_key"));
    }

    static Cidr leaked(ResultSet row) throws SQLException {
        return new Cidr(address(row, "first_addr"), row.getInt("plen"));
    }

    /** The parent's CIDR follows from its length; the parent is the scope that the prefix stands in. */
    static Prefix prefix(ResultSet row) throws SQLException {
        Cidr cidr = new Cidr(address(row, "first_addr"), row.getInt("plen"));
        int parentLength = row.getInt("parent_plen");
        boolean topLevel = row.wasNull();
        return new Prefix(
                id(row, "prefix_id"),
                id(row, "ns_id"),
                topLevel ? null : id(row, "scope_id"),
                topLevel ? null : cidr.enclosing(parentLength),
                cidr,
                row.getBoolean("reserves_ends") ? Reservation.FIRST_AND_LAST : Reservation.NONE,
                metadata(row, ""));
    }

    static Store.Total total(ResultSet row) throws SQLException {
        return new Store.Total(
                row.getInt("af") == 4 ? AddressFamily.IPV4 : AddressFamily.IPV6,
                row.getInt("plen"),
                row.getBoolean("top_level"),
                row.getBoolean("gives_prefixes") ? Mode.CHILD : Mode.ADDRESS,
                row.getLong("prefixes"),
                row.getLong("acquired"),
                row.getBoolean("gives_prefixes") ? 0 : row.getLong("reserved"),
                row.getBigDecimal("covered").toBigIntegerExact());
    }

    static Namespace namespace(ResultSet row) throws SQLException {
        return new Namespace(id(row, "ns_id"), row.getString("name"));
    }

    static RequestRow request(ResultSet row, UUID space) throws SQLException {
        Request request = new Request(space, row.getString("request_id"), row.getString("fingerprint"));
        return new RequestRow(
                request, StoredAnswer.read(row.getString("answer")), row.getLong("revision"), row.getBoolean("gives"));
    }
}
