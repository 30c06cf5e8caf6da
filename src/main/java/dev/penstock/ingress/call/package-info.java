/**
 * Calls and their checks: the catalogue of models that workers announced, request ids, and problems.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.ingress.call;
