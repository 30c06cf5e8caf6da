/**
 * Models: the folder they lie in, what is checked before one is trusted, their configuration, and sessions that run them on ONNX
 * Runtime. Imports only {@code protocol}. A model that cannot be served is refused by name and reason; it never stops the others.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.model;
