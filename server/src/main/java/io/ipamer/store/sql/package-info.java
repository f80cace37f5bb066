/**
 * The store on CockroachDB and PostgreSQL: one SQL text for both. {@link io.ipamer.store.sql.Sql} is all that is ever
 * sent, {@link io.ipamer.store.sql.Flush} turns a plan into it, {@link io.ipamer.store.sql.Dialect} knows where the
 * engines differ and what their errors mean. {@link io.ipamer.store.sql.GroupCommit} puts the plans that wait at the same
 * moment in one transaction.
 *
 * <p>Threading. Two pools, for plans and for reads, of a fixed number of connections with a thread each; what waits for
 * one stands in one queue, so lanes get their turn in the order in which they came, and thousands of idle ones cost
 * nothing. A thread sends, waits for the answer, and completes the promise, upon which the lane goes on there: it answers
 * its callers, plans what has gathered meanwhile, and queues it again. Platform threads do, on every JDK: there are never
 * more than connections.
 */
@NullMarked
package io.ipamer.store.sql;

import org.jspecify.annotations.NullMarked;
