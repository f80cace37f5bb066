package io.ipamer.it;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** buf, in the version that the contracts are checked with. */
final class Buf {
    private static final Path CONTRACTS =
            Path.of("..", "proto").toAbsolutePath().normalize();
    private static final int MOST_SECONDS = 300;

    private Buf() {}

    /** Brings it once, or skips the test that asks. */
    static void bring() {
        assumeTrue(Brought.REASON_WHY_NOT.isEmpty(), Brought.REASON_WHY_NOT);
    }

    /** Where the program is. */
    static Path folder() {
        return CONTRACTS.resolve("node_modules").resolve(".bin");
    }

    /** It comes from the network, and a machine may have none. */
    private static final class Brought {
        private static final String REASON_WHY_NOT = bring();

        private static String bring() {
            if (Files.isExecutable(folder().resolve("buf"))) {
                return "";
            }
            if (!Ran.finds("npm")) {
                return "there is no npm to bring buf";
            }
            Ran npm = Ran.of(CONTRACTS, Map.of(), MOST_SECONDS, "npm", "ci", "--ignore-scripts");
            return npm.exitCode() == 0 ? "" : "npm does not bring buf: " + npm.lastLine();
        }
    }
}
