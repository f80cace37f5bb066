package io.ipamer.model;

import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * What is said of a prefix or an allocation, and asked no more of than to be found by.
 *
 * @param owner who is responsible, at most 128 characters; empty for nobody in particular
 * @param labels at most 32, keys and values as Kubernetes has them
 * @param description for people, at most 1024 characters
 */
public record Metadata(String owner, SortedMap<String, String> labels, String description) {
    /** Nothing. */
    public static final Metadata NONE = new Metadata("", Collections.emptySortedMap(), "");

    private static final int MAX_OWNER = 128;
    private static final int MAX_DESCRIPTION = 1_024;
    private static final int MAX_LABELS = 32;
    private static final int MAX_DOMAIN = 253;
    private static final int MAX_NAME = 63;
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?");
    private static final Pattern DOMAIN =
            Pattern.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*");

    /**
     * As a caller gave it.
     *
     * @throws IpamerException INVALID_OWNER, INVALID_LABEL, INVALID_DESCRIPTION, with the field and the value
     */
    public static Metadata of(String owner, Map<String, String> labels, String description) {
        return owner.isEmpty() && labels.isEmpty() && description.isEmpty()
                ? NONE
                : new Metadata(requireOwner(owner), requireLabels(labels), requireDescription(description));
    }

    public Metadata {
        labels = labels.isEmpty() ? Collections.emptySortedMap() : Collections.unmodifiableSortedMap(labels);
    }

    public boolean isEmpty() {
        return owner.isEmpty() && labels.isEmpty() && description.isEmpty();
    }

    /** How many words it can be found by. */
    public int words() {
        return (owner.isEmpty() ? 0 : 1) + labels.size();
    }

    /** About how many bytes it takes on the wire. */
    public int size() {
        int size = 3 * (owner.length() + description.length());
        for (Map.Entry<String, String> label : labels.entrySet()) {
            size += label.getKey().length() + label.getValue().length() + 8;
        }
        return size;
    }

    /** Whether it has that owner, if one is given, and all of those labels. */
    public boolean matches(String wantedOwner, Map<String, String> wantedLabels) {
        return (wantedOwner.isEmpty() || wantedOwner.equals(owner))
                && labels.entrySet().containsAll(wantedLabels.entrySet());
    }

    /** Equal for equal ones, different for different ones; begins with a space, or is empty when nothing is said. */
    public String canonical() {
        return isEmpty() ? "" : " " + owner + "\n" + labels + "\n" + description;
    }

    /** The owner, or its refusal: INVALID_OWNER. */
    public static String requireOwner(String owner) {
        if (owner.codePointCount(0, owner.length()) > MAX_OWNER
                || owner.chars().anyMatch(Character::isISOControl)
                || isBroken(owner)) {
            throw wrong(
                    Reason.INVALID_OWNER,
                    "owner",
                    owner,
                    "an owner has at most " + MAX_OWNER
                            + " characters, none of them a control character or half of a pair");
        }
        return owner;
    }

    private static String requireDescription(String description) {
        if (description.codePointCount(0, description.length()) > MAX_DESCRIPTION
                || description.chars().anyMatch(c -> Character.isISOControl(c) && c != '\n' && c != '\t')
                || isBroken(description)) {
            throw wrong(
                    Reason.INVALID_DESCRIPTION,
                    "description",
                    description,
                    "a description has at most " + MAX_DESCRIPTION
                            + " characters, none of them a control character but tab and line feed, or half of a"
                            + " pair");
        }
        return description;
    }

    /** Whether it has a surrogate without its other half, which no UTF-8 can say. */
    private static boolean isBroken(String text) {
        return text.codePoints().anyMatch(c -> Character.MIN_SURROGATE <= c && c <= Character.MAX_SURROGATE);
    }

    /** The labels in order, or their refusal: INVALID_LABEL. */
    public static SortedMap<String, String> requireLabels(Map<String, String> labels) {
        if (labels.size() > MAX_LABELS) {
            throw wrong(
                    Reason.INVALID_LABEL,
                    "labels",
                    Integer.toString(labels.size()),
                    "there are " + labels.size() + " labels: at most " + MAX_LABELS + " are possible");
        }
        labels.forEach((key, value) -> {
            requireLabelKey("labels", key);
            if (!value.isEmpty() && !isName(value)) {
                throw wrong(
                        Reason.INVALID_LABEL,
                        "labels[" + key + "]",
                        value,
                        "a label's value is empty, or has at most " + MAX_NAME + " of A-Z a-z 0-9 - _ . and begins and"
                                + " ends with a letter or digit");
            }
        });
        return Collections.unmodifiableSortedMap(new TreeMap<>(labels));
    }

    /** The key of a label, or its refusal: INVALID_LABEL. */
    public static String requireLabelKey(String field, String key) {
        int slash = key.indexOf('/');
        String domain = slash < 0 ? "" : key.substring(0, slash);
        boolean domainFits = slash < 0
                || (domain.length() <= MAX_DOMAIN && DOMAIN.matcher(domain).matches());
        if (!domainFits || !isName(key.substring(slash + 1))) {
            throw wrong(
                    Reason.INVALID_LABEL,
                    field,
                    key,
                    "a label's key is a name, or a DNS subdomain of at most " + MAX_DOMAIN
                            + " characters, / and a name;"
                            + " a name has 1 to " + MAX_NAME + " of A-Z a-z 0-9 - _ . and begins and ends with a letter"
                            + " or digit");
        }
        return key;
    }

    private static boolean isName(String text) {
        return text.length() <= MAX_NAME && NAME.matcher(text).matches();
    }

    private static IpamerException wrong(Reason reason, String field, String value, String rule) {
        return new IpamerException(reason, rule, Map.of("field", field, "value", value));
    }
}
