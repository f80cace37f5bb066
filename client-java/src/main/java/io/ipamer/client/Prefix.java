package io.ipamer.client;

import static java.util.Objects.requireNonNull;

import java.util.Map;
import java.util.Optional;

/**
 * A CIDR block under management.
 *
 * @param id a UUID; a prefix that is created again with the same CIDR has another one; empty in a dry run
 * @param namespace name of the namespace that it belongs to
 * @param cidr with the namespace it names the prefix
 * @param parentCidr the prefix that it was acquired from; none for a top-level prefix
 * @param reservation what was chosen when it was made
 * @param owner who is responsible for it; empty for nobody in particular
 * @param labels its labels
 * @param description what people should know of it
 */
public record Prefix(
        String id,
        String namespace,
        String cidr,
        Optional<String> parentCidr,
        ReservationPolicy reservation,
        String owner,
        Map<String, String> labels,
        String description)
        implements Resource {
    public Prefix {
        requireNonNull(id, "id");
        requireNonNull(namespace, "namespace");
        requireNonNull(cidr, "cidr");
        requireNonNull(parentCidr, "parentCidr");
        requireNonNull(reservation, "reservation");
        requireNonNull(owner, "owner");
        requireNonNull(description, "description");
        labels = Map.copyOf(requireNonNull(labels, "labels"));
    }
}
