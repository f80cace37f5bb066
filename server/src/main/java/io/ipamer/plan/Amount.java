package io.ipamer.plan;

/** How many there are of something, in sentences. */
public final class Amount {
    private Amount() {}

    public static String of(long count, String one, String more) {
        return count + " " + (count == 1 ? one : more);
    }
}
