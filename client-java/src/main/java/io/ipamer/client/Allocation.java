package io.ipamer.client;

import static java.util.Objects.requireNonNull;

import java.util.Map;

/**
 * An address that is handed out.
 *
 * @param id a UUID; named in a release, it keeps the release from hitting a later holder; empty in a dry run
 * @param address the address
 * @param namespace name of the namespace that it belongs to
 * @param prefixCidr the prefix that gave it
 * @param owner who is responsible for it; empty for nobody in particular
 * @param labels its labels
 * @param description what people should know of it
 */
public record Allocation(
        String id,
        String address,
        String namespace,
        String prefixCidr,
        String owner,
        Map<String, String> labels,
        String description)
        implements Resource {
    public Allocation {
        requireNonNull(id, "id");
        requireNonNull(address, "address");
        requireNonNull(namespace, "namespace");
        requireNonNull(prefixCidr, "prefixCidr");
        requireNonNull(owner, "owner");
        requireNonNull(description, "description");
        labels = Map.copyOf(requireNonNull(labels, "labels"));
    }
}
