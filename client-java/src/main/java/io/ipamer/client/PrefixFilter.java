package io.ipamer.client;

import static java.util.Objects.requireNonNull;

import java.util.Optional;

/**
 * Which prefixes of a namespace are listed: those that all of it holds of.
 *
 * @param family only those of this family
 * @param parentCidr only direct children of the prefix with exactly this CIDR
 * @param depth only those with so many prefixes around them: 0 for top-level ones, at most 128
 * @param tags only those with this owner and these labels
 */
public record PrefixFilter(
        Optional<AddressFamily> family, Optional<String> parentCidr, Optional<Integer> depth, Tags tags) {
    /** All of them, at any depth. */
    public static final PrefixFilter ALL =
            new PrefixFilter(Optional.empty(), Optional.empty(), Optional.empty(), Tags.ANY);

    /** Those that are no child of another. */
    public static final PrefixFilter TOP_LEVEL = ALL.withDepth(0);

    public PrefixFilter {
        requireNonNull(family, "family");
        requireNonNull(parentCidr, "parentCidr");
        requireNonNull(depth, "depth");
        requireNonNull(tags, "tags");
    }

    /** The direct children of a prefix. */
    public static PrefixFilter childrenOf(String parentCidr) {
        return new PrefixFilter(
                Optional.empty(), Optional.of(requireNonNull(parentCidr, "parentCidr")), Optional.empty(), Tags.ANY);
    }

    /** The same, of one family only. */
    public PrefixFilter withFamily(AddressFamily only) {
        return new PrefixFilter(Optional.of(requireNonNull(only, "only")), parentCidr, depth, tags);
    }

    /** The same, at one depth only. */
    public PrefixFilter withDepth(int only) {
        return new PrefixFilter(family, parentCidr, Optional.of(only), tags);
    }

    /** The same, with these tags only. */
    public PrefixFilter withTags(Tags only) {
        return new PrefixFilter(family, parentCidr, depth, only);
    }
}
