package io.ipamer.cli.remote;

import io.ipamer.address.AddressFamily;
import io.ipamer.address.AddressFormatException;
import io.ipamer.address.IpAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Which server is meant, and how it is spoken to.
 *
 * @param address host:port
 * @param ca certificates in place of those that Java trusts
 * @param token what every call shows
 * @param timeout of each call; null for the client's own
 */
record Target(
        String address,
        boolean tls,
        @Nullable Path ca,
        @Nullable String token,
        @Nullable Duration timeout) {
    /** How long a call may take when nothing is said. */
    private static final Duration USUAL_TIMEOUT = Duration.ofSeconds(20);

    private static final Duration LONGEST_TIMEOUT = Duration.ofDays(365);

    private static final String USUAL_PORT = "9090";
    private static final int HIGHEST_PORT = 65_535;

    /**
     * Reads what was said.
     *
     * @param name what the text was given as, for complaints
     * @throws IllegalArgumentException with a sentence about what cannot be
     */
    static Target read(
            String name,
            String text,
            boolean tls,
            @Nullable Path ca,
            @Nullable String token,
            @Nullable Duration timeout) {
        boolean secure = tls || ca != null;
        String rest = text;
        int scheme = text.indexOf("://");
        if (scheme >= 0) {
            rest = text.substring(scheme + 3);
            switch (text.substring(0, scheme).toLowerCase(Locale.ROOT)) {
                case "https" -> secure = true;
                case "http" -> {
                    if (secure) {
                        throw new IllegalArgumentException(name + " \"" + text
                                + "\" says http, which is without TLS, but " + (tls ? "--tls" : "--ca")
                                + " is given: leave one of them out, or write https");
                    }
                }
                default -> throw malformed(name, text);
            }
            if (rest.endsWith("/")) {
                rest = rest.substring(0, rest.length() - 1);
            }
        }
        if (token != null && !secure) {
            throw new IllegalArgumentException(
                    "IPAMER_TOKEN is set, and without TLS everybody on the way could read it:"
                            + " add --tls, or unset it");
        }
        if (timeout != null && timeout.isZero()) {
            throw new IllegalArgumentException("--timeout must be more than nothing, such as 500ms or 20s");
        }
        if (timeout != null && timeout.compareTo(LONGEST_TIMEOUT) > 0) {
            throw new IllegalArgumentException("--timeout must be at most 365 days, which are 525600m");
        }
        return new Target(hostAndPort(name, text, rest), secure, ca, token, timeout);
    }

    private static String hostAndPort(String name, String text, String rest) {
        int end = rest.startsWith("[") ? rest.indexOf(']') + 1 : rest.indexOf(':');
        String host = end < 0 ? rest : rest.substring(0, end);
        String behind = end < 0 ? "" : rest.substring(end);
        if (behind.indexOf(':', 1) > 0 && isIpv6(rest)) {
            throw new IllegalArgumentException(
                    name + " \"" + text + "\" needs brackets around its IPv6 address, such as [::1]:" + USUAL_PORT);
        }
        boolean bracketed = host.startsWith("[");
        String port = behind.isEmpty() ? USUAL_PORT : behind.substring(1);
        if (bracketed ? !isIpv6(host.substring(1, host.length() - 1)) : !isHost(host)) {
            throw malformed(name, text);
        }
        if (!behind.isEmpty() && behind.charAt(0) != ':' || !isPort(port)) {
            throw malformed(name, text);
        }
        return host + ':' + port;
    }

    private static boolean isHost(String host) {
        for (int i = 0; i < host.length(); i++) {
            char c = host.charAt(i);
            boolean fine = c >= 'a' && c <= 'z'
                    || c >= 'A' && c <= 'Z'
                    || c >= '0' && c <= '9'
                    || c == '.'
                    || c == '-'
                    || c == '_';
            if (!fine) {
                return false;
            }
        }
        return !host.isEmpty();
    }

    private static boolean isIpv6(String text) {
        try {
            return IpAddress.parse(text).family() == AddressFamily.IPV6;
        } catch (AddressFormatException other) {
            return false;
        }
    }

    private static boolean isPort(String text) {
        int port = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < '0' || c > '9' || i == 5) {
                return false;
            }
            port = port * 10 + c - '0';
        }
        return port >= 1 && port <= HIGHEST_PORT;
    }

    private static IllegalArgumentException malformed(String name, String text) {
        return new IllegalArgumentException(name + " cannot be \"" + text
                + "\": it must be HOST:PORT, such as 127.0.0.1:9090, [::1]:9090 or ipam.example.net:9090,"
                + " with port 1 to 65535");
    }

    /** As gRPC names it, whatever the host is called. */
    String grpcName() {
        return "dns:///" + address.replace("[", "%5B").replace("]", "%5D");
    }

    /** How long a call may take. */
    Duration patience() {
        return timeout == null ? USUAL_TIMEOUT : timeout;
    }
}
