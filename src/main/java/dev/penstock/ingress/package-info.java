/**
 * The ingress role. {@link dev.penstock.ingress.Ingress} starts and stops it. Its sub-packages follow a call: {@code http} reads it,
 * {@code call} checks it, {@code gate} admits it, {@code submit} publishes it, and {@code outcomes} finds its outcome.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.ingress;
