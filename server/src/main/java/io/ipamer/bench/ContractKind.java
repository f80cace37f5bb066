package io.ipamer.bench;

/** Which service is called. */
public enum ContractKind {
    /** {@code ipamer.v1.IpamerService}. */
    IPAMER_V1("ipamer.v1"),
    /** go-ipam's {@code api.v1.IpamService}. */
    API_V1("api.v1");

    private final String text;

    ContractKind(String text) {
        this.text = text;
    }

    /** As it is written on the command line. */
    @Override
    public String toString() {
        return text;
    }
}
