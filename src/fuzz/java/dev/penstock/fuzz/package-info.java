/**
 * Fuzzes all code that reads untrusted bytes: the targets, their properties, and the command {@code ./penstock fuzz}. The corpus is in
 * {@code src/test/resources/fuzz}.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.fuzz;
