package io.ipamer.api;

/** What both doors bear from one caller. */
public final class Limits {
    /** 64 MiB: a load carries a whole address plan, some hundred thousand prefixes, in one message. */
    public static final int MAX_MESSAGE_BYTES = 64 << 20;

    /** 16 KiB: twice what gRPC allows by default, for the tokens and traces that proxies add. */
    public static final int MAX_METADATA_BYTES = 16 << 10;

    /** Many times what one client has under way; beyond it, its calls wait on its own side. */
    public static final int MAX_CALLS_PER_CONNECTION = 10_000;

    /**
     * All callers of a busy client may give up in the same second, and their calls are resets on one connection. A
     * flood of resets (CVE-2023-44487) has a hundred times as many; its connection is closed.
     */
    public static final int MAX_RESETS_PER_SECOND = 2_000;

    /** A connection without a call for an hour belongs to nobody. */
    public static final int MAX_IDLE_MINUTES = 60;

    /** Every hour a client connects anew, so that new replicas get their share. */
    public static final int MAX_AGE_MINUTES = 60;

    /** How long running calls may take to finish when the server stops, or their connection is an hour old. */
    public static final int DRAIN_SECONDS = 30;

    private Limits() {}
}
