package io.ipamer.ipam;

import io.ipamer.address.Cidr;

/**
 * Two CIDRs that share addresses.
 *
 * @param cidr one of those asked about
 * @param conflictsWith what it shares addresses with
 * @param existing whether that is a prefix of the namespace, rather than another of those asked about
 */
public record Overlap(Cidr cidr, Cidr conflictsWith, boolean existing) {}
