package io.ipamer.client;

import io.grpc.MethodDescriptor;
import java.util.function.Function;

/**
 * One call: what is sent, also when it is sent again, and how its answer is read.
 *
 * @param requestId empty if the call changes nothing
 */
record Operation<Q, A, T>(MethodDescriptor<Q, A> method, Q request, String requestId, Function<A, T> reader) {}
