package io.ipamer.bench;

import java.util.Iterator;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What one caller does, call by call. Used by one thread at a time, each after the other. */
public interface Script {
    /** The next call; null when there is nothing left to do. */
    @Nullable
    Call<?, ?> next();

    /**
     * The last call succeeded.
     *
     * @param given what it gave, see {@link Call#given}
     * @throws WrongAnswerException if that cannot be
     */
    void answered(String given);

    /** The last call failed; whether it had an effect is not known. */
    default void failed() {}

    /** A script that calls what is next, however many callers share the source, and hands on what is given. */
    static Script working(Iterator<? extends Call<?, ?>> source, Consumer<String> given) {
        return new Script() {
            @Override
            public @Nullable Call<?, ?> next() {
                synchronized (source) {
                    return source.hasNext() ? source.next() : null;
                }
            }

            @Override
            public void answered(String answer) {
                given.accept(answer);
            }
        };
    }
}
