/**
 * The ingress role. {@link dev.penstock.ingress.Ingress} starts and stops it. Its sub-packages follow the way of a call: {@code http}
 * takes it, {@code call} checks it, {@code gate} admits it, {@code submit} publishes it, {@code outcomes} keeps and finds its outcome.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.ingress;
