package io.ipamer.address;

/**
 * Reads addresses by the rules of Go's {@code netip.ParseAddr}, character by character and without garbage. What fails,
 * and which failure is reported first, is part of the contract with go-ipam's clients.
 */
final class AddressReader {
    private static final int GROUPS = 8;

    private AddressReader() {}

    /** Reads the first {@code length} characters of a text as one address. */
    static IpAddress read(String text, int length) {
        for (int i = 0; i < length; i++) {
            // The first dot, colon or percent sign decides.
            char c = text.charAt(i);
            if (c == '.') {
                return new IpAddress(AddressFamily.IPV4, 0, readQuad(text, length, 0, length));
            }
            if (c == ':') {
                return readIpv6(text, length);
            }
            if (c == '%') {
                throw failure(text, length, "missing IPv6 address");
            }
        }
        throw failure(text, length, "unable to parse IP");
    }

    /**
     * Reads four octets between {@code from} and {@code end}; {@code length} bounds the address that failures quote.
     */
    private static long readQuad(String text, int length, int from, int end) {
        long bits = 0;
        int dots = 0;
        int octet = -1; // no digit yet
        for (int i = from; i < end; i++) {
            char c = text.charAt(i);
            if (c >= '0' && c <= '9') {
                if (octet == 0) {
                    throw failure(text, length, "IPv4 field has octet with leading zero");
                }
                octet = octet < 0 ? c - '0' : octet * 10 + c - '0';
                if (octet > 255) {
                    throw failure(text, length, "IPv4 field has value >255");
                }
            } else if (c == '.') {
                if (octet < 0 || i == end - 1) {
                    throw failure(text, length, "IPv4 field must have at least one digit", i, end);
                }
                if (dots == 3) {
                    throw failure(text, length, "IPv4 address too long");
                }
                bits = (bits << 8) | octet;
                octet = -1;
                dots++;
            } else {
                throw failure(text, length, "unexpected character", i, end);
            }
        }
        if (dots < 3) {
            throw failure(text, length, "IPv4 address too short");
        }
        return (bits << 8) | octet;
    }

    private static IpAddress readIpv6(String text, int length) {
        int percent = text.indexOf('%');
        int end = percent < 0 || percent >= length ? length : percent;
        if (end == length - 1) {
            throw failure(text, length, "zone must be a non-empty string");
        }

        // The groups read so far, right-aligned. At "::" they move to the head and the tail starts anew.
        long hi = 0;
        long lo = 0;
        long headHi = 0;
        long headLo = 0;
        int groups = 0;
        int gap = -1; // number of groups before "::"
        int i = 0;
        if (text.startsWith("::")) {
            gap = 0;
            i = 2;
        }
        while (groups < GROUPS && i < end) {
            int start = i;
            int group = 0;
            for (; i < end; i++) {
                int digit = hexDigit(text.charAt(i));
                if (digit < 0) {
                    break;
                }
                if (i - start == 4) {
                    throw failure(text, length, "each group must have 4 or less digits", start, end);
                }
                group = (group << 4) | digit;
            }
            if (i == start) {
                throw failure(text, length, "each colon-separated field must have at least one digit", start, end);
            }
            if (i < end && text.charAt(i) == '.') {
                if (gap < 0 && groups != GROUPS - 2) {
                    throw failure(
                            text,
                            length,
                            "embedded IPv4 address must replace the final 2 fields of the address",
                            start,
                            end);
                }
                if (groups > GROUPS - 2) {
                    throw failure(
                            text,
                            length,
                            "too many hex fields to fit an embedded IPv4 at the end of the address",
                            start,
                            end);
                }
                long quad = readQuad(text, length, start, end);
                hi = (hi << 32) | (lo >>> 32);
                lo = (lo << 32) | quad;
                groups += 2;
                i = end;
                break;
            }
            hi = (hi << 16) | (lo >>> 48);
            lo = (lo << 16) | group;
            groups++;
            if (i == end) {
                break;
            }
            if (text.charAt(i) != ':') {
                throw failure(text, length, "unexpected character, want colon", i, end);
            }
            if (i == end - 1) {
                throw failure(text, length, "colon must be followed by more characters", i, end);
            }
            i++;
            if (text.charAt(i) == ':') {
                if (gap >= 0) {
                    throw failure(text, length, "multiple :: in address", i, end);
                }
                gap = groups;
                headHi = hi;
                headLo = lo;
                hi = 0;
                lo = 0;
                i++;
            }
        }
        if (i < end) {
            throw failure(text, length, "trailing garbage after address", i, end);
        }
        if (gap < 0) {
            if (groups < GROUPS) {
                throw failure(text, length, "address string too short");
            }
        } else {
            if (groups == GROUPS) {
                throw failure(text, length, "the :: must expand to at least one field of zeros");
            }
            int shift = 16 * (GROUPS - gap); // 16..128; at 128 the head is empty
            if (shift >= 64) {
                hi |= headLo << (shift - 64);
            } else {
                hi |= (headHi << shift) | (headLo >>> (64 - shift));
                lo |= headLo << shift;
            }
        }
        if (end < length) {
            throw failure(text, length, AddressFormatException.ZONE, end, length);
        }
        return new IpAddress(AddressFamily.IPV6, hi, lo);
    }

    private static int hexDigit(char c) {
        if (c >= '0' && c <= '9') {
            return c - '0';
        }
        int lower = c | 0x20;
        return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
    }

    private static AddressFormatException failure(String text, int length, String reason) {
        return AddressFormatException.address(text.substring(0, length), reason, null);
    }

    private static AddressFormatException failure(String text, int length, String reason, int at, int end) {
        return AddressFormatException.address(text.substring(0, length), reason, text.substring(at, end));
    }
}
