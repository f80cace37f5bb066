package io.ipamer.store.embedded;

import java.io.IOException;
import java.nio.file.Path;

/** Where PostgreSQL's programs come from. */
@FunctionalInterface
interface Binaries {
    /**
     * The folder that holds {@code initdb} and {@code postgres}, which are there when this returns.
     *
     * @param home the database's folder, locked by the caller
     */
    Path directory(Path home) throws IOException, InterruptedException;

    /**
     * Those this program brings along, unpacked into the database's own folder.
     *
     * @throws EmbeddedPostgresException if there can be none for this machine
     */
    static Binaries bundled() {
        return Bundle.ofThisMachine()::unpackInto;
    }

    /** Those this program brings along, unpacked once into a folder that any number of programs share. */
    static Binaries bundledIn(Path shared) {
        Bundle bundle = Bundle.ofThisMachine();
        return home -> bundle.unpackInto(shared);
    }

    /** Those installed on this machine. */
    static Binaries installed(Path directory) {
        return home -> directory;
    }
}
