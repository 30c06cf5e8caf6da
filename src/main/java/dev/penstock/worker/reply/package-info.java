/**
 * Answers: replies, dead letters, announcements, and the cancellations that stop a request before it runs.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.worker.reply;
