package io.ipamer.address;

/** Writes addresses as Go's {@code netip} prints them, as ASCII bytes. */
final class AddressWriter {
    /** Eight groups of four digits and seven colons. */
    static final int MAX_LENGTH = 39;

    private static final byte[] HEX = {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};

    private AddressWriter() {}

    /** Writes an address at {@code at} and returns the position behind it. */
    static int write(IpAddress address, byte[] out, int at) {
        if (address.family() == AddressFamily.IPV4) {
            return writeQuad((int) address.lo(), out, at);
        }
        if (address.hi() == 0 && address.lo() >>> 32 == 0xFFFF) {
            int i = at;
            out[i++] = ':';
            out[i++] = ':';
            i = writeGroup(0xFFFF, out, i);
            out[i++] = ':';
            return writeQuad((int) address.lo(), out, i);
        }
        return writeGroups(address.hi(), address.lo(), out, at);
    }

    private static int writeQuad(int bits, byte[] out, int at) {
        int i = writeDecimal(bits >>> 24, out, at);
        out[i++] = '.';
        i = writeDecimal((bits >>> 16) & 0xFF, out, i);
        out[i++] = '.';
        i = writeDecimal((bits >>> 8) & 0xFF, out, i);
        out[i++] = '.';
        return writeDecimal(bits & 0xFF, out, i);
    }

    /** Writes a number from 0 to 255. */
    static int writeDecimal(int value, byte[] out, int at) {
        int i = at;
        if (value >= 100) {
            out[i++] = (byte) ('0' + value / 100);
        }
        if (value >= 10) {
            out[i++] = (byte) ('0' + value / 10 % 10);
        }
        out[i++] = (byte) ('0' + value % 10);
        return i;
    }

    private static int writeGroups(long hi, long lo, byte[] out, int at) {
        // The longest run of at least two zero groups becomes "::", the first one if several are as long.
        int gap = 8;
        int gapEnd = 8;
        int longest = 1;
        int run = 0;
        for (int g = 0; g < 8; g++) {
            if (group(hi, lo, g) != 0) {
                run = 0;
            } else if (++run > longest) {
                longest = run;
                gap = g + 1 - run;
                gapEnd = g + 1;
            }
        }
        int i = at;
        for (int g = 0; g < 8; g++) {
            if (g == gap) {
                out[i++] = ':';
                out[i++] = ':';
                g = gapEnd;
                if (g == 8) {
                    break;
                }
            } else if (g > 0) {
                out[i++] = ':';
            }
            i = writeGroup(group(hi, lo, g), out, i);
        }
        return i;
    }

    private static int group(long hi, long lo, int g) {
        return (int) ((g < 4 ? hi : lo) >>> (48 - 16 * (g & 3))) & 0xFFFF;
    }

    private static int writeGroup(int group, byte[] out, int at) {
        int i = at;
        if (group >= 0x1000) {
            out[i++] = HEX[group >>> 12];
        }
        if (group >= 0x100) {
            out[i++] = HEX[(group >>> 8) & 0xF];
        }
        if (group >= 0x10) {
            out[i++] = HEX[(group >>> 4) & 0xF];
        }
        out[i++] = HEX[group & 0xF];
        return i;
    }
}
