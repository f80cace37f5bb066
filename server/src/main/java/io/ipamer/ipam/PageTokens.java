package io.ipamer.ipam;

import io.ipamer.model.IpamerException;
import io.ipamer.model.Reason;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Where a list goes on, in a form that nobody else can make or use for another list: the place, signed together with the
 * list that it belongs to (HMAC-SHA-256, RFC 2104, cut to 16 bytes). A place is a key and not a number of rows, so writes
 * do not move it.
 */
final class PageTokens {
    private static final String ALGORITHM = "HmacSHA256";
    private static final int MAC_BYTES = 16;

    private final SecretKeySpec key;

    PageTokens(byte[] key) {
        this.key = new SecretKeySpec(key, ALGORITHM);
    }

    /** {@code list}: equal for equal lists, different for different ones. */
    String write(String list, String place) {
        byte[] text = utf8(place);
        byte[] token = Arrays.copyOf(mac(list, text), MAC_BYTES + text.length);
        System.arraycopy(text, 0, token, MAC_BYTES, text.length);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(token);
    }

    /** The place; INVALID_PAGE_TOKEN when the token was not written for that list. */
    String read(String list, String token) {
        byte[] bytes;
        try {
            bytes = Base64.getUrlDecoder().decode(token);
        } catch (IllegalArgumentException malformed) {
            throw invalid(token);
        }
        if (bytes.length < MAC_BYTES) {
            throw invalid(token);
        }
        String place = new String(bytes, MAC_BYTES, bytes.length - MAC_BYTES, StandardCharsets.UTF_8);
        // As a whole, since some texts are the same bytes to a reader of base64.
        if (!MessageDigest.isEqual(utf8(write(list, place)), utf8(token))) {
            throw invalid(token);
        }
        return place;
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static IpamerException invalid(String token) {
        return new IpamerException(
                Reason.INVALID_PAGE_TOKEN,
                "page_token does not belong to this list: it must be the next_page_token of an answer to the same call with"
                        + " the same filters; begin again without one",
                Map.of("field", "page_token", "value", token));
    }

    private byte[] mac(String list, byte[] place) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            mac.update(utf8(list));
            mac.update((byte) 0);
            return mac.doFinal(place);
        } catch (GeneralSecurityException missing) {
            throw new IllegalStateException("every Java platform has " + ALGORITHM, missing);
        }
    }
}
