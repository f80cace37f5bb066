package io.ipamer.client;

/** What a call of many steps has done so far. */
interface Steps<S extends Steps<S>> {
    /** Whether it must be called again. */
    boolean unfinished();

    /** Together with what the next call did. */
    S and(S next);

    /** Of a step that is not the first: what it was about is gone, as others finished it or the server did by itself. */
    static boolean somebodyElseWasFaster(IpamerException refusal) {
        return switch (refusal.reason()) {
            case NAMESPACE_NOT_FOUND, PREFIX_NOT_FOUND, PREFIX_ID_MISMATCH -> true;
            default -> false;
        };
    }

    /**
     * Of a delete with everything inside.
     *
     * @param done so far
     */
    record Deleting(ForcedDelete done, boolean unfinished) implements Steps<Deleting> {
        @Override
        public Deleting and(Deleting next) {
            return new Deleting(
                    new ForcedDelete(
                            next.done.prefix(),
                            done.deletedPrefixes() + next.done.deletedPrefixes(),
                            done.releasedIps() + next.done.releasedIps()),
                    next.unfinished);
        }
    }

    /** Of a release of all that an owner has. */
    record Releasing(long ips, boolean unfinished) implements Steps<Releasing> {
        @Override
        public Releasing and(Releasing next) {
            return new Releasing(ips + next.ips, next.unfinished);
        }
    }
}
