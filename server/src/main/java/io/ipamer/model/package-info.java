/** What the service talks about, as values: namespaces, prefixes, allocations, usage, and the one exception with its reason. */
@NullMarked
package io.ipamer.model;

import org.jspecify.annotations.NullMarked;
