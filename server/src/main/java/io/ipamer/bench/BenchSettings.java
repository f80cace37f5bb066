package io.ipamer.bench;

import java.time.Duration;

/**
 * What to measure, and how.
 *
 * @param target host:port of a server that speaks gRPC without TLS; or several that share a database, with commas
 * @param prefixes how many prefixes the calls are spread over at random, 1 to 1,000,000
 * @param callers how many calls are under way at a time, at most: 1 to 100,000
 * @param channels how many connections the callers share, 1 to 1,000; each server gets one at least
 * @param duration how long is measured; with {@link Scenario#FILL} at each level
 * @param warmUp how long calls run before they are measured; may be zero
 * @param rate calls a second that fall due however slow the answers are; 0 for a closed loop, in which each caller sends
 *     its next call when it has its answer
 * @param requestIds whether each call that changes something carries a request id
 * @param fillTo the highest level of {@link Scenario#FILL}, 10 to 100,000,000 addresses
 * @param tolerateErrors whether a run in which some calls failed is a good one
 * @param keep whether namespace and prefixes stay at the end
 * @param seed of the choice among prefixes
 */
public record BenchSettings(
        String target,
        ContractKind contract,
        Scenario scenario,
        int prefixes,
        int callers,
        int channels,
        Duration duration,
        Duration warmUp,
        double rate,
        boolean requestIds,
        int fillTo,
        boolean tolerateErrors,
        boolean keep,
        long seed) {

    private static final int MAX_HOURS = 24;

    /**
     * Checks what is wanted.
     *
     * @throws IllegalArgumentException with a sentence that names the option, when it cannot be
     */
    public BenchSettings {
        for (String each : target.split(",", -1)) {
            requirePort(each);
        }
        requireRange("--prefixes", prefixes, 1, 1_000_000);
        requireRange("--callers", callers, 1, 100_000);
        requireRange("--channels", channels, 1, 1_000);
        requireRange("--fill-to", fillTo, 10, 100_000_000);
        require(
                !duration.isZero() && !duration.isNegative() && duration.toHours() < MAX_HOURS,
                "--duration must be more than 0 and less than a day");
        require(!warmUp.isNegative() && warmUp.toHours() < MAX_HOURS, "--warm-up must be less than a day");
        require(rate >= 0 && rate <= 1e7, "--rate must be up to 10000000 calls a second, not " + rate);
        require(
                !requestIds || contract == ContractKind.IPAMER_V1,
                "--request-ids cannot be with --contract api.v1, which has none");
        require(
                prefixes == 1 || (scenario != Scenario.CREATE_PREFIX && scenario != Scenario.FILL),
                "--prefixes cannot be with " + scenario + ", which has one scope only");
    }

    private static void requirePort(String target) {
        int colon = target.lastIndexOf(':');
        boolean fine = false;
        if (colon > 0) {
            String host = target.substring(0, colon);
            String port = target.substring(colon + 1);
            fine = port.matches("[0-9]{1,5}")
                    && Integer.parseInt(port) >= 1
                    && Integer.parseInt(port) <= 65_535
                    && host.matches("[A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+]");
        }
        require(fine, "--target must be host:port, such as 127.0.0.1:9090 or [::1]:9090, not \"" + target + '"');
    }

    private static void requireRange(String option, int value, int min, int max) {
        require(value >= min && value <= max, option + " must be " + min + " to " + max + ", not " + value);
    }

    private static void require(boolean fine, String otherwise) {
        if (!fine) {
            throw new IllegalArgumentException(otherwise);
        }
    }
}
