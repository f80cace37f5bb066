package io.ipamer.cli.remote;

import com.google.gson.stream.JsonWriter;
import io.ipamer.cli.terminal.Table;
import io.ipamer.client.Allocation;
import io.ipamer.client.Prefix;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** How prefixes and addresses are shown, and their labels. */
final class Shapes {
    private Shapes() {}

    /** Prefixes. */
    static final class PrefixShape implements Shape<Prefix> {
        @Override
        public Table columns(Table table) {
            return table.column("CIDR")
                    .column("PARENT")
                    .text("OWNER")
                    .text("LABELS")
                    .text("DESCRIPTION");
        }

        @Override
        public String[] cells(Prefix prefix) {
            return new String[] {
                prefix.cidr(),
                prefix.parentCidr().orElse("-"),
                prefix.owner(),
                Labels.text(prefix.labels()),
                prefix.description()
            };
        }

        @Override
        public void write(JsonWriter json, Prefix prefix) throws IOException {
            json.beginObject();
            members(json, prefix);
            json.endObject();
        }

        static void members(JsonWriter json, Prefix prefix) throws IOException {
            json.name("id").value(ServerOptions.given(prefix.id()));
            json.name("namespace").value(prefix.namespace());
            json.name("cidr").value(prefix.cidr());
            json.name("parentCidr").value(prefix.parentCidr().orElse(null));
            json.name("reservation").value(reservation(prefix));
            json.name("owner").value(prefix.owner());
            Labels.write(json, prefix.labels());
            json.name("description").value(prefix.description());
        }

        static Map<String, String> facts(Prefix prefix) {
            Map<String, String> facts = new LinkedHashMap<>();
            facts.put("cidr", prefix.cidr());
            facts.put("parent", prefix.parentCidr().orElse("-"));
            facts.put("namespace", prefix.namespace());
            facts.put("id", prefix.id());
            facts.put("reservation", reservation(prefix));
            facts.put("owner", prefix.owner());
            facts.put("labels", Labels.text(prefix.labels()));
            facts.put("description", prefix.description());
            return facts;
        }

        private static String reservation(Prefix prefix) {
            return prefix.reservation().name().toLowerCase(Locale.ROOT);
        }
    }

    /** Acquired addresses. */
    static final class AllocationShape implements Shape<Allocation> {
        @Override
        public Table columns(Table table) {
            return table.column("ADDRESS")
                    .column("PREFIX")
                    .text("OWNER")
                    .text("LABELS")
                    .text("DESCRIPTION");
        }

        @Override
        public String[] cells(Allocation allocation) {
            return new String[] {
                allocation.address(),
                allocation.prefixCidr(),
                allocation.owner(),
                Labels.text(allocation.labels()),
                allocation.description()
            };
        }

        @Override
        public void write(JsonWriter json, Allocation allocation) throws IOException {
            json.beginObject();
            members(json, allocation);
            json.endObject();
        }

        static void members(JsonWriter json, Allocation allocation) throws IOException {
            json.name("id").value(ServerOptions.given(allocation.id()));
            json.name("address").value(allocation.address());
            json.name("namespace").value(allocation.namespace());
            json.name("prefixCidr").value(allocation.prefixCidr());
            json.name("owner").value(allocation.owner());
            Labels.write(json, allocation.labels());
            json.name("description").value(allocation.description());
        }

        static Map<String, String> facts(Allocation allocation) {
            Map<String, String> facts = new LinkedHashMap<>();
            facts.put("address", allocation.address());
            facts.put("prefix", allocation.prefixCidr());
            facts.put("namespace", allocation.namespace());
            facts.put("id", allocation.id());
            facts.put("owner", allocation.owner());
            facts.put("labels", Labels.text(allocation.labels()));
            facts.put("description", allocation.description());
            return facts;
        }
    }

    /** Shows labels, sorted by their keys. */
    static final class Labels {
        private Labels() {}

        static String text(Map<String, String> labels) {
            if (labels.isEmpty()) {
                return "";
            }
            StringBuilder text = new StringBuilder();
            new TreeMap<>(labels)
                    .forEach((key, value) -> text.append(text.isEmpty() ? "" : ",")
                            .append(key)
                            .append('=')
                            .append(value));
            return text.toString();
        }

        static void write(JsonWriter json, Map<String, String> labels) throws IOException {
            json.name("labels").beginObject();
            for (Map.Entry<String, String> label : new TreeMap<>(labels).entrySet()) {
                json.name(label.getKey()).value(label.getValue());
            }
            json.endObject();
        }
    }
}
