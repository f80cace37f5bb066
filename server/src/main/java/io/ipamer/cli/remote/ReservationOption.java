package io.ipamer.cli.remote;

import io.ipamer.client.ReservationPolicy;
import picocli.CommandLine.Option;

/** Which addresses of a new prefix are kept out of allocation. */
final class ReservationOption {
    @Option(
            names = "--no-reservation",
            description =
                    "Make every address usable. Without it the first one and, for IPv4, the last one are kept out of"
                            + " allocation.")
    private boolean none;

    ReservationPolicy policy() {
        return none ? ReservationPolicy.NONE : ReservationPolicy.DEFAULT;
    }
}
