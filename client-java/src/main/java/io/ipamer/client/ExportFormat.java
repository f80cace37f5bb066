package io.ipamer.client;

/** How a whole namespace is written as text. */
public enum ExportFormat {
    /** Lines of JSON, with all that Ipamer knows. */
    IPAMER,

    /** go-ipam's dump: one JSON array, without owners, labels, descriptions and ids. */
    GO_IPAM
}
