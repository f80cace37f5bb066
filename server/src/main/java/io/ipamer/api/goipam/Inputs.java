package io.ipamer.api.goipam;

import io.ipamer.address.AddressFamily;
import io.ipamer.address.AddressFormatException;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import io.ipamer.model.IpamerException;
import io.ipamer.model.Reason;

/** Reads addresses as go-ipam does and tells of malformed ones in the words of Go's netip, which clients compare. */
final class Inputs {
    private Inputs() {}

    /** Host bits are masked. {@code before}: what go-ipam says before netip's own sentence. */
    static Cidr cidr(String text, String before) {
        try {
            return Cidr.parse(text);
        } catch (AddressFormatException malformed) {
            throw new IpamerException(
                    Reason.INVALID_CIDR, before + "netip.ParsePrefix(\"" + text + "\"): " + malformed.problem());
        }
    }

    static IpAddress address(String text) {
        try {
            return IpAddress.parse(text);
        } catch (AddressFormatException malformed) {
            String at = malformed.at() == null ? "" : " (at \"" + malformed.at() + "\")";
            throw new IpamerException(
                    Reason.INVALID_ADDRESS, "ParseAddr(\"" + text + "\"): " + malformed.problem() + at);
        }
    }

    /** Whether this is an IPv6 address with a zone: well-formed, but in no prefix. */
    static boolean isZoned(String text) {
        int percent = text.indexOf('%');
        if (percent < 0 || percent == text.length() - 1) {
            return false;
        }
        try {
            return IpAddress.parse(text.substring(0, percent)).family() == AddressFamily.IPV6;
        } catch (AddressFormatException malformed) {
            return false;
        }
    }
}
