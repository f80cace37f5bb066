package io.ipamer.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class MetadataTest {
    /** One character, two chars. */
    private static final String SURROGATES = "\uD83D\uDE80";

    private static final String NAME_63 = "n".repeat(63);
    private static final String DOMAIN_253 =
            String.join(".", "a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(61));

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"x", SURROGATES})
    void anOwnerHasAtMost128CharactersHoweverManyCharsTheyTake(String character) {
        String longest = character.repeat(128);

        assertThat(Metadata.of(longest, Map.of(), "").owner()).isEqualTo(longest);
        assertRefused(Reason.INVALID_OWNER, "owner", () -> Metadata.of(longest + "x", Map.of(), ""));
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"x", SURROGATES})
    void aDescriptionHasAtMost1024CharactersHoweverManyCharsTheyTake(String character) {
        String longest = character.repeat(1_024);

        assertThat(Metadata.of("", Map.of(), longest).description()).isEqualTo(longest);
        assertRefused(Reason.INVALID_DESCRIPTION, "description", () -> Metadata.of("", Map.of(), longest + "x"));
    }

    static Stream<Integer> controlCharacters() {
        return Stream.of(0x00, 0x01, 0x08, 0x0b, 0x0c, 0x0d, 0x1f, 0x7f, 0x80, 0x85, 0x9f);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("controlCharacters")
    void noTextHasControlCharacters(int character) {
        String text = "a" + (char) character + "b";

        assertRefused(Reason.INVALID_OWNER, "owner", () -> Metadata.of(text, Map.of(), ""));
        assertRefused(Reason.INVALID_DESCRIPTION, "description", () -> Metadata.of("", Map.of(), text));
    }

    @ParameterizedTest(name = "{index}")
    @ValueSource(ints = {0xd800, 0xdbff, 0xdc00, 0xdfff})
    void noTextHasHalfOfASurrogatePair(int half) {
        for (String text : List.of("a" + (char) half, (char) half + "b", SURROGATES + (char) half + SURROGATES)) {
            assertRefused(Reason.INVALID_OWNER, "owner", () -> Metadata.of(text, Map.of(), ""));
            assertRefused(Reason.INVALID_DESCRIPTION, "description", () -> Metadata.of("", Map.of(), text));
        }
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(ints = {'\t', '\n'})
    void onlyADescriptionHasTabsAndLineFeeds(int character) {
        String text = "a" + (char) character + "b";

        assertThat(Metadata.of("", Map.of(), text).description()).isEqualTo(text);
        assertRefused(Reason.INVALID_OWNER, "owner", () -> Metadata.of(text, Map.of(), ""));
    }

    @Test
    void ownersAndDescriptionsAreInAnyWritingAndKeptAsTheyCame() {
        String owner = " Team \u00c4\u05d0\u4e2d " + SURROGATES + "\u00a0'\"\\%_; ";

        Metadata metadata = Metadata.of(owner, Map.of(), owner);

        assertThat(metadata.owner()).isEqualTo(owner);
        assertThat(metadata.description()).isEqualTo(owner);
    }

    static Stream<String> goodNames() {
        return Stream.of("a", "Z", "0", "a-b", "a_b", "a.b", "A.-_9", NAME_63, "a" + "-".repeat(61) + "b");
    }

    static Stream<String> badNames() {
        return Stream.of(
                "-",
                "-a",
                "a-",
                ".a",
                "a.",
                "_a",
                "a_",
                " a",
                "a ",
                "a b",
                "a\n",
                "a:b",
                "a=b",
                "\u00e4",
                "\u0661", // a digit, but not of ASCII
                SURROGATES,
                NAME_63 + "n");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("goodNames")
    void aLabelsNameMayBe(String name) {
        assertThat(Metadata.of("", Map.of(name, ""), "").labels()).containsEntry(name, "");
        assertThat(Metadata.of("", Map.of("example.com/" + name, ""), "").labels())
                .containsEntry("example.com/" + name, "");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("badNames")
    void aLabelsNameMayNotBe(String name) {
        assertRefused(Reason.INVALID_LABEL, "labels", () -> Metadata.of("", Map.of(name, ""), ""));
        assertRefused(Reason.INVALID_LABEL, "labels", () -> Metadata.of("", Map.of("example.com/" + name, ""), ""));
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"a/a", "0/a", "a-b.c-d/a", "a.b.c.d.e/a", "kubernetes.io/os"})
    void aLabelsDomainMayBe(String key) {
        assertThat(Metadata.of("", Map.of(key, "v"), "").labels()).containsEntry(key, "v");
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(
            strings = {"", "/", "/a", "a/", "A/a", "-a/a", "a-/a", ".a/a", "a./a", "a..b/a", "a_b/a", "a/b/c", "a b/a"})
    void aLabelsKeyMayNotBe(String key) {
        assertRefused(Reason.INVALID_LABEL, "labels", () -> Metadata.of("", Map.of(key, "v"), ""));
    }

    @Test
    void aLabelsDomainHasAtMost253Characters() {
        assertThat(DOMAIN_253).hasSize(253);
        String longest = DOMAIN_253 + "/" + NAME_63;

        assertThat(Metadata.of("", Map.of(longest, ""), "").labels()).containsKey(longest);
        assertRefused(
                Reason.INVALID_LABEL, "labels", () -> Metadata.of("", Map.of(DOMAIN_253 + "d/" + NAME_63, ""), ""));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("goodNames")
    void aLabelsValueMayBe(String value) {
        assertThat(Metadata.of("", Map.of("k", value), "").labels()).containsEntry("k", value);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("badNames")
    void aLabelsValueMayNotBe(String value) {
        IpamerException refusal =
                assertRefused(Reason.INVALID_LABEL, "labels[k]", () -> Metadata.of("", Map.of("k", value), ""));
        assertThat(refusal.metadata()).containsEntry("value", value);
    }

    @Test
    void aThingHasAtMost32Labels() {
        Map<String, String> labels = labels(32);

        assertThat(Metadata.of("", labels, "").labels()).isEqualTo(labels);
        assertRefused(Reason.INVALID_LABEL, "labels", () -> Metadata.of("", labels(33), ""));
    }

    @Test
    void whatCannotBeLongIsRefusedQuickly() {
        String huge = "a.".repeat(1_000_000);

        assertRefused(Reason.INVALID_LABEL, "labels", () -> Metadata.of("", Map.of(huge + "b/" + huge, ""), ""));
        assertRefused(Reason.INVALID_LABEL, "labels[k]", () -> Metadata.of("", Map.of("k", huge), ""));
        assertRefused(Reason.INVALID_OWNER, "owner", () -> Metadata.of(huge, Map.of(), ""));
    }

    @Test
    void itDoesNotChangeWithWhatItWasMadeOf() {
        Map<String, String> given = new HashMap<>(Map.of("a", "b"));
        Metadata metadata = Metadata.of("o", given, "");

        given.put("c", "d");

        assertThat(metadata.labels()).containsOnlyKeys("a");
        assertThat(metadata).isEqualTo(Metadata.of("o", new TreeMap<>(Map.of("a", "b")), ""));
    }

    @Test
    void itMatchesWhatIsAskedForAndNoMore() {
        Metadata metadata = Metadata.of("o", Map.of("a", "1", "b", ""), "");

        assertThat(metadata.matches("", Map.of())).isTrue();
        assertThat(metadata.matches("o", Map.of("a", "1"))).isTrue();
        assertThat(metadata.matches("", Map.of("a", "1", "b", ""))).isTrue();
        assertThat(metadata.matches("O", Map.of())).isFalse();
        assertThat(metadata.matches("", Map.of("a", "2"))).isFalse();
        assertThat(metadata.matches("", Map.of("c", ""))).isFalse();
        assertThat(Metadata.NONE.matches("", Map.of())).isTrue();
        assertThat(Metadata.NONE.matches("o", Map.of())).isFalse();
    }

    @Test
    void itsCanonicalTextsDifferWhereItDiffers() {
        List<Metadata> all = List.of(
                Metadata.NONE,
                Metadata.of("a", Map.of(), ""),
                Metadata.of("", Map.of("a", ""), ""),
                Metadata.of("", Map.of(), "a"),
                Metadata.of("", Map.of(), "\n"),
                Metadata.of("", Map.of(), "{}\n"),
                Metadata.of("{}", Map.of(), ""),
                Metadata.of("{a=}", Map.of(), ""),
                Metadata.of("", Map.of("a", "b", "c", "d"), ""),
                Metadata.of("", Map.of("a", "b"), "c=d"),
                Metadata.of("a", Map.of("b", ""), "c"),
                Metadata.of("a", Map.of("b", "c"), ""));

        assertThat(all).extracting(Metadata::canonical).doesNotHaveDuplicates();
        assertThat(Metadata.NONE.canonical()).isEmpty();
    }

    @Test
    void anUpdateChangesWhatItNamesAndNothingElse() {
        Metadata before = Metadata.of("o", Map.of("a", "1", "b", "2"), "d");

        assertThat(update(null, null, Map.of(), null).applyTo(before)).isEqualTo(before);
        assertThat(update("p", null, Map.of(), null).applyTo(before)).isEqualTo(Metadata.of("p", before.labels(), "d"));
        assertThat(update(null, Map.of("c", "3"), Map.of(), null).applyTo(before))
                .isEqualTo(Metadata.of("o", Map.of("c", "3"), "d"));
        assertThat(update(null, null, Map.of("a", Optional.of("9"), "b", Optional.empty()), null)
                        .applyTo(before))
                .isEqualTo(Metadata.of("o", Map.of("a", "9"), "d"));
        assertThat(update(null, null, Map.of("z", Optional.empty()), null).applyTo(before))
                .isEqualTo(before);
        assertThat(update(null, Map.of("c", "3"), Map.of("c", Optional.of("4"), "a", Optional.of("5")), "e")
                        .applyTo(before))
                .isEqualTo(Metadata.of("o", Map.of("c", "4", "a", "5"), "e"));
        assertThat(update("", Map.of(), Map.of(), "").applyTo(before)).isEqualTo(Metadata.NONE);
    }

    @Test
    void anUpdateMakesNoMoreThan32Labels() {
        Metadata full = Metadata.of("", labels(32), "");

        assertThat(update(null, null, Map.of("k0", Optional.of("x")), null)
                        .applyTo(full)
                        .labels())
                .hasSize(32);
        assertThat(update(null, null, Map.of("k0", Optional.empty(), "z", Optional.of("")), null)
                        .applyTo(full)
                        .labels())
                .hasSize(32);
        assertRefused(
                Reason.INVALID_LABEL,
                "labels",
                () -> update(null, null, Map.of("z", Optional.of("")), null).applyTo(full));
    }

    @Test
    void theTextsOfUpdatesDifferWhereTheyDiffer() {
        List<MetadataUpdate> all = List.of(
                update(null, null, Map.of(), null),
                update("", null, Map.of(), null),
                update("null", null, Map.of(), null),
                update(null, Map.of(), Map.of(), null),
                update(null, null, Map.of(), ""),
                update(null, null, Map.of(), "null"),
                update(null, Map.of("a", "b"), Map.of(), null),
                update(null, null, Map.of("a", Optional.of("b")), null),
                update(null, null, Map.of("a", Optional.of("")), null),
                update(null, null, Map.of("a", Optional.empty()), null),
                update("a, labels=null, singleLabels={}, description=b", null, Map.of(), "c"),
                update("a", null, Map.of(), "b, labels=null, singleLabels={}, description=c"));

        assertThat(all).extracting(MetadataUpdate::toString).doesNotHaveDuplicates();
    }

    private static MetadataUpdate update(
            String owner, Map<String, String> labels, Map<String, Optional<String>> single, String description) {
        return new MetadataUpdate(
                owner, labels == null ? null : new TreeMap<>(labels), new TreeMap<>(single), description);
    }

    private static Map<String, String> labels(int count) {
        Map<String, String> labels = new HashMap<>();
        for (int i = 0; i < count; i++) {
            labels.put("k" + i, "");
        }
        return labels;
    }

    private static IpamerException assertRefused(Reason reason, String field, Runnable call) {
        IpamerException refusal = catchThrowableOfType(IpamerException.class, call::run);
        assertThat(refusal).as("a refusal").isNotNull();
        assertThat(refusal.reason()).isEqualTo(reason);
        assertThat(refusal.metadata()).containsEntry("field", field).containsKey("value");
        return refusal;
    }
}
