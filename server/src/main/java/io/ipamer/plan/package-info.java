/**
 * The rules, as functions without I/O: from a view of one scope and a batch of calls to their answers and a plan, which
 * is data that a store writes whole or not at all.
 *
 * <pre>
 *   {@link io.ipamer.plan.Planner}  (View, List&lt;Submission&gt;) -> Planned: decisions and a Plan, or the reads that it lacks
 *   {@link io.ipamer.plan.Call}     one rule a class: what a call does to a view
 *   {@link io.ipamer.plan.View}     what is known of a scope at one revision, and what the calls so far changed
 *   {@link io.ipamer.plan.Plan}     for each scope its expected revision and the rows to delete, change and insert
 * </pre>
 */
@NullMarked
package io.ipamer.plan;

import org.jspecify.annotations.NullMarked;
