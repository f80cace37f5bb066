package io.ipamer.api.http;

import com.linecorp.armeria.common.ContentTooLargeException;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;

/** A call of gRPC: what comes of the request goes to the service, what comes of the service goes to the answer. */
final class GrpcConversation extends ClientCall.Listener<byte[]> implements Subscriber<byte[]> {
    private final ServiceRequestContext context;
    private final MethodDescriptor<byte[], byte[]> method;
    private final ClientCall<byte[], byte[]> call;
    private final GrpcAnswer answer;
    private boolean begun;
    private boolean cancelled;
    private @Nullable Subscription request;
    private boolean waiting;

    GrpcConversation(
            ServiceRequestContext context,
            MethodDescriptor<byte[], byte[]> method,
            ClientCall<byte[], byte[]> call,
            GrpcAnswer answer) {
        this.context = context;
        this.method = method;
        this.call = call;
        this.answer = answer;
    }

    @Override
    public void onSubscribe(Subscription subscription) {
        synchronized (this) {
            request = subscription;
        }
        subscription.request(1);
    }

    @Override
    public void onNext(byte[] message) {
        if (cancelled) {
            return;
        }
        if (begun && method.getType().clientSendsOneMessage()) {
            onError(notOne("a second came"));
            return;
        }
        begun = true;
        call.sendMessage(message);
        next(true);
    }

    @Override
    public void onReady() {
        next(false);
    }

    /** One message at a time, and only when the service is ready for it. */
    private void next(boolean came) {
        Subscription more;
        synchronized (this) {
            waiting |= came;
            if (!waiting || request == null || !call.isReady()) {
                return;
            }
            waiting = false;
            more = request;
        }
        more.request(1);
    }

    @Override
    public void onComplete() {
        context.clearRequestTimeout(); // which was for the request to come; for the answer there is the deadline
        if (cancelled) {
            return;
        }
        if (!begun && method.getType().clientSendsOneMessage()) {
            onError(notOne("none came"));
            return;
        }
        call.halfClose();
    }

    private StatusRuntimeException notOne(String came) {
        return Status.UNIMPLEMENTED
                .withDescription(method.getFullMethodName() + " takes one message; " + came)
                .asRuntimeException();
    }

    @Override
    public void onError(Throwable failure) {
        StatusRuntimeException refusal = failure instanceof StatusRuntimeException refused
                ? refused
                : failure instanceof ContentTooLargeException
                        ? Gzip.tooLarge()
                        : Status.CANCELLED.withDescription("the caller left").asRuntimeException();
        answer.end(refusal.getStatus(), new Metadata());
        cancel("the request cannot be read", failure);
    }

    /** In the request's event loop, as all that comes of the request: gRPC takes nothing more of it afterwards. */
    void cancel(String why, Throwable cause) {
        if (context.eventLoop().inEventLoop()) {
            cancelled = true;
            call.cancel(why, cause);
        } else {
            context.eventLoop().execute(() -> cancel(why, cause));
        }
    }

    @Override
    public void onMessage(byte[] message) {
        answer.message(message);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
        answer.end(Failures.inOurWords(status, trailers), trailers);
    }
}
