package io.ipamer.cli.remote;

import com.google.common.base.CharMatcher;
import com.google.common.net.HostAndPort;
import com.google.common.net.InetAddresses;
import com.google.common.net.InternetDomainName;
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

    private static final int USUAL_PORT = 9_090;

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
        if (!rest.startsWith("[") && isIpv6(rest)) {
            throw new IllegalArgumentException(
                    name + " \"" + text + "\" needs brackets around its IPv6 address, such as [::1]:" + USUAL_PORT);
        }
        HostAndPort parsed;
        try {
            parsed = HostAndPort.fromString(rest).withDefaultPort(USUAL_PORT);
        } catch (IllegalArgumentException neither) {
            throw malformed(name, text);
        }
        String host = parsed.getHost();
        boolean fine = rest.startsWith("[")
                ? isIpv6(host)
                : InetAddresses.isInetAddress(host)
                        || CharMatcher.ascii().matchesAllOf(host) && InternetDomainName.isValid(host);
        if (!fine || parsed.getPort() == 0 || rest.endsWith(":")) {
            throw malformed(name, text);
        }
        return parsed.toString();
    }

    private static boolean isIpv6(String text) {
        return InetAddresses.isInetAddress(text) && text.indexOf(':') >= 0;
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
