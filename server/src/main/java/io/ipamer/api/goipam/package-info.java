/** The adapter of go-ipam's {@code api.v1}: its codes, its sentences, its ways of normalising. It knows no rule. */
@NullMarked
package io.ipamer.api.goipam;

import org.jspecify.annotations.NullMarked;
