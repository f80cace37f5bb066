/**
 * IP addresses, CIDR blocks and address ranges of both families: pure values with 128-bit arithmetic.
 *
 * <p>Everything here is immutable, thread-safe and free of I/O; no name is ever resolved. IPv4 and IPv6 are separate
 * worlds: an IPv4-mapped address such as {@code ::ffff:10.0.0.1} is an IPv6 address and equal to, contained in, or
 * overlapping with nothing of IPv4. Text is read and written by the rules of Go's {@code net/netip}, because the
 * clients of go-ipam compare both results and error texts.
 */
@NullMarked
package io.ipamer.address;

import org.jspecify.annotations.NullMarked;
