package io.ipamer.api.http;

import com.google.common.base.Splitter;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.ipamer.api.Limits;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/** Messages packed with gzip: measured as they are when unpacked, so that a bomb does not get far. */
final class Gzip {
    private static final Pattern ACCEPTED =
            Pattern.compile("gzip\\s*(;\\s*q\\s*=(?!\\s*0(\\.0*)?$).*)?", Pattern.CASE_INSENSITIVE);

    private Gzip() {}

    /**
     * Unpacks a message.
     *
     * @throws IOException when it is not packed with gzip
     * @throws StatusRuntimeException RESOURCE_EXHAUSTED when it is too large
     */
    static byte[] unpacked(byte[] message) throws IOException {
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(message))) {
            byte[] unpacked = in.readNBytes(Limits.MAX_MESSAGE_BYTES + 1);
            if (unpacked.length > Limits.MAX_MESSAGE_BYTES) {
                throw tooLarge();
            }
            return unpacked;
        }
    }

    /** Whether an Accept-Encoding takes what is packed with gzip. It may name it to say that it does not: {@code q=0}. */
    static boolean accepted(String encodings) {
        return Splitter.on(',').trimResults().splitToStream(encodings).anyMatch(ACCEPTED.asMatchPredicate());
    }

    static StatusRuntimeException tooLarge() {
        return Status.RESOURCE_EXHAUSTED
                .withDescription("the message is larger than " + Limits.MAX_MESSAGE_BYTES + " bytes")
                .asRuntimeException();
    }

    static byte[] packed(byte[] message) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(message.length / 4);
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(message);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return out.toByteArray();
    }
}
