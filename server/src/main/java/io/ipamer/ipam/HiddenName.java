package io.ipamer.ipam;

import io.ipamer.model.Namespace;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * What a hidden namespace is called: by whom it is kept, and until when. Whoever is at it gives it a new name before that
 * time; what is called by a time that has passed belongs to nobody, and anybody may remove it.
 *
 * @param use what for
 * @param until in seconds since 1970
 * @param id so that no two are alike
 */
record HiddenName(Use use, long until, UUID id) {
    /** As long as nobody gives it a new name. */
    static final long KEPT_SECONDS = TimeUnit.MINUTES.toSeconds(10);

    enum Use {
        /** It is being filled. */
        IMPORT,
        /** It is being emptied, to be removed. */
        GONE
    }

    static HiddenName of(Use use, Surroundings surroundings) {
        return new HiddenName(
                use, seconds(surroundings) + KEPT_SECONDS, surroundings.ids().get());
    }

    /** Empty for a name that another version has made up. */
    static Optional<HiddenName> of(Namespace namespace) {
        String[] words = namespace.name().substring(1).split(" ", -1);
        try {
            return words.length == 3
                    ? Optional.of(
                            new HiddenName(Use.valueOf(words[0]), Long.parseLong(words[1]), UUID.fromString(words[2])))
                    : Optional.empty();
        } catch (IllegalArgumentException unknown) {
            return Optional.empty();
        }
    }

    boolean isExpired(Surroundings surroundings) {
        return until < seconds(surroundings);
    }

    private static long seconds(Surroundings surroundings) {
        return TimeUnit.MILLISECONDS.toSeconds(surroundings.timeOfDay().getAsLong());
    }

    String text() {
        return Namespace.HIDDEN + use.name() + " " + until + " " + id;
    }
}
