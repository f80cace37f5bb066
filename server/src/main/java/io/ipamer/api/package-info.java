/** What both contracts and both doors share: from promises to gRPC answers, and what callers are told of failures. */
@NullMarked
package io.ipamer.api;

import org.jspecify.annotations.NullMarked;
