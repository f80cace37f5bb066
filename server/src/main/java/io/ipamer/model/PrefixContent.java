package io.ipamer.model;

import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import java.util.List;

/**
 * A prefix with all that it holds, as go-ipam's dump has it.
 *
 * @param parentOnly whether it gives child prefixes only, even while it has none
 * @param firstReserved whether its first address is reserved
 * @param lastReserved whether its last address is reserved
 * @param acquired the addresses handed out, ascending, without reserved ones
 * @param leaked blocks marked as used without a prefix of their own, ascending
 * @param children its child prefixes, ascending
 * @param version number of changes so far
 */
public record PrefixContent(
        Cidr cidr,
        boolean parentOnly,
        boolean firstReserved,
        boolean lastReserved,
        List<IpAddress> acquired,
        List<Cidr> leaked,
        List<PrefixContent> children,
        long version) {}
