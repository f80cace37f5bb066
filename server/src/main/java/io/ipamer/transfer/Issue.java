package io.ipamer.transfer;

import io.ipamer.model.Reason;

/**
 * Something in a text that could not stand as it was.
 *
 * @param line from 1; of go-ipam's dump where the element begins
 * @param mended false when it was refused
 */
public record Issue(long line, boolean mended, Reason reason, String message) {}
