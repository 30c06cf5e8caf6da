/**
 * The REST door: resources, filters, limits on headers and bodies, and answers. The only package with JAX-RS and Vert.x HTTP.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.ingress.http;
