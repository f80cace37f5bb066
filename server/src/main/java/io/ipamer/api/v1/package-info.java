/** The adapter of {@code ipamer.v1}: reads requests, names the field that is wrong, writes answers. It knows no rule. */
@NullMarked
package io.ipamer.api.v1;

import org.jspecify.annotations.NullMarked;
