package io.ipamer.transfer;

import io.ipamer.model.IpamerException;
import io.ipamer.model.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The lines of a text in UTF-8, one after another, each of a bounded length. */
final class Lines {
    static final int MAX_BYTES = 1 << 20;

    private final InputStream in;
    private final CharsetDecoder decoder = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    private byte[] buffer = new byte[1 << 16];
    private int start;
    private int filled;
    private int end;
    private int next;
    private long number;
    private boolean tooLong;

    Lines(InputStream in) {
        this.in = in;
    }

    /** Goes to the next line that is not empty; false when there is none. */
    boolean advance() {
        do {
            if (!advanceByOne()) {
                return false;
            }
        } while (!tooLong && isBlank());
        return true;
    }

    private boolean advanceByOne() {
        start = next;
        tooLong = false;
        int scan = start;
        while (true) {
            while (scan < filled && buffer[scan] != '\n') {
                scan++;
            }
            if (scan < filled) {
                end = scan;
                next = scan + 1;
                number++;
                return true;
            }
            if (scan - start > MAX_BYTES) {
                tooLong = true;
                filled = start; // only its end is still looked for
                scan = start;
            }
            scan -= start;
            if (!fill()) {
                end = filled;
                next = filled;
                boolean any = end > start || tooLong;
                number += any ? 1 : 0;
                return any;
            }
        }
    }

    /** Reads on behind what is there of the line, which moves to the front. */
    private boolean fill() {
        System.arraycopy(buffer, start, buffer, 0, filled - start);
        filled -= start;
        start = 0;
        if (filled == buffer.length) {
            buffer = Arrays.copyOf(buffer, 2 * buffer.length);
        }
        try {
            int count = in.read(buffer, filled, buffer.length - filled);
            filled += Math.max(0, count);
            return count >= 0;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private boolean isBlank() {
        for (int i = start; i < end; i++) {
            if (buffer[i] != ' ' && buffer[i] != '\t' && buffer[i] != '\r') {
                return false;
            }
        }
        return true;
    }

    /** Of the line, from 1. */
    long number() {
        return number;
    }

    /** Of the line. */
    int bytes() {
        return end - start;
    }

    /** Of the line. Refused: INVALID_DUMP, when it is too long or no text. */
    String text() {
        if (tooLong || end - start > MAX_BYTES) {
            throw new IpamerException(Reason.INVALID_DUMP, "the line is longer than " + MAX_BYTES + " bytes");
        }
        try {
            CharBuffer text = decoder.decode(ByteBuffer.wrap(buffer, start, end - start));
            return text.toString();
        } catch (CharacterCodingException malformed) {
            throw new IpamerException(Reason.INVALID_DUMP, "the line is not UTF-8");
        }
    }
}
