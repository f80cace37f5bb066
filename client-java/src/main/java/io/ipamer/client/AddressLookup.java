package io.ipamer.client;

import java.util.List;
import java.util.Optional;

/**
 * What is known of an address.
 *
 * @param prefixes those in which it lies, outermost first
 * @param allocation the one that holds it, if any
 */
public record AddressLookup(List<Prefix> prefixes, Optional<Allocation> allocation) {
    public AddressLookup {
        prefixes = List.copyOf(prefixes);
    }
}
