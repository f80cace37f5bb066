/** The gRPC door: a Netty server with its limits, health and reflection. It is handed services and knows no rule. */
@NullMarked
package io.ipamer.api.grpc;

import org.jspecify.annotations.NullMarked;
