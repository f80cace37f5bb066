package io.ipamer.api.http.pages;

import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.EnumDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.DescriptorProtos.ServiceDescriptorProto;
import com.google.protobuf.DescriptorProtos.SourceCodeInfo.Location;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What stands above the parts of the contracts in their source. protoc wrote it down when the contracts were built; the
 * generated classes know nothing of it.
 */
final class Comments {
    private final Map<String, String> byName = new HashMap<>();
    private final Map<String, List<String>> notes = new HashMap<>();

    /** Those of all contracts. */
    static Comments read() {
        try (InputStream in = Comments.class.getResourceAsStream("/io/ipamer/proto/contracts.desc")) {
            if (in == null) {
                throw new IllegalStateException("the build left no contracts.desc");
            }
            return new Comments(FileDescriptorSet.parseFrom(in));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** Those of files that carry their source's places. */
    Comments(FileDescriptorSet files) {
        files.getFileList().forEach(this::add);
    }

    /** The comment of what has that full name; of an enum's value: the enum's name, a dot and its own. "" for none. */
    String of(String fullName) {
        return byName.getOrDefault(fullName, "");
    }

    /** What stands by itself in a file, and at its head. */
    List<String> notes(String file) {
        return notes.getOrDefault(file, List.of());
    }

    private void add(FileDescriptorProto file) {
        Map<List<Integer>, String> byPlace = new HashMap<>();
        List<String> alone = new ArrayList<>();
        for (Location location : file.getSourceCodeInfo().getLocationList()) {
            byPlace.put(location.getPathList(), plain(location.getLeadingComments()));
            location.getLeadingDetachedCommentsList().forEach(note -> alone.add(plain(note)));
        }
        String head = byPlace.getOrDefault(List.of(FileDescriptorProto.SYNTAX_FIELD_NUMBER), "");
        if (!head.isEmpty()) {
            alone.add(0, head);
        }
        notes.put(file.getName(), alone);
        Places places = new Places(byPlace);
        String scope = file.getPackage() + ".";
        for (int i = 0; i < file.getMessageTypeCount(); i++) {
            add(scope, file.getMessageType(i), places.below(FileDescriptorProto.MESSAGE_TYPE_FIELD_NUMBER, i));
        }
        for (int i = 0; i < file.getEnumTypeCount(); i++) {
            add(scope, file.getEnumType(i), places.below(FileDescriptorProto.ENUM_TYPE_FIELD_NUMBER, i));
        }
        for (int i = 0; i < file.getServiceCount(); i++) {
            ServiceDescriptorProto service = file.getService(i);
            String name = scope + service.getName();
            Places its = places.below(FileDescriptorProto.SERVICE_FIELD_NUMBER, i);
            byName.put(name, its.comment());
            for (int m = 0; m < service.getMethodCount(); m++) {
                byName.put(
                        name + "." + service.getMethod(m).getName(),
                        its.below(ServiceDescriptorProto.METHOD_FIELD_NUMBER, m).comment());
            }
        }
    }

    private void add(String scope, DescriptorProto message, Places its) {
        String name = scope + message.getName();
        byName.put(name, its.comment());
        for (int i = 0; i < message.getFieldCount(); i++) {
            byName.put(
                    name + "." + message.getField(i).getName(),
                    its.below(DescriptorProto.FIELD_FIELD_NUMBER, i).comment());
        }
        for (int i = 0; i < message.getOneofDeclCount(); i++) {
            byName.put(
                    name + "." + message.getOneofDecl(i).getName(),
                    its.below(DescriptorProto.ONEOF_DECL_FIELD_NUMBER, i).comment());
        }
        for (int i = 0; i < message.getNestedTypeCount(); i++) {
            add(name + ".", message.getNestedType(i), its.below(DescriptorProto.NESTED_TYPE_FIELD_NUMBER, i));
        }
        for (int i = 0; i < message.getEnumTypeCount(); i++) {
            add(name + ".", message.getEnumType(i), its.below(DescriptorProto.ENUM_TYPE_FIELD_NUMBER, i));
        }
    }

    private void add(String scope, EnumDescriptorProto type, Places its) {
        String name = scope + type.getName();
        byName.put(name, its.comment());
        for (int i = 0; i < type.getValueCount(); i++) {
            byName.put(
                    name + "." + type.getValue(i).getName(),
                    its.below(EnumDescriptorProto.VALUE_FIELD_NUMBER, i).comment());
        }
    }

    /** Without the space that follows each "//". */
    private static String plain(String comment) {
        return comment.lines()
                .map(line -> line.startsWith(" ") ? line.substring(1) : line)
                .reduce((before, line) -> before + "\n" + line)
                .orElse("");
    }

    /** A place in a file: field numbers and indexes from its top, as protoc counts. */
    private record Places(Map<List<Integer>, String> comments, List<Integer> path) {
        Places(Map<List<Integer>, String> comments) {
            this(comments, List.of());
        }

        Places below(int field, int index) {
            List<Integer> longer = new ArrayList<>(path);
            longer.add(field);
            longer.add(index);
            return new Places(comments, longer);
        }

        String comment() {
            return comments.getOrDefault(path, "");
        }
    }
}
