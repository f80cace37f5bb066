package io.ipamer.cli.remote;

import io.ipamer.address.AddressFormatException;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads a CIDR, and says of one that is none what would be right. */
final class CidrText implements ITypeConverter<Cidr> {
    @Override
    public Cidr convert(String text) {
        Cidr masked;
        try {
            masked = Cidr.parse(text);
        } catch (AddressFormatException malformed) {
            throw new TypeConversionException(
                    isAddress(text)
                            ? "\"" + text + "\" is an address: a prefix has a length too, such as 10.0.0.0/24"
                            : "it must be a prefix such as 10.0.0.0/24 or 2001:db8::/64, not \"" + text + '"');
        }
        try {
            return Cidr.parseStrict(text);
        } catch (AddressFormatException hostBits) {
            throw new TypeConversionException(
                    "\"" + text + "\" has bits set behind its length: the prefix is " + masked);
        }
    }

    private static boolean isAddress(String text) {
        try {
            IpAddress.parse(text);
            return true;
        } catch (AddressFormatException neither) {
            return false;
        }
    }
}
