/** The embedded PostgreSQL: unpacked, started on a folder of its own, and stopped with the program. */
@NullMarked
package io.ipamer.store.embedded;

import org.jspecify.annotations.NullMarked;
