package io.ipamer.it.conformance;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Optional;

/**
 * A channel for stubs that block: a call is made, and waited for, in the thread that makes it. It carries one message
 * there and one back, and a deadline; no metadata.
 */
abstract class UnaryChannel extends Channel implements Transport.Connection {
    /**
     * The answer.
     *
     * @throws StatusException when the server refuses
     * @throws InterruptedIOException when the deadline passes before there is an answer
     */
    abstract <Q, A> A exchange(MethodDescriptor<Q, A> method, Optional<Deadline> deadline, Q request)
            throws StatusException, IOException;

    @Override
    public Channel channel() {
        return this;
    }

    @Override
    public <Q, A> ClientCall<Q, A> newCall(MethodDescriptor<Q, A> method, CallOptions options) {
        return new ClientCall<>() {
            private Listener<A> listener;
            private Q request;
            private boolean closed;

            @Override
            public void start(Listener<A> answers, Metadata headers) {
                listener = answers;
            }

            @Override
            public void request(int messages) {}

            @Override
            public void sendMessage(Q message) {
                request = message;
            }

            @Override
            public void halfClose() {
                Optional<Deadline> deadline = Optional.ofNullable(options.getDeadline());
                if (deadline.filter(Deadline::isExpired).isPresent()) {
                    close(Status.DEADLINE_EXCEEDED);
                    return;
                }
                try {
                    A answer = exchange(method, deadline, request);
                    listener.onHeaders(new Metadata());
                    listener.onMessage(answer);
                    close(Status.OK);
                } catch (StatusException refused) {
                    close(refused.getStatus());
                } catch (InterruptedIOException late) {
                    close(Status.DEADLINE_EXCEEDED.withCause(late));
                } catch (IOException broken) {
                    close(Status.UNAVAILABLE.withDescription(broken.toString()).withCause(broken));
                }
            }

            @Override
            public void cancel(String message, Throwable cause) {
                if (!closed) {
                    close(Status.CANCELLED.withDescription(message).withCause(cause));
                }
            }

            private void close(Status status) {
                closed = true;
                listener.onClose(status, new Metadata());
            }
        };
    }
}
