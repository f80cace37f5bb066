/**
 * The Java client of Ipamer: {@link io.ipamer.client.Ipamer} is what can be asked, {@link
 * io.ipamer.client.IpamerClient} asks it over a connection.
 *
 * <p>All values are immutable, and so are clients and their views: they may be shared by any number of threads. No
 * argument may be null ({@link java.lang.NullPointerException} with its name). What the server refuses, and what fails
 * on the way, is an {@link io.ipamer.client.IpamerException}.
 *
 * <p>Addresses and CIDRs are text, canonical in answers: IPv6 as in RFC 5952.
 */
@NullMarked
package io.ipamer.client;

import org.jspecify.annotations.NullMarked;
