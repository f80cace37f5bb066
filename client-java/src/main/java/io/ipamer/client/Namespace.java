package io.ipamer.client;

/**
 * A space of its own: the same CIDR may exist in several namespaces.
 *
 * @param id a UUID
 * @param name 1 to 128 bytes of UTF-8; {@code root} exists always
 */
public record Namespace(String id, String name) {}
