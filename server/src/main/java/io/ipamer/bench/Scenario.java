package io.ipamer.bench;

/** What the callers do. */
public enum Scenario {
    /** Each call takes the next free address of a prefix. */
    ACQUIRE("acquire"),
    /** Each caller takes an address and gives it back, in turn. */
    ACQUIRE_RELEASE("acquire-release"),
    /** Each call takes a /64 out of a /32. */
    CHILD("child"),
    /** Each call creates a top-level /64. */
    CREATE_PREFIX("create-prefix"),
    /** Each call reads a prefix. */
    READ("read"),
    /** As acquire-release, on a prefix that already gave 10, 100, 1,000 and so on addresses. */
    FILL("fill");

    private final String text;

    Scenario(String text) {
        this.text = text;
    }

    /** As it is written on the command line. */
    @Override
    public String toString() {
        return text;
    }
}
