/**
 * The ingress: REST in front, topics behind. A call is checked against the signature that workers announced, published, and
 * answered when its reply comes: on the ingress's own reply partition for callers that wait, through Redis for those that poll.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.ingress;
