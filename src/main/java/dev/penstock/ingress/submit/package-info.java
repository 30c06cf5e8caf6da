/**
 * Submission: admitted requests are published to Kafka without blocking an event loop; synchronous calls wait here for their replies.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.ingress.submit;
