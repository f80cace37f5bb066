package io.ipamer.store.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.Allocation;
import io.ipamer.model.Allocations;
import io.ipamer.model.Answer;
import io.ipamer.model.Metadata;
import io.ipamer.model.Namespace;
import io.ipamer.model.Prefix;
import io.ipamer.model.Reason;
import io.ipamer.model.ReleaseCount;
import io.ipamer.model.Releases;
import io.ipamer.model.Reservation;
import io.ipamer.model.Shortfall;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The texts are in databases by now: a test may be added here, none may be changed. */
class StoredAnswerTest {
    private static final UUID A = UUID.fromString("0a0a0a0a-0000-4000-8000-000000000001");
    private static final UUID B = UUID.fromString("0b0b0b0b-0000-4000-8000-000000000002");
    private static final UUID C = UUID.fromString("0c0c0c0c-0000-4000-8000-000000000003");

    private static final Metadata SAID =
            Metadata.of("née \"Ops\" 🙂", Map.of("example.org/tier", "gold", "a", ""), "line\n\ttwo");
    private static final String SAID_JSON = "\"owner\":\"née \\\"Ops\\\" 🙂\","
            + "\"labels\":{\"a\":\"\",\"example.org/tier\":\"gold\"},\"description\":\"line\\n\\ttwo\"";

    static Stream<Arguments> stored() {
        return Stream.of(
                Arguments.of(
                        new Allocations(List.of(
                                new Allocation(A, IpAddress.parse("10.0.0.1"), SAID),
                                new Allocation(B, IpAddress.parse("10.0.0.2"), Metadata.of("", Map.of("a", "b"), "")))),
                        "{\"kind\":\"allocations\",\"allocations\":["
                                + "{\"id\":\"0a0a0a0a-0000-4000-8000-000000000001\",\"address\":\"10.0.0.1\","
                                + SAID_JSON + "},"
                                + "{\"id\":\"0b0b0b0b-0000-4000-8000-000000000002\",\"address\":\"10.0.0.2\","
                                + "\"labels\":{\"a\":\"b\"}}]}"),
                Arguments.of(
                        new Releases(List.of(
                                new Releases.Released(IpAddress.parse("10.0.0.1"), A, SAID),
                                new Releases.Released(
                                        IpAddress.parse("10.0.0.2"),
                                        B,
                                        Metadata.of("", Map.of(), "for \u2028 people")))),
                        "{\"kind\":\"releases\",\"releases\":["
                                + "{\"address\":\"10.0.0.1\",\"allocation_id\":\"0a0a0a0a-0000-4000-8000-000000000001\","
                                + SAID_JSON + "},"
                                + "{\"address\":\"10.0.0.2\",\"allocation_id\":\"0b0b0b0b-0000-4000-8000-000000000002\","
                                + "\"description\":\"for \\u2028 people\"}]}"),
                Arguments.of(
                        new Prefix(A, B, null, null, Cidr.parse("10.0.0.0/8"), Reservation.NONE, SAID),
                        "{\"kind\":\"prefix\",\"id\":\"0a0a0a0a-0000-4000-8000-000000000001\","
                                + "\"namespace_id\":\"0b0b0b0b-0000-4000-8000-000000000002\","
                                + "\"cidr\":\"10.0.0.0/8\",\"reservation\":\"NONE\"," + SAID_JSON + "}"),
                Arguments.of(
                        new Allocations(List.of(
                                new Allocation(A, IpAddress.parse("10.0.0.1"), Metadata.NONE),
                                new Allocation(B, IpAddress.parse("2001:db8::1"), Metadata.NONE))),
                        """
                        {"kind":"allocations","allocations":[\
                        {"id":"0a0a0a0a-0000-4000-8000-000000000001","address":"10.0.0.1"},\
                        {"id":"0b0b0b0b-0000-4000-8000-000000000002","address":"2001:db8::1"}]}"""),
                Arguments.of(new Allocations(List.of()), """
                        {"kind":"allocations","allocations":[]}"""),
                Arguments.of(
                        new Releases(List.of(
                                new Releases.Released(IpAddress.parse("10.0.0.1"), A, Metadata.NONE),
                                new Releases.Released(IpAddress.parse("10.0.0.0"), null, Metadata.NONE),
                                new Releases.Refused(
                                        IpAddress.parse("::1"),
                                        Reason.ALLOCATION_NOT_FOUND,
                                        "\"it\" isn't <there> \\ née 日本 🙂\n"))),
                        """
                        {"kind":"releases","releases":[\
                        {"address":"10.0.0.1","allocation_id":"0a0a0a0a-0000-4000-8000-000000000001"},\
                        {"address":"10.0.0.0"},\
                        {"address":"::1","reason":"ALLOCATION_NOT_FOUND",\
                        "message":"\\"it\\" isn't <there> \\\\ née 日本 🙂\\n"}]}"""),
                Arguments.of(
                        new Prefix(
                                A, B, null, null, Cidr.parse("10.0.0.0/8"), Reservation.FIRST_AND_LAST, Metadata.NONE),
                        """
                        {"kind":"prefix","id":"0a0a0a0a-0000-4000-8000-000000000001",\
                        "namespace_id":"0b0b0b0b-0000-4000-8000-000000000002","cidr":"10.0.0.0/8",\
                        "reservation":"FIRST_AND_LAST"}"""),
                Arguments.of(
                        new Prefix(
                                A,
                                B,
                                C,
                                Cidr.parse("2001:db8::/32"),
                                Cidr.parse("2001:db8:1::/48"),
                                Reservation.NONE,
                                Metadata.NONE),
                        """
                        {"kind":"prefix","id":"0a0a0a0a-0000-4000-8000-000000000001",\
                        "namespace_id":"0b0b0b0b-0000-4000-8000-000000000002",\
                        "parent_id":"0c0c0c0c-0000-4000-8000-000000000003","parent_cidr":"2001:db8::/32",\
                        "cidr":"2001:db8:1::/48","reservation":"NONE"}"""),
                Arguments.of(new Namespace(A, "Zürich \"west\" 🙂"), """
                        {"kind":"namespace","id":"0a0a0a0a-0000-4000-8000-000000000001",\
                        "name":"Zürich \\"west\\" 🙂"}"""),
                Arguments.of(
                        new Shortfall(List.of(
                                new Shortfall.Left(3, true, Reason.ADDRESS_TAKEN, "address 10.0.0.1 comes twice"))),
                        """
                        {"kind":"shortfall","left":[{"index":3,"same":true,"reason":"ADDRESS_TAKEN",\
                        "message":"address 10.0.0.1 comes twice"}]}"""),
                Arguments.of(new ReleaseCount(Long.MAX_VALUE), """
                        {"kind":"release_count","released":9223372036854775807}"""));
    }

    @ParameterizedTest
    @MethodSource("stored")
    void everyAnswerIsWrittenThisWay(Answer answer, String json) {
        assertThat(StoredAnswer.write(answer)).isEqualTo(json);
    }

    @ParameterizedTest
    @MethodSource("stored")
    void whatWasEverWrittenIsReadAsWhatItWas(Answer answer, String json) {
        assertThat(StoredAnswer.read(json)).isEqualTo(answer);
        assertThat(StoredAnswer.read(json.replace("{\"kind\"", "{\"later\":[{}],\"kind\"")))
                .as("with a member of a newer version")
                .isEqualTo(answer);
    }

    @ParameterizedTest
    @EnumSource(Reason.class)
    void everyReasonIsReadAgain(Reason reason) {
        Releases refused = new Releases(List.of(new Releases.Refused(IpAddress.parse("10.0.0.1"), reason, "")));

        assertThat(StoredAnswer.read(StoredAnswer.write(refused))).isEqualTo(refused);
    }

    @Test
    void noKindOfAnswerIsLeftOut() {
        assertThat(stored().map(row -> row.get()[0].getClass().getName()).distinct())
                .containsExactlyInAnyOrderElementsOf(Arrays.stream(Answer.class.getPermittedSubclasses())
                        .map(Class::getName)
                        .toList());
    }

    @Test
    void aKindOfANewerVersionIsNamed() {
        assertThatIllegalStateException()
                .isThrownBy(() -> StoredAnswer.read("{\"kind\":\"future\"}"))
                .withMessageContaining("future");
    }
}
