/** Whole namespaces as text, in and out: our own lines of JSON, and go-ipam's dump. */
@NullMarked
package io.ipamer.transfer;

import org.jspecify.annotations.NullMarked;
