package io.ipamer.api.http;

import com.google.common.escape.Escaper;
import com.google.common.net.PercentEscaper;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaders;
import com.linecorp.armeria.common.HttpHeadersBuilder;
import io.grpc.Metadata;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Objects;

/** How gRPC writes what headers and trailers of HTTP cannot hold as it is. */
final class GrpcText {
    /** All of printable ASCII but the percent sign. */
    private static final Escaper MESSAGE = new PercentEscaper(" !\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~", false);

    /** The flag of a message of gRPC-Web that is no message but the trailers. */
    private static final int TRAILERS = 0x80;

    private GrpcText() {}

    static String escaped(String message) {
        return MESSAGE.escape(message);
    }

    static void copy(Metadata from, HttpHeadersBuilder to) {
        for (String name : from.keys()) {
            if (name.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
                Metadata.Key<byte[]> key = Metadata.Key.of(name, Metadata.BINARY_BYTE_MARSHALLER);
                for (byte[] value : Objects.requireNonNull(from.getAll(key))) {
                    to.add(name, Base64.getEncoder().withoutPadding().encodeToString(value));
                }
            } else {
                Metadata.Key<String> key = Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
                for (String value : Objects.requireNonNull(from.getAll(key))) {
                    to.add(name, value);
                }
            }
        }
    }

    /** Trailers at the end of a body, for browsers, which show those of HTTP to nobody. */
    static HttpData frame(HttpHeaders trailers) {
        StringBuilder lines = new StringBuilder();
        trailers.forEach(
                (name, value) -> lines.append(name).append(": ").append(value).append("\r\n"));
        return GrpcFrames.frame(TRAILERS, lines.toString().getBytes(StandardCharsets.US_ASCII));
    }
}
