package io.ipamer.client;

/**
 * How full a namespace is: the sums over its prefixes, exact at one moment.
 *
 * @param namespace its name
 * @param ipv4 its IPv4 prefixes
 * @param ipv6 its IPv6 prefixes
 */
public record NamespaceUsage(String namespace, FamilyUsage ipv4, FamilyUsage ipv6) {}
