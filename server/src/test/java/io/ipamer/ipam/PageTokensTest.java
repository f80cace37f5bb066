package io.ipamer.ipam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.ipamer.model.IpamerException;
import io.ipamer.model.Reason;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PageTokensTest {
    private static final String LIST = "some list";

    /** Of every length modulo 3, as base64 has it. */
    private static final List<String> PLACES = List.of("10.0.0.0/24", "10.0.0.0/8", "10.0.0.16/28");

    private static final String ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    private final PageTokens tokens = new PageTokens(key("one"));

    @ParameterizedTest(name = "{0}")
    @ValueSource(
            strings = {"10.0.0.0/24", "2001:db8::/64", "a", "p", "\u00e4\u4e2d\uD83D\uDE80", " x y\u00a0", "ab", "abc"})
    void aTokenLeadsBackToItsPlace(String place) {
        assertThat(tokens.read(LIST, tokens.write(LIST, place))).isEqualTo(place);
    }

    @Test
    void aTokenIsTheSameFromEveryServerOfAStore() {
        PageTokens other = new PageTokens(key("one"));

        assertThat(other.write(LIST, "10.0.0.0/24")).isEqualTo(tokens.write(LIST, "10.0.0.0/24"));
        assertThat(other.read(LIST, tokens.write(LIST, "10.0.0.0/24"))).isEqualTo("10.0.0.0/24");
    }

    @Test
    void anyChangedBitIsRefused() {
        for (String place : PLACES) {
            byte[] bytes = Base64.getUrlDecoder().decode(tokens.write(LIST, place));
            for (int bit = 0; bit < bytes.length * 8; bit++) {
                byte[] forged = bytes.clone();
                forged[bit / 8] ^= (byte) (1 << bit % 8);
                assertRefused(Base64.getUrlEncoder().withoutPadding().encodeToString(forged));
            }
        }
    }

    @Test
    void anyChangedCharacterIsRefused() {
        for (String place : PLACES) {
            String token = tokens.write(LIST, place);
            for (int i = 0; i < token.length(); i++) {
                for (char other : (ALPHABET + "=+/ \u00e9").toCharArray()) {
                    if (other != token.charAt(i)) {
                        assertRefused(token.substring(0, i) + other + token.substring(i + 1));
                    }
                }
            }
        }
    }

    @Test
    void whatIsShorterOrLongerIsRefused() {
        for (String place : PLACES) {
            String token = tokens.write(LIST, place);
            for (int length = 1; length < token.length(); length++) {
                assertRefused(token.substring(0, length));
            }
            for (String more : List.of("A", "AA", "=", "==", " ", "\n")) {
                assertRefused(token + more);
                assertRefused(more + token);
            }
            assertRefused(token + token);
        }
    }

    @Test
    void theTokenOfAnotherListIsRefused() {
        String token = tokens.write(LIST, "10.0.0.0/24");

        for (String list : List.of("", "some", "some list ", "some lis", "Some list", "some list\0", "another")) {
            IpamerException refusal = catchThrowableOfType(IpamerException.class, () -> tokens.read(list, token));
            assertThat(refusal.reason()).isEqualTo(Reason.INVALID_PAGE_TOKEN);
        }
    }

    @Test
    void theTokenOfAnotherStoreIsRefused() {
        assertRefused(new PageTokens(key("two")).write(LIST, "10.0.0.0/24"));
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(ints = {1, 2, 3})
    void rubbishIsRefused(int seed) {
        Random random = new Random(seed);
        List<String> rubbish =
                new ArrayList<>(List.of(" ", "=", "null", "10.0.0.0/24", "\0", "\uD83D\uDE80", "A".repeat(99)));
        for (int i = 0; i < 1_000; i++) {
            byte[] bytes = new byte[random.nextInt(64)];
            random.nextBytes(bytes);
            rubbish.add("x" + new String(bytes, StandardCharsets.ISO_8859_1));
            rubbish.add("x" + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes));
        }

        rubbish.forEach(this::assertRefused);
    }

    @Test
    void aRefusalSaysTheFieldAndWhatCame() {
        IpamerException refusal = catchThrowableOfType(IpamerException.class, () -> tokens.read(LIST, "rubbish"));

        assertThat(refusal.metadata()).containsEntry("field", "page_token").containsEntry("value", "rubbish");
    }

    private void assertRefused(String token) {
        IpamerException refusal = catchThrowableOfType(IpamerException.class, () -> tokens.read(LIST, token));
        assertThat(refusal).as("a refusal of \"%s\"", token).isNotNull();
        assertThat(refusal.reason()).isEqualTo(Reason.INVALID_PAGE_TOKEN);
    }

    private static byte[] key(String name) {
        return ("a secret of the store named " + name).getBytes(StandardCharsets.UTF_8);
    }
}
