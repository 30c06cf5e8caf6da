/**
 * The ingress: REST in front, topics behind. A call is checked against the signature that workers announced, published, and
 * answered when its reply comes: on the ingress's own reply partition for callers that wait, through Redis for those that poll
 * or may come again with an idempotency key. What a caller takes back, workers hear of on a topic.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.ingress;
