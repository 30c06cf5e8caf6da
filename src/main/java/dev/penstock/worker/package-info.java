/**
 * The worker: consumes requests, batches them, runs them, replies, and commits once the replies are acknowledged. What was taken
 * back meanwhile, see {@link dev.penstock.worker.Cancellations}, does not run. {@link
 * dev.penstock.worker.WorkerLoop} is the heart, a duty cycle that decides nothing itself: the batcher does.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.worker;
