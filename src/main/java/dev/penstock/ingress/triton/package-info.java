/** Triton's extensions of the protocol over REST: configuration, statistics, and plain refusals of what this service has not. */
@org.jspecify.annotations.NullMarked
package dev.penstock.ingress.triton;
