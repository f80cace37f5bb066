package io.ipamer.bench;

import io.grpc.MethodDescriptor;
import java.util.function.Function;

/**
 * A call to send.
 *
 * @param operation under which name it is measured
 * @param given what its answer says was given, read or created: an address, a CIDR, or "" where it does not matter
 */
public record Call<Q, A>(
        String operation, MethodDescriptor<Q, A> method, Q request, Function<? super A, String> given) {
    /** The same call with another request. */
    Call<Q, A> with(Q other) {
        return new Call<>(operation, method, other, given);
    }

    @SuppressWarnings("unchecked") // the answer of this call's own method
    String givenBy(Object answer) {
        return given.apply((A) answer);
    }
}
