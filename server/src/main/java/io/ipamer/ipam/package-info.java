/**
 * The use cases, and the lanes that carry their calls to the store.
 *
 * <p>Threading. A use case runs on its caller's thread up to the lane of the scope that it concerns, and returns a
 * promise. A lane is a queue and a view; it carries one batch at a time: it takes half of the calls in circulation,
 * plans, commits, answers. Whoever finds a lane idle carries the first batch on its own thread; others only leave
 * their calls in the queue. The lane never blocks: where a store answers later, the lane goes on upon that answer,
 * on the store's thread. After a number of batches it moves to the executor, so that no caller's thread is kept for
 * long. Lanes share nothing, so they run side by side; two lanes for one scope, here or in another process, are put
 * in order by the guard of each plan. Nothing waits, nothing sleeps, and no lock is held while a plan is made or
 * committed.
 *
 * <p>Two kinds of calls are more than one plan. Those that take things back in bulk (OwnerRelease, ForcedDelete) and
 * imports are many calls, which may stop anywhere and go on. An export is one read that goes on and on: it alone keeps a
 * thread of the store waiting, for its caller, and no longer than {@link io.ipamer.store.Store#scan} allows.
 */
@NullMarked
package io.ipamer.ipam;

import org.jspecify.annotations.NullMarked;
