package io.ipamer.api.http.pages;

import static io.ipamer.api.http.pages.Prose.escaped;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.GenericDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.OneofDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** A service explained: its methods, each with its request and its answer, and then what these are made of. */
final class ServicePage {
    private final ServiceDescriptor service;
    private final Comments comments;
    private final String authority;
    private final Examples examples = new Examples();
    private final List<Descriptor> messages;
    private final List<EnumDescriptor> enums;
    private final Prose prose;
    private final StringBuilder body = new StringBuilder();

    ServicePage(ServiceDescriptor service, Comments comments, String authority) {
        this.service = service;
        this.comments = comments;
        this.authority = authority;
        this.messages = ApiPages.messages(service);
        this.enums = ApiPages.enums(service);
        this.prose = new Prose(links());
    }

    /** Where the names are explained that comments mention. */
    private Map<String, String> links() {
        Map<String, String> links = new HashMap<>();
        Set<String> ambiguous = new HashSet<>();
        for (EnumDescriptor type : enums) {
            for (EnumValueDescriptor value : type.getValues()) {
                String link = "#" + anchor(value);
                links.put(value.getName(), link);
                // Comments leave out the part that all values of an enum begin with.
                String common = type.getValues().get(0).getName().replaceFirst("UNSPECIFIED$", "");
                if (value.getName().startsWith(common)) {
                    String brief = value.getName().substring(common.length());
                    if (links.put(brief, link) != null) {
                        ambiguous.add(brief);
                    }
                }
            }
            links.put(type.getName(), "#" + type.getFullName());
        }
        links.keySet().removeAll(ambiguous);
        messages.forEach(message -> links.put(message.getName(), "#" + message.getFullName()));
        service.getMethods().forEach(method -> links.put(method.getName(), "#" + method.getName()));
        return links;
    }

    String html() {
        String about = comments.of(service.getFullName());
        body.append("""
                <nav><a href="../">Ipamer</a> / <a href="../api">API</a></nav>
                <h1>%s</h1>
                <p class="lead">%s</p>
                <ul class="calls">
                """.formatted(escaped(service.getFullName()), prose.inline(Prose.firstSentence(about))));
        service.getMethods()
                .forEach(method -> body.append(
                        "<li><a href=\"#%1$s\"><code>%1$s</code></a></li>\n".formatted(escaped(method.getName()))));
        body.append("</ul>\n<h2>In general</h2>\n").append(prose.html(about));
        howTo();
        body.append("<h2>Methods</h2>\n");
        Set<Descriptor> explained = new HashSet<>();
        service.getMethods().forEach(method -> method(method, explained));
        List<Descriptor> others = new ArrayList<>(messages);
        others.removeAll(explained);
        if (!others.isEmpty()) {
            body.append("<h2>Messages</h2>\n");
            others.forEach(message -> {
                body.append("<section id=\"%s\">\n<h3>%s</h3>\n"
                        .formatted(escaped(message.getFullName()), escaped(message.getName())));
                fields(message);
                body.append("</section>\n");
            });
        }
        if (!enums.isEmpty()) {
            body.append("<h2>Enums</h2>\n");
            enums.forEach(this::enumeration);
        }
        List<String> notes = ApiPages.files(service).stream()
                .flatMap(file -> comments.notes(file.getName()).stream())
                .toList();
        if (!notes.isEmpty()) {
            body.append("<h2 id=\"notes\">Notes on the whole contract</h2>\n");
            notes.forEach(note -> body.append(prose.html(note)));
        }
        return Page.of(service.getName() + ": Ipamer's API", body.toString());
    }

    private void howTo() {
        body.append("""
                <p class="soft">With JSON: POST to <code>http://%1$s/%2$s/</code> and the method's name. Fields are
                <code>lowerCamelCase</code> there, numbers of 64 bits are strings, and a field that is not given has its
                empty value. With gRPC: at the same address, in clear text.</p>
                """.formatted(authority, escaped(service.getFullName())));
    }

    private void method(MethodDescriptor method, Set<Descriptor> explained) {
        String fullName = service.getFullName() + "/" + method.getName();
        body.append(
                "<section id=\"%1$s\">\n<h3><a href=\"#%1$s\">%1$s</a></h3>\n".formatted(escaped(method.getName())));
        body.append(prose.html(comments.of(method.getFullName())));
        boolean streams = method.isClientStreaming() || method.isServerStreaming();
        body.append(
                streams
                        ? "<p class=\"soft\">A stream: by gRPC and gRPC-Web only, not by Connect.</p>\n"
                        : "<pre>" + escaped(examples.curl(authority, fullName)) + "</pre>\n");
        body.append("<pre>" + escaped(examples.grpcurl(authority, fullName)) + "</pre>\n");
        part(method.isClientStreaming() ? "Requests, a stream of" : "Request", method.getInputType(), explained);
        part(method.isServerStreaming() ? "Answers, a stream of" : "Answer", method.getOutputType(), explained);
        body.append("</section>\n");
    }

    /** A message is explained where it is first used. */
    private void part(String role, Descriptor message, Set<Descriptor> explained) {
        if (!explained.add(message)) {
            body.append("<h4>%s: %s</h4>\n".formatted(role, link(message)));
            return;
        }
        body.append("<h4 id=\"%s\">%s: %s</h4>\n"
                .formatted(escaped(message.getFullName()), role, "<code>" + escaped(message.getName()) + "</code>"));
        fields(message);
    }

    private void fields(Descriptor message) {
        body.append(prose.html(comments.of(message.getFullName())));
        if (message.getFields().isEmpty()) {
            body.append("<p class=\"soft\">It has no fields.</p>\n");
            return;
        }
        body.append("<dl>\n");
        for (FieldDescriptor field : message.getFields()) {
            OneofDescriptor oneof = field.getRealContainingOneof();
            row(
                    field.getFullName(),
                    field.getName(),
                    type(field) + ", " + field.getNumber()
                            + (oneof == null ? "" : ", one of <code>" + escaped(oneof.getName()) + "</code>"),
                    comments.of(field.getFullName()));
        }
        body.append("</dl>\n");
        for (OneofDescriptor oneof : message.getRealOneofs()) {
            body.append("<p>One of <code>%s</code>, never two. %s</p>\n"
                    .formatted(escaped(oneof.getName()), prose.inline(comments.of(oneof.getFullName()))));
        }
    }

    private void enumeration(EnumDescriptor type) {
        body.append(
                "<section id=\"%s\">\n<h3>%s</h3>\n".formatted(escaped(type.getFullName()), escaped(type.getName())));
        body.append(prose.html(comments.of(type.getFullName())));
        body.append("<dl>\n");
        for (EnumValueDescriptor value : type.getValues()) {
            row(anchor(value), value.getName(), Integer.toString(value.getNumber()), comments.of(anchor(value)));
        }
        body.append("</dl>\n</section>\n");
    }

    /** {@code kind} is HTML. */
    private void row(String anchor, String name, String kind, String comment) {
        body.append("<div><dt id=\"%s\"><code>%s</code> <small>%s</small></dt><dd>%s</dd></div>\n"
                .formatted(escaped(anchor), escaped(name), kind, prose.html(comment)));
    }

    private String type(FieldDescriptor field) {
        if (field.isMapField()) {
            return "map of " + single(field.getMessageType().findFieldByName("key")) + " to "
                    + single(field.getMessageType().findFieldByName("value"));
        }
        String label = field.isRepeated() ? "list of " : field.toProto().getProto3Optional() ? "optional " : "";
        return label + single(field);
    }

    private String single(FieldDescriptor field) {
        return switch (field.getJavaType()) {
            case MESSAGE -> link(field.getMessageType());
            case ENUM -> link(field.getEnumType());
            default ->
                escaped(field.toProto().getType().name().replace("TYPE_", "").toLowerCase(Locale.ROOT));
        };
    }

    /** Types of other packages are told by their full name, and not explained. */
    private String link(GenericDescriptor type) {
        String name = escaped(type.getFullName());
        return type.getFile().getPackage().equals(service.getFile().getPackage())
                ? "<a href=\"#%s\">%s</a>".formatted(name, escaped(type.getName()))
                : name;
    }

    /** Unlike the full name it has the enum in it. */
    private static String anchor(EnumValueDescriptor value) {
        return value.getType().getFullName() + "." + value.getName();
    }
}
