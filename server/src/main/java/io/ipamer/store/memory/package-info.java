/** The store that forgets everything at exit: tests, trying things out, and the measure for all others. */
@NullMarked
package io.ipamer.store.memory;

import org.jspecify.annotations.NullMarked;
