package io.ipamer.api.http.pages;

import static io.ipamer.api.http.pages.Prose.escaped;

import io.ipamer.api.Services;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** The first page: what this is, how it is doing, and where to go. For browsers, and in plain lines for shells. */
final class HomePage {
    static final String LEAVING = "not ready: the server was told to stop";

    private static final String READY = "ready";
    private static final String WHAT =
            "IP address management: hands out prefixes and addresses, and never the same one twice.";
    private static final String FIRST_CALL = "ipamer.v1.IpamerService/CreatePrefix";

    private final Services services;
    private final Site site;
    private final Instant since = Instant.now().truncatedTo(ChronoUnit.SECONDS);

    HomePage(Services services, Site site) {
        this.services = services;
        this.site = site;
    }

    /** Whether calls can be answered, and else why not: in words that tell strangers nothing. */
    String readiness() {
        if (services.leaving()) {
            return LEAVING;
        }
        return services.ready() ? READY : "not ready: the database cannot be worked with; the server's log says why";
    }

    String text(String authority) {
        return """
                Ipamer %s (%s)
                %s

                state:    %s
                up:       %s
                data:     %s
                calls:    %s
                try:      %s
                gRPC:     %s, unless that port is published as another; for clients that have only HTTP/1.1 %s
                API:      http://%s/api
                metrics:  http://%s/metrics
                probes:   http://%s/healthz and /readyz""".formatted(
                        site.build().version(),
                        site.build().revision(),
                        WHAT,
                        readiness(),
                        up(),
                        site.data().get(),
                        site.calls().get(),
                        new Examples().curl(authority, FIRST_CALL),
                        grpc(authority),
                        authority,
                        authority,
                        authority,
                        authority);
    }

    String html(String authority) {
        String readiness = readiness();
        return Page.of("Ipamer", """
                <h1>Ipamer</h1>
                <p class="lead">%s</p>
                <dl>
                <div><dt>State</dt><dd><span class="%s">%s</span></dd></div>
                <div><dt>Up</dt><dd>%s</dd></div>
                <div><dt>Version</dt><dd>%s <span class="soft">(%s, built from sources of %s)</span></dd></div>
                <div><dt>Data</dt><dd>%s</dd></div>
                <div><dt>Calls</dt><dd>%s</dd></div>
                <div><dt>gRPC</dt><dd><code>%s</code>, unless that port is published as another; for clients that have only HTTP/1.1
                <code>%s</code></dd></div>
                </dl>
                <h2>A first call</h2>
                <pre>%s</pre>
                <h2>Where to go</h2>
                <dl>
                <div><dt><a href="api">API</a></dt><dd>all calls, explained, each with a line to paste</dd></div>
                <div><dt><a href="metrics">Metrics</a></dt><dd>how the server is doing, for Prometheus</dd></div>
                <div><dt><a href="readyz">Readiness</a></dt><dd>whether calls can be answered; 503 when not</dd></div>
                <div><dt><a href="healthz">Health</a></dt><dd>whether the process serves, whatever its database does</dd></div>
                </dl>
                """.formatted(
                        escaped(WHAT),
                        readiness.equals(READY) ? "good" : "bad",
                        escaped(readiness),
                        escaped(up()),
                        escaped(site.build().version()),
                        escaped(site.build().revision()),
                        escaped(site.build().buildDate()),
                        escaped(site.data().get()),
                        escaped(site.calls().get().toString()),
                        escaped(grpc(authority)),
                        escaped(authority),
                        escaped(new Examples().curl(authority, FIRST_CALL))));
    }

    /** The other door of the host that was asked. */
    private String grpc(String authority) {
        return authority.replaceFirst(":[0-9]+$", "") + ":" + site.grpcPort();
    }

    private String up() {
        Duration time = Duration.between(since, Instant.now());
        String length;
        if (time.toDays() > 0) {
            length = time.toDays() + " d " + time.toHoursPart() + " h";
        } else if (time.toHours() > 0) {
            length = time.toHours() + " h " + time.toMinutesPart() + " min";
        } else if (time.toMinutes() > 0) {
            length = time.toMinutes() + " min";
        } else {
            length = time.toSeconds() + " s";
        }
        return length + ", since " + since;
    }
}
