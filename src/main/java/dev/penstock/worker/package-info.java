/**
 * The worker role. {@link dev.penstock.worker.Worker} starts and stops it; a {@link dev.penstock.worker.ModelServer} serves one model. Its
 * sub-packages follow the way of a record: {@code intake} takes and decodes it, {@code join} adds features, {@code loop} runs it in a batch, {@code reply} answers it.
 * {@code accepted} keeps the records that are not yet answered.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.worker;
