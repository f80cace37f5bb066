/**
 * The store on CockroachDB and PostgreSQL: one SQL text for both. {@link io.ipamer.store.sql.Sql} is all that is ever
 * sent, {@link io.ipamer.store.sql.Flush} turns a plan into it, {@link io.ipamer.store.sql.Dialect} knows where the
 * engines differ and what their errors mean.
 */
@NullMarked
package io.ipamer.store.sql;

import org.jspecify.annotations.NullMarked;
