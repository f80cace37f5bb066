package io.ipamer.api.http.pages;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import io.grpc.protobuf.ProtoServiceDescriptorSupplier;
import io.ipamer.api.Services;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The contracts explained for people: one page that lists all services and their methods, and one for each service.
 * They are made from what is served and from the comments in its source, when somebody first asks.
 */
final class ApiPages {
    /** Stands in a page that was made for whoever asks, where the address goes that they asked at. */
    private static final String AUTHORITY = "\uE000";

    private static final String LIST = "";

    private final Services services;
    private final Map<String, String> made = new ConcurrentHashMap<>();

    ApiPages(Services services) {
        this.services = services;
    }

    /** Not to be asked at the start: it takes the contracts' descriptors, which are made when first wanted. */
    private List<ServiceDescriptor> contracts() {
        return services.contracts().stream()
                .map(contract -> contract.getServiceDescriptor().getSchemaDescriptor())
                .filter(ProtoServiceDescriptorSupplier.class::isInstance)
                .map(schema -> ((ProtoServiceDescriptorSupplier) schema).getServiceDescriptor())
                .toList();
    }

    /** All services and their methods. */
    String list(String authority) {
        return made.computeIfAbsent(LIST, name -> list(Comments.read())).replace(AUTHORITY, Prose.escaped(authority));
    }

    /** A service with its methods and all their messages; null when that service is not served. */
    @Nullable
    String service(String name, String authority) {
        return contracts().stream()
                .filter(service -> service.getFullName().equals(name))
                .findAny()
                .map(service -> made.computeIfAbsent(
                        name, missing -> new ServicePage(service, Comments.read(), AUTHORITY).html()))
                .map(page -> page.replace(AUTHORITY, Prose.escaped(authority)))
                .orElse(null);
    }

    private String list(Comments comments) {
        StringBuilder body = new StringBuilder("""
                <nav><a href="./">Ipamer</a></nav>
                <h1>API</h1>
                <p class="lead">What this server can be asked, on <code>%s</code>: by gRPC over HTTP/2 and HTTP/1.1, by
                gRPC-Web, and by Connect, which is JSON in an HTTP POST.</p>
                <p>It also answers <code>grpc.health.v1.Health</code> and gRPC's reflection, by which
                <code>grpcurl %s list</code> and other tools find out what is here.</p>
                """.formatted(AUTHORITY, "-plaintext " + AUTHORITY));
        Prose prose = new Prose(Map.of());
        for (ServiceDescriptor service : contracts()) {
            String page = Prose.escaped("api/" + service.getFullName());
            body.append("<section>\n<h2><a href=\"%s\">%s</a></h2>\n<p>%s</p>\n<dl>\n"
                    .formatted(
                            page,
                            Prose.escaped(service.getFullName()),
                            prose.inline(Prose.firstSentence(comments.of(service.getFullName())))));
            for (MethodDescriptor method : service.getMethods()) {
                body.append("<div><dt><a href=\"%s#%s\"><code>%s</code></a></dt><dd>%s</dd></div>\n"
                        .formatted(
                                page,
                                Prose.escaped(method.getName()),
                                Prose.escaped(method.getName()),
                                prose.inline(Prose.firstSentence(comments.of(method.getFullName())))));
            }
            body.append("</dl>\n</section>\n");
        }
        return Page.of("Ipamer: API", body.toString());
    }

    /** The files that a service's page explains: its own and those of its package that it uses. */
    static List<FileDescriptor> files(ServiceDescriptor service) {
        FileDescriptor own = service.getFile();
        return Stream.concat(Stream.of(own), own.getDependencies().stream())
                .filter(file -> file.getPackage().equals(own.getPackage()))
                .toList();
    }

    /** All messages of these files; none has others within it but those that maps are made of. */
    static List<Descriptor> messages(ServiceDescriptor service) {
        return files(service).stream()
                .flatMap(file -> file.getMessageTypes().stream())
                .toList();
    }

    static List<EnumDescriptor> enums(ServiceDescriptor service) {
        return files(service).stream()
                .flatMap(file -> file.getEnumTypes().stream())
                .toList();
    }
}
