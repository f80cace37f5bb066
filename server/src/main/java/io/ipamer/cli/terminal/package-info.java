/** What commands draw on: the terminal or file that they write to, tables, progress bars, maps of prefixes. */
@NullMarked
package io.ipamer.cli.terminal;

import org.jspecify.annotations.NullMarked;
