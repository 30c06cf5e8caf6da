/**
 * The place of each record in the log, from poll to commit. An offset is committed only after its reply is safe.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.worker.offsets;
