/**
 * The load generator: drives any server that speaks {@code ipamer.v1} or go-ipam's {@code api.v1}, checks its answers
 * while it measures, and reports.
 *
 * <p>It shares the machine with what it measures, so it must cost little. There is no thread per caller: a {@link
 * io.ipamer.bench.Load.Caller} is a listener that sends its next call from the callback that ended the one before, on
 * Netty's thread. Requests that do not differ are built once. What is held is a bit per address.
 */
@NullMarked
package io.ipamer.bench;

import org.jspecify.annotations.NullMarked;
