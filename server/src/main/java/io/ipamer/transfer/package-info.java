/** Whole address plans as text: go-ipam's dump, read and written. */
@NullMarked
package io.ipamer.transfer;

import org.jspecify.annotations.NullMarked;
