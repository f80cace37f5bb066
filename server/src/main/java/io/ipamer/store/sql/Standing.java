package io.ipamer.store.sql;

/** How a database was found. {@code text}: what it says of itself when it is fit, else why it is not. */
record Standing(Kind kind, String text) {
    enum Kind {
        /** It can be worked with. */
        FIT,
        /** It cannot be reached: time helps. */
        AWAY,
        /** It is there, but not ready: time helps, or somebody who is at it. */
        UNREADY,
        /** It refuses what is asked of it: the settings must be others, or its rights. */
        DENIED,
        /** What it holds is not for this program. */
        FOREIGN
    }

    /** As long as it is so, somebody works on it. */
    static final Standing CHANGING = unready("another server is changing its schema");

    static Standing away(String why) {
        return new Standing(Kind.AWAY, why);
    }

    static Standing unready(String why) {
        return new Standing(Kind.UNREADY, why);
    }

    static Standing foreign(String why) {
        return new Standing(Kind.FOREIGN, why);
    }

    /** Of a database in which somebody else has a table of that name. */
    static Standing foreignTable(String name) {
        return foreign("it has a table " + name + " that is not Ipamer's: name a database for Ipamer alone, or a"
                + " schema in it with the parameter options=-c%20search_path=NAME");
    }

    boolean isFit() {
        return kind == Kind.FIT;
    }

    /** Whether callers may read the text: the driver's words never leave the process. */
    boolean isInOurWords() {
        return kind == Kind.UNREADY || kind == Kind.FOREIGN;
    }

    boolean mayBecomeFit() {
        return kind == Kind.AWAY || kind == Kind.UNREADY;
    }

    /** Of a fit one: its name and version, without where and how it was built. */
    String engine() {
        return text.split(" on |,| \\(", 2)[0];
    }
}
