package io.ipamer.transfer;

import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;

/** A namespace made up by chance, as Ipamer's own text; the same for the same seed. */
final class RandomPlan {
    private final Random random;
    private final StringBuilder text = new StringBuilder();
    private int prefixes;
    private int leaked;
    private int addresses;

    private RandomPlan(long seed) {
        random = new Random(seed);
    }

    /** {@code rich}: with all that go-ipam's dump has no place for. */
    static String text(long seed, String namespace, boolean rich) {
        RandomPlan plan = new RandomPlan(seed);
        plan.write(namespace, rich);
        return plan.text.toString();
    }

    private void write(String namespace, boolean rich) {
        line("{\"ipamer\":1,\"namespace\":\"" + namespace + "\"}");
        for (int i = 0; i < 1 + random.nextInt(4); i++) {
            prefix(Cidr.parse("10." + i + ".0.0/" + (16 + random.nextInt(14))), null, rich);
        }
        for (int i = 0; i < random.nextInt(3); i++) {
            prefix(Cidr.parse("2001:db8:" + (i + 1) + "::/" + (48 + random.nextInt(80))), null, rich);
        }
        line("{\"end\":{\"prefixes\":" + prefixes + ",\"leaked\":" + leaked + ",\"addresses\":" + addresses + "}}");
    }

    private void prefix(Cidr cidr, Cidr parent, boolean rich) {
        prefixes++;
        boolean none = rich && random.nextInt(4) == 0;
        boolean v4 = cidr.toString().indexOf(':') < 0;
        boolean firstFree = !none && random.nextInt(5) == 0;
        boolean lastFree = !none && v4 && cidr.hostBits() > 0 && random.nextInt(5) == 0;
        if (!rich && firstFree && (lastFree || !v4 || cidr.hostBits() == 0)) {
            firstFree = false; // go-ipam's dump would not tell it from a prefix without reservation
        }
        boolean parentOnly = random.nextInt(6) == 0;
        line("{\"cidr\":\"" + cidr + "\""
                + (parent == null ? "" : ",\"parent\":\"" + parent + "\"")
                + (none ? ",\"reservation\":\"none\"" : "")
                + (firstFree ? ",\"reserved_first\":false" : "")
                + (lastFree ? ",\"reserved_last\":false" : "")
                + (parentOnly ? ",\"parent_only\":true" : "")
                + metadata(rich)
                + "}");
        if (!parentOnly && random.nextBoolean()) {
            TreeSet<IpAddress> free = new TreeSet<>();
            boolean first = none || firstFree;
            boolean last = none || lastFree || !v4 || cidr.hostBits() == 0;
            for (int i = 0; i < random.nextInt(40); i++) {
                long offset = Math.floorMod(random.nextLong(), Math.min(cidr.sizeSaturated(), 1 << 20));
                IpAddress address = cidr.first().plus(offset);
                boolean isFirst = address.equals(cidr.first());
                boolean isLast = address.equals(cidr.last());
                if ((!isFirst || first) && (!isLast || last || (isFirst && first))) {
                    free.add(address);
                }
            }
            free.forEach(address -> {
                addresses++;
                line("{\"address\":\"" + address + "\",\"allocation_id\":\""
                        + new UUID(random.nextLong(), random.nextLong()) + "\"" + metadata(rich) + "}");
            });
        } else if (cidr.hostBits() >= 3) {
            TreeMap<Cidr, Boolean> parts = new TreeMap<>();
            for (int i = 0; i < 8; i++) {
                if (random.nextInt(3) == 0) {
                    Cidr part = Cidr.of(
                            cidr.first().plus(i * Math.min(1L << 20, cidr.sizeSaturated() / 8)),
                            Math.max(cidr.length() + 3, cidr.first().family().bits() - 20));
                    parts.put(part, random.nextInt(3) == 0);
                }
            }
            List<Cidr> children = new ArrayList<>();
            parts.forEach((part, isLeaked) -> {
                if (isLeaked) {
                    leaked++;
                    line("{\"leaked\":\"" + part + "\"}");
                } else {
                    children.add(part);
                }
            });
            children.forEach(child -> prefix(child, cidr, rich));
        }
    }

    private String metadata(boolean rich) {
        return !rich || random.nextBoolean()
                ? ""
                : (random.nextBoolean() ? ",\"owner\":\"o" + random.nextInt(9) + " ü🙂\"" : "")
                        + (random.nextBoolean() ? ",\"labels\":{\"a\":\"" + random.nextInt(9) + "\",\"z/b\":\"\"}" : "")
                        + (random.nextBoolean() ? ",\"description\":\"a \\\"b\\\"\\n\\\\c\"" : "");
    }

    private void line(String line) {
        text.append(line).append('\n');
    }
}
