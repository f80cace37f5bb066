package io.ipamer.api.http.pages;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.server.HttpServiceWithRoutes;
import com.linecorp.armeria.server.Route;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.ipamer.api.Services;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/** What is read with a browser, asked by a probe or collected by Prometheus. */
public final class Pages implements HttpServiceWithRoutes {
    /** What may stand in a page for people to paste into a shell. Nothing else may come there from a request. */
    private static final Pattern AUTHORITY =
            Pattern.compile("[A-Za-z0-9._-]{1,253}(:[0-9]{1,5})?|\\[[0-9a-fA-F:.]{2,45}](:[0-9]{1,5})?");

    private static final MediaType METRICS = MediaType.parse("text/plain; version=0.0.4; charset=utf-8");

    private final Services services;
    private final Site site;
    private final HomePage home;
    private final ApiPages api;

    public Pages(Services services, Site site) {
        this.services = services;
        this.site = site;
        home = new HomePage(services, site);
        api = new ApiPages(services);
    }

    @Override
    public Set<Route> routes() {
        return Set.of(
                route("/"),
                route("/healthz"),
                route("/readyz"),
                route("/metrics"),
                route("/api"),
                route("/api/"),
                route("/api/{service}"));
    }

    private static Route route(String path) {
        return Route.builder().path(path).build();
    }

    @Override
    public HttpResponse serve(ServiceRequestContext context, HttpRequest request) {
        if (request.method() != HttpMethod.GET && request.method() != HttpMethod.HEAD) {
            return HttpResponse.of(
                    headers(HttpStatus.METHOD_NOT_ALLOWED, MediaType.PLAIN_TEXT_UTF_8).toBuilder()
                            .set(HttpHeaderNames.ALLOW, "GET, HEAD")
                            .build(),
                    HttpData.ofUtf8("only GET and HEAD\n"));
        }
        String authority = authority(context, request);
        return switch (context.path()) {
            case "/" -> {
                boolean html = request.headers().get(HttpHeaderNames.ACCEPT, "").contains("text/html");
                yield html ? html(home.html(authority)) : text(HttpStatus.OK, home.text(authority));
            }
            case "/healthz" ->
                services.leaving() ? text(HttpStatus.SERVICE_UNAVAILABLE, HomePage.LEAVING) : text(HttpStatus.OK, "ok");
            case "/readyz" -> text(services.ready() ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE, home.readiness());
            case "/metrics" ->
                apart(
                        context,
                        () -> response(HttpStatus.OK, METRICS, site.metrics().get()));
            case "/api" -> apart(context, () -> html(api.list(authority)));
            case "/api/" ->
                HttpResponse.of(headers(HttpStatus.TEMPORARY_REDIRECT, MediaType.PLAIN_TEXT_UTF_8).toBuilder()
                        .set(HttpHeaderNames.LOCATION, "../api")
                        .build());
            default -> apart(context, () -> service(Objects.requireNonNull(context.pathParam("service")), authority));
        };
    }

    private HttpResponse service(String name, String authority) {
        String page = api.service(name, authority);
        return page == null
                ? text(HttpStatus.NOT_FOUND, "there is no such service; those that there are: /api")
                : html(page);
    }

    /** Where whoever asks has found us. */
    private static String authority(ServiceRequestContext context, HttpRequest request) {
        String asked = request.authority();
        return asked != null && AUTHORITY.matcher(asked).matches()
                ? asked
                : "localhost:" + context.localAddress().getPort();
    }

    /** What takes longer than a call is not for the threads that read and write. */
    private static HttpResponse apart(ServiceRequestContext context, Supplier<HttpResponse> response) {
        return HttpResponse.of(response, context.blockingTaskExecutor());
    }

    private static HttpResponse html(String page) {
        return response(HttpStatus.OK, MediaType.HTML_UTF_8, page);
    }

    private static HttpResponse text(HttpStatus status, String line) {
        return response(status, MediaType.PLAIN_TEXT_UTF_8, line + "\n");
    }

    private static HttpResponse response(HttpStatus status, MediaType type, String content) {
        return HttpResponse.of(headers(status, type), HttpData.ofUtf8(content));
    }

    /** Nothing is stored on the way: what is said of a server holds now, and the API pages are those of this version. */
    private static ResponseHeaders headers(HttpStatus status, MediaType type) {
        return ResponseHeaders.builder(status)
                .contentType(type)
                .set(HttpHeaderNames.CACHE_CONTROL, "no-store")
                .set(HttpHeaderNames.CONTENT_SECURITY_POLICY, Page.POLICY)
                .set(HttpHeaderNames.VARY, "accept")
                .set(HttpHeaderNames.X_CONTENT_TYPE_OPTIONS, "nosniff")
                .set(HttpHeaderNames.REFERRER_POLICY, "no-referrer")
                .build();
    }
}
