package io.ipamer.client;

import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One call: what is sent, also when it is sent again, and how its answer is read.
 *
 * @param requestId empty if the call changes nothing
 */
record Operation<Q, A, T>(MethodDescriptor<Q, A> method, Q request, String requestId, Function<A, T> reader) {
    /** A server of another version may answer what this client cannot read. */
    T read(@Nullable A answer) {
        try {
            if (answer == null) {
                throw new IllegalArgumentException("it is empty");
            }
            return reader.apply(answer);
        } catch (RuntimeException unreadable) {
            throw IpamerException.of(
                    Status.INTERNAL
                            .withDescription("the server's answer cannot be read: " + unreadable.getMessage())
                            .withCause(unreadable)
                            .asRuntimeException(),
                    requestId,
                    null);
        }
    }
}
