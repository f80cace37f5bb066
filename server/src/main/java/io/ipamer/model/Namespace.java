package io.ipamer.model;

import java.nio.charset.StandardCharsets;
import java.util.UUID;

/**
 * An isolated address plan: the same CIDR may stand in two namespaces.
 *
 * @param id made when the namespace is created and never used again
 * @param name 1 to 128 bytes of UTF-8 without control characters, case-sensitive
 */
public record Namespace(UUID id, String name) implements Answer {
    /** The namespace that always exists and that an empty name means. */
    public static final Namespace ROOT = new Namespace(new UUID(0, 1), "root");

    /** With what the names of those begin that nobody may see: callers cannot give a control character. */
    public static final char HIDDEN = '\u0001';

    private static final int MAX_NAME_BYTES = 128;

    /** Whether it is kept from callers, as while it is being imported. */
    public boolean isHidden() {
        return name.charAt(0) == HIDDEN;
    }

    /**
     * A name as a caller gave it; the empty one means {@code root}.
     *
     * @throws IpamerException INVALID_NAMESPACE when no namespace can have that name
     */
    public static String nameOrRoot(String name) {
        return name.isEmpty() ? ROOT.name() : requireName(name);
    }

    /**
     * A name that a namespace can have.
     *
     * @throws IpamerException INVALID_NAMESPACE
     */
    public static String requireName(String name) {
        int bytes = name.getBytes(StandardCharsets.UTF_8).length;
        if (bytes < 1 || bytes > MAX_NAME_BYTES || name.chars().anyMatch(Character::isISOControl)) {
            throw new IpamerException(
                    Reason.INVALID_NAMESPACE,
                    "a namespace's name must have 1 to " + MAX_NAME_BYTES
                            + " bytes of UTF-8, none of them a control character; this one has " + bytes + " bytes");
        }
        return name;
    }
}
