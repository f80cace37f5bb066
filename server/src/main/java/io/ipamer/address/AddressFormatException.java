package io.ipamer.address;

import org.jspecify.annotations.Nullable;

/**
 * Text that is no address or no CIDR block.
 *
 * <p>The reasons are worded as Go's {@code net/netip} words them, because clients of go-ipam compare them whole. {@link
 * #getMessage()} is for people and shortens long input, so that it fits into a header or a log line whatever was sent;
 * {@link #problem()} and {@link #netipText()} never shorten.
 */
public final class AddressFormatException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /** The only reason that is not netip's: it reads zones, and we refuse them. */
    static final String ZONE = "zone is not allowed";

    /** How much of a quoted text a message shows; the longest well-formed CIDR has 49 characters. */
    private static final int SHOWN = 100;

    private static final int ALL = Integer.MAX_VALUE;

    private final boolean cidr;
    private final String input;
    private final String reason;
    private final @Nullable String detail;
    private final @Nullable String at;
    private final @Nullable AddressFormatException addressPart;

    private AddressFormatException(
            boolean cidr,
            String input,
            String reason,
            @Nullable String detail,
            @Nullable String at,
            @Nullable AddressFormatException addressPart) {
        this.cidr = cidr;
        this.input = input;
        this.reason = reason;
        this.detail = detail;
        this.at = at;
        this.addressPart = addressPart;
    }

    static AddressFormatException address(String input, String reason, @Nullable String at) {
        return new AddressFormatException(false, input, reason, null, at, null);
    }

    static AddressFormatException cidr(String input, String reason) {
        return new AddressFormatException(true, input, reason, null, null, null);
    }

    /** A reason that ends with a quotation of {@code detail}. */
    static AddressFormatException cidr(String input, String reason, String detail) {
        return new AddressFormatException(true, input, reason, detail, null, null);
    }

    /** A CIDR whose address part is bad: netip nests the whole text of the inner error. */
    static AddressFormatException cidr(String input, AddressFormatException addressPart) {
        return new AddressFormatException(true, input, addressPart.reason, null, null, addressPart);
    }

    /** The whole text that was given, unquoted. */
    public String input() {
        return input;
    }

    /**
     * What is wrong, in netip's words and without {@link #input()}. For a CIDR whose address part is bad this is the
     * nested text, such as {@code ParseAddr("10.0.0"): IPv4 address too short}.
     */
    public String problem() {
        return problem(ALL);
    }

    /**
     * The rest of the address at which parsing stopped, unquoted and without a zone, where netip names it; otherwise,
     * and for every CIDR, null.
     */
    public @Nullable String at() {
        return at;
    }

    /**
     * True when the text is a well-formed address but for its zone ({@code fe80::1%eth0}). Such an address exists, and
     * lies in no prefix; go-ipam's answers tell that apart from garbage. Always false for a CIDR.
     */
    public boolean isZoned() {
        return !cidr && reason.equals(ZONE);
    }

    /**
     * The whole error text that netip gives: {@code ParseAddr("10.0.0"): IPv4 address too short} or {@code
     * netip.ParsePrefix("10.0.0.0"): no '/'}. As long as the input makes it.
     */
    public String netipText() {
        return netipText(ALL);
    }

    /**
     * {@code "10.0.0.256" is no IP address: IPv4 field has value >255}, with {@code (at "...")} where netip says so.
     */
    @Override
    public String getMessage() {
        return quote(input, SHOWN) + ' ' + complaint();
    }

    /** {@link #getMessage} without the input, for those who name it themselves. */
    public String complaint() {
        return (cidr ? "is no CIDR: " : "is no IP address: ") + problem(SHOWN) + position(SHOWN);
    }

    private String netipText(int shown) {
        return (cidr ? "netip.ParsePrefix(" : "ParseAddr(") + quote(input, shown) + "): " + problem(shown)
                + position(shown);
    }

    private String problem(int shown) {
        if (addressPart != null) {
            return addressPart.netipText(shown);
        }
        return detail == null ? reason : reason + quote(detail, shown);
    }

    private String position(int shown) {
        return at == null ? "" : " (at " + quote(at, shown) + ")";
    }

    /**
     * As Go's {@code strconv.Quote}. Which characters count as printable is a matter of the Unicode version: for
     * characters that are younger than the running JDK's Unicode the two may differ.
     */
    private static String quote(String text, int shown) {
        StringBuilder out = new StringBuilder(Math.min(text.length(), shown) + 16).append('"');
        int end = text.length() <= shown ? text.length() : text.offsetByCodePoints(0, shown / 2);
        int c;
        for (int i = 0; i < end; i += Character.charCount(c)) {
            c = text.codePointAt(i);
            appendQuoted(out, c);
        }
        return out.append(end == text.length() ? "\"" : "\"...").toString();
    }

    private static void appendQuoted(StringBuilder out, int c) {
        switch (c) {
            case '"' -> out.append("\\\"");
            case '\\' -> out.append("\\\\");
            case 0x07 -> out.append("\\a");
            case '\b' -> out.append("\\b");
            case '\f' -> out.append("\\f");
            case '\n' -> out.append("\\n");
            case '\r' -> out.append("\\r");
            case '\t' -> out.append("\\t");
            case 0x0B -> out.append("\\v");
            default -> {
                if (isPrintable(c)) {
                    out.appendCodePoint(c);
                } else if (c < ' ' || c == 0x7F) {
                    appendHex(out.append("\\x"), c, 2);
                } else if (c < Character.MIN_SUPPLEMENTARY_CODE_POINT) {
                    appendHex(out.append("\\u"), c, 4);
                } else {
                    appendHex(out.append("\\U"), c, 8);
                }
            }
        }
    }

    private static void appendHex(StringBuilder out, int value, int digits) {
        for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
            out.append(Character.forDigit((value >>> shift) & 0xF, 16));
        }
    }

    /** Letters, marks, numbers, punctuation, symbols, and of the spaces only the ASCII one. */
    private static boolean isPrintable(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> false;
            case Character.SPACE_SEPARATOR -> c == ' ';
            default -> true;
        };
    }
}
