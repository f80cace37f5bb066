package io.ipamer.api.http;

import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import com.linecorp.armeria.server.SimpleDecoratingHttpService;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Calls of the contracts' methods: what they are written in says which protocol speaks. */
final class Rpcs extends SimpleDecoratingHttpService {
    private static final String GRPC = "application/grpc";
    private static final String TAKEN = "application/grpc, application/grpc+proto, application/grpc-web,"
            + " application/grpc-web+proto, application/grpc-web-text, application/grpc-web-text+proto";
    private static final String TAKEN_UNARY = "application/json, application/proto, " + TAKEN;

    private final Map<String, MethodDescriptor<?, ?>> methods;
    private final ConnectCalls connect;

    /**
     * {@code framed}: gRPC and gRPC-Web.
     *
     * @param methods by path
     */
    Rpcs(HttpService framed, Map<String, MethodDescriptor<?, ?>> methods, ConnectCalls connect) {
        super(framed);
        this.methods = methods;
        this.connect = connect;
    }

    @Override
    public HttpResponse serve(ServiceRequestContext context, HttpRequest request) throws Exception {
        if (request.method() != HttpMethod.POST) {
            return HttpResponse.of(ResponseHeaders.of(HttpStatus.METHOD_NOT_ALLOWED, HttpHeaderNames.ALLOW, "POST"));
        }
        MethodDescriptor<?, ?> method = methods.get(context.path());
        if (method == null) {
            return unwrap().serve(context, request);
        }
        boolean unary = method.getType() == MethodType.UNARY;
        MediaType type = request.contentType();
        ConnectForm form = unary ? ConnectForm.of(type) : null;
        if (form != null) {
            return connect.call(context, request, form, method);
        }
        if (isGrpc(type)) {
            return unwrap().serve(context, request);
        }
        return HttpResponse.of(
                ResponseHeaders.of(HttpStatus.UNSUPPORTED_MEDIA_TYPE, "accept-post", unary ? TAKEN_UNARY : TAKEN));
    }

    static boolean isGrpc(@Nullable MediaType type) {
        return type != null && (type.type() + "/" + type.subtype()).startsWith(GRPC);
    }
}
