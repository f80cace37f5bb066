package io.ipamer.client;

import java.util.Map;

/** What somebody holds: a prefix or an address. */
public sealed interface Resource permits Prefix, Allocation {
    /** Name of the namespace that it belongs to. */
    String namespace();

    /** Who is responsible for it; empty for nobody in particular. */
    String owner();

    /** Its labels. */
    Map<String, String> labels();

    /** What people should know of it. */
    String description();
}
