/**
 * The port to whatever keeps the data: views and lists are read, plans are committed, and there is no other way to
 * write. A store never blocks its caller; what it promises is completed on its own threads, or at once.
 */
@NullMarked
package io.ipamer.store;

import org.jspecify.annotations.NullMarked;
