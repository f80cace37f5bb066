package io.ipamer.plan;

import io.ipamer.model.Answer;
import io.ipamer.model.IpamerException;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One thing that a caller wants of a scope; each kind holds its rule. */
public sealed interface Call<A extends Answer>
        permits CreateNamespace,
                DeleteNamespace,
                CreatePrefix,
                DeletePrefix,
                AcquireChildPrefix,
                UpdatePrefix,
                ClosePrefix,
                AcquireAddresses,
                ReleaseAddresses,
                ReleaseOwned,
                KeepReleaseCount,
                ClearAddresses,
                UpdateAddress,
                LoadContent,
                RenameNamespace,
                RevealNamespace {
    /**
     * Decides on this call and changes the view accordingly; a refused call changes nothing.
     *
     * @param ids gives a new id for whatever is created
     * @throws IpamerException when it is refused
     */
    A decide(View view, Supplier<UUID> ids);

    /** About how many rows it changes; bounds a batch. */
    default int weight() {
        return 1;
    }

    /** Whether its answer hands something out, rather than taking it back. */
    default boolean gives() {
        return true;
    }

    /** Whether calls like it come to the same scope again and again, so that what is known of it is worth keeping. */
    default boolean recurs() {
        return true;
    }

    /** What it will ask of another scope, which no view keeps; null when it only looks at its own. */
    default @Nullable Read readsAtOnce() {
        return null;
    }
}
