/**
 * The REST API: resources, filters, limits on headers and bodies, and responses. Only this package of the ingress uses JAX-RS and Vert.x
 * HTTP.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.ingress.http;
