package io.ipamer.client;

/**
 * What a delete with everything inside did.
 *
 * @param prefix the prefix, as it was
 * @param deletedPrefixes how many prefixes are gone, children and itself
 * @param releasedIps how many addresses were released
 */
public record ForcedDelete(Prefix prefix, long deletedPrefixes, long releasedIps) {}
