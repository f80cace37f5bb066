package io.ipamer.store.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.ipam.CallOptions;
import io.ipamer.ipam.Ipam;
import io.ipamer.ipam.Surroundings;
import io.ipamer.model.Metadata;
import io.ipamer.model.Namespace;
import io.ipamer.model.Reservation;
import io.ipamer.store.Span;
import io.ipamer.store.Store;
import io.ipamer.store.Tag;
import io.ipamer.store.sql.SqlTextTest.Engine;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Programs of schema version 1 know no tags: what they delete leaves its tags behind. */
class OutlivedTagsTest {
    private static final Tag.Word OWNER = Tag.Word.owner("it");

    @ParameterizedTest
    @EnumSource(Engine.class)
    void aTagThatOutlivedItsThingHidesNoOtherAtTheSamePlace(Engine engine) throws SQLException {
        DatabaseUrl url = engine.database();
        try (SqlStore store = SqlStore.open(url, Retention.DEFAULT)) {
            Ipam ipam = new Ipam(
                    store,
                    new Surroundings(
                            System::nanoTime, (nanos, task) -> task.run(), Runnable::run, UUID::randomUUID, () -> 0.5));
            CallOptions said = new CallOptions(null, CallOptions.NO_DEADLINE, Metadata.of("it", Map.of(), ""), false);
            Cidr cidr = Cidr.parse("10.0.0.0/24");
            ipam.prefixes()
                    .create("root", cidr, Reservation.FIRST_AND_LAST, said)
                    .join();
            ipam.addresses().acquire("root", cidr, 3, true, said).join();
            try (Connection connection = url.dataSource("").getConnection();
                    Statement statement = connection.createStatement()) {
                for (int n = 1; n <= 3; n++) {
                    statement.execute("INSERT INTO tag SELECT ns_id, tag_key, tag_value, kind, af, first_addr, plen,"
                            + " '00000000-0000-0000-0000-00000000000" + n + "'::UUID, scope_id FROM tag"
                            + " WHERE thing_id > '00000001-0000-0000-0000-000000000000'::UUID");
                }
            }

            UUID root = Namespace.ROOT.id();
            assertThat(walk(span -> store.prefixes(root, OWNER, span, 1), prefix -> prefix.cidr()))
                    .containsExactly(cidr);
            assertThat(walk(
                            span -> store.allocations(root, OWNER, span, 1),
                            held -> new Cidr(held.allocation().address(), 32)))
                    .containsExactly(
                            new Cidr(IpAddress.parse("10.0.0.1"), 32),
                            new Cidr(IpAddress.parse("10.0.0.2"), 32),
                            new Cidr(IpAddress.parse("10.0.0.3"), 32));
        }
    }

    private static <T> List<Cidr> walk(Function<Span, CompletableFuture<Store.Page<T>>> read, Function<T, Cidr> place) {
        List<Cidr> places = new ArrayList<>();
        Span rest = Span.ALL;
        while (true) {
            Store.Page<T> page = read.apply(rest).join();
            page.rows().forEach(row -> places.add(place.apply(row)));
            if (page.last() == null) {
                return places;
            }
            rest = rest.after(page.last());
        }
    }
}
