package io.ipamer.api.http;

import com.google.common.net.HostAndPort;
import com.google.common.net.InetAddresses;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.RequestHeaders;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.cors.CorsService;
import com.linecorp.armeria.server.cors.CorsServiceBuilder;
import java.util.Set;

/**
 * Whose pages may call from a browser: those of the sites that are configured, and the server's own. A browser says with
 * every call whose page it comes from, other programs do not. Without this any page that somebody looks at could call
 * what listens on that person's machine: by a name that leads to 127.0.0.1 a page makes itself the server's own, so that
 * only pages that were asked for by address, or as localhost, count as such.
 */
final class Origins {
    private static final String ALL = "*";
    private static final long ASK_AGAIN_SECONDS = 600;

    private final Set<String> sites;

    Origins(Set<String> sites) {
        this.sites = sites;
    }

    boolean admit(RequestHeaders headers) {
        String origin = headers.get(HttpHeaderNames.ORIGIN);
        return origin == null || sites.contains(ALL) || sites.contains(origin) || isOwn(origin, headers.authority());
    }

    private static boolean isOwn(String origin, String asked) {
        int scheme = origin.indexOf("://");
        if (scheme < 0 || !origin.substring(scheme + "://".length()).equals(asked)) {
            return false;
        }
        try {
            String host = HostAndPort.fromString(asked).getHost();
            return host.equals("localhost") || InetAddresses.isInetAddress(host);
        } catch (IllegalArgumentException malformed) {
            return false;
        }
    }

    /** Tells browsers what they ask before they call another site: only where sites are configured. */
    HttpService announcing(HttpService calls) {
        if (sites.isEmpty()) {
            return calls;
        }
        CorsServiceBuilder builder =
                sites.contains(ALL) ? CorsService.builderForAnyOrigin() : CorsService.builder(sites);
        return builder.allowRequestMethods(HttpMethod.POST)
                .allowAllRequestHeaders(true)
                .exposeHeaders("grpc-status", "grpc-message", "grpc-status-details-bin")
                .maxAge(ASK_AGAIN_SECONDS)
                .build(calls);
    }
}
