/** {@code ./penstock mutants}: are the tests of the batcher worth their name? */
@org.jspecify.annotations.NullMarked
package dev.penstock.mutants;
