package io.ipamer.transfer;

import io.ipamer.ipam.Exports;
import io.ipamer.model.Prefix;

/** Writes a namespace as text, its prefixes in order. */
interface NamespaceWriter extends Exports.Sink {
    void begin(String namespace);

    /** Whether that prefix is to be read, which comes next; a newer one than what was written may be passed over. */
    default boolean wants(Prefix prefix) {
        return true;
    }

    /** The prefix that came next was deleted before it could be read. */
    void gone();

    void end();
}
