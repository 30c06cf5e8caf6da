/**
 * What HTTP itself asks of a server, whatever it serves: dates, methods, calls from pages of other origins, addresses behind a proxy, and names
 * of bodies.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.ingress.web;
