/**
 * The local stack: a real broker and a real Redis, started by the service's own JVM, for laptops, demos and tests. Imports only the command
 * line: it meets the service only through configuration. The production package does not contain it.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.local;
