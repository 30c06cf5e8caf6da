/**
 * Publishing: requests go to Kafka without blocking an event loop; synchronous callers wait here for their replies.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.ingress.submit;
