/** The commands of {@code ipamer}. */
@NullMarked
package io.ipamer.cli;

import org.jspecify.annotations.NullMarked;
