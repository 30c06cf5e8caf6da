/**
 * The duty cycle: takes tasks, asks the batcher, starts runs, settles results. Has no Kafka and no clock; {@link
 * dev.penstock.worker.loop.WorkerLoop} is the heart of the worker.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.worker.loop;
