package io.ipamer.cli.remote;

import io.ipamer.address.AddressFormatException;
import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads an address, and says of one that is none what would be right. */
final class AddressText implements ITypeConverter<IpAddress> {
    @Override
    public IpAddress convert(String text) {
        try {
            return IpAddress.parse(text);
        } catch (AddressFormatException malformed) {
            throw new TypeConversionException(
                    isPrefix(text)
                            ? "\"" + text + "\" is a prefix: an address has no length, such as 10.0.0.1"
                            : "it must be an address such as 10.0.0.1 or 2001:db8::1, not \"" + text + '"');
        }
    }

    private static boolean isPrefix(String text) {
        try {
            Cidr.parse(text);
            return true;
        } catch (AddressFormatException neither) {
            return false;
        }
    }
}
