/** The program as a whole: its settings, and which parts it is put together from. */
@NullMarked
package io.ipamer.app;

import org.jspecify.annotations.NullMarked;
