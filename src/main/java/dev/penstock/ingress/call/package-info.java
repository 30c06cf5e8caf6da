/**
 * A call and its check: the catalogue of models that workers announced, request ids, and refusals.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.ingress.call;
