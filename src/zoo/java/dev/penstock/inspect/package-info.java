/** {@code ./penstock models inspect}: says of a model how it would be served, why, and what would make it better. */
@org.jspecify.annotations.NullMarked
package dev.penstock.inspect;
