package io.ipamer.api.http;

import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpMethod;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.server.HttpService;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import org.jspecify.annotations.Nullable;

/** Calls of methods, {@code /package.Service/Method}: what they are written in says which protocol speaks. */
final class Rpcs implements HttpService {
    private static final String TAKEN =
            "application/grpc, application/grpc+proto, application/grpc-web, application/grpc-web+proto";
    private static final String TAKEN_UNARY = "application/json, application/proto, " + TAKEN;

    private final LocalServices services;
    private final Origins origins;
    private final GrpcCalls grpc;
    private final ConnectCalls connect;

    Rpcs(LocalServices services, Origins origins) {
        this.services = services;
        this.origins = origins;
        grpc = new GrpcCalls(services);
        connect = new ConnectCalls(services);
    }

    @Override
    public HttpResponse serve(ServiceRequestContext context, HttpRequest request) {
        String name = context.path().substring(1);
        MethodDescriptor<?, ?> method = services.method(name);
        MediaType type = request.contentType();
        if (request.method() != HttpMethod.POST) {
            return method == null
                    ? HttpResponse.of(HttpStatus.NOT_FOUND)
                    : HttpResponse.of(
                            ResponseHeaders.of(
                                    HttpStatus.METHOD_NOT_ALLOWED,
                                    HttpHeaderNames.ALLOW,
                                    "POST",
                                    HttpHeaderNames.CONTENT_TYPE,
                                    MediaType.PLAIN_TEXT_UTF_8),
                            HttpData.ofUtf8("405 Method Not Allowed: calls are POSTs; /api explains this one\n"));
        }
        if (!origins.admit(request.headers())) {
            return HttpResponse.of(
                    HttpStatus.FORBIDDEN,
                    MediaType.PLAIN_TEXT_UTF_8,
                    "403 Forbidden: pages of this origin may not call; http-origins says which may\n");
        }
        if (GrpcCalls.speaks(type)) {
            HttpResponse response = grpc.call(context, request, name);
            return response == null ? unsupported(method) : response;
        }
        ConnectForm form = ConnectForm.of(type);
        if (method == null) {
            if (form == null) {
                return HttpResponse.of(HttpStatus.NOT_FOUND);
            }
            services.refused(null, Status.Code.UNIMPLEMENTED);
            return ConnectErrors.of(
                    HttpStatus.NOT_FOUND,
                    Status.UNIMPLEMENTED
                            .withDescription("there is no method " + name)
                            .asRuntimeException());
        }
        return form == null || method.getType() != MethodType.UNARY
                ? unsupported(method)
                : connect.call(context, request, form, method);
    }

    private static HttpResponse unsupported(@Nullable MethodDescriptor<?, ?> method) {
        String taken = method == null || method.getType() == MethodType.UNARY ? TAKEN_UNARY : TAKEN;
        return HttpResponse.of(
                ResponseHeaders.of(
                        HttpStatus.UNSUPPORTED_MEDIA_TYPE,
                        "accept-post",
                        taken,
                        HttpHeaderNames.CONTENT_TYPE,
                        MediaType.PLAIN_TEXT_UTF_8),
                HttpData.ofUtf8("415 Unsupported Media Type: the Content-Type must be one of " + taken + "\n"));
    }
}
