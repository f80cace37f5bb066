package io.ipamer.client;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Shows a token with every call. */
final class Authorization implements ClientInterceptor {
    private static final Metadata.Key<String> HEADER =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    private final Supplier<String> token;

    Authorization(Supplier<String> token) {
        this.token = token;
    }

    /** Refuses what cannot be sent as it is, without showing it: gRPC would log it and leave it out. */
    static String require(@Nullable String token) {
        if (token == null || token.isEmpty() || !token.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
            throw new IllegalArgumentException(
                    "token must be printable ASCII without spaces and line breaks, and not empty");
        }
        return token;
    }

    @Override
    public <Q, A> ClientCall<Q, A> interceptCall(MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
        return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
            @Override
            public void start(Listener<A> answers, Metadata headers) {
                headers.put(HEADER, "Bearer " + require(token.get()));
                super.start(answers, headers);
            }
        };
    }
}
