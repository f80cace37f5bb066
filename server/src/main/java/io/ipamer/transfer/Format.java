package io.ipamer.transfer;

/** How a whole namespace is written as text. */
public enum Format {
    /** Lines of JSON, with all that there is: {@link IpamerText}. */
    IPAMER,
    /** {@link GoIpamDump}. */
    GO_IPAM
}
