package io.ipamer.cli.remote;

import io.ipamer.address.Cidr;
import io.ipamer.address.IpAddress;
import picocli.CommandLine.Parameters;

/** An address that is named with the prefix that gave it. */
final class OneAddress {
    @Parameters(
            index = "0",
            paramLabel = "PREFIX",
            converter = CidrText.class,
            description = "The prefix that gave it.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Cidr prefix;

    @Parameters(index = "1", paramLabel = "ADDRESS", converter = AddressText.class, description = "The address.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private IpAddress address;

    String prefix() {
        return prefix.toString();
    }

    String address() {
        return address.toString();
    }
}
