/** The HTTP door: gRPC for clients that have only HTTP/1.1, gRPC-Web, Connect, and pages for people and probes. */
@NullMarked
package io.ipamer.api.http;

import org.jspecify.annotations.NullMarked;
