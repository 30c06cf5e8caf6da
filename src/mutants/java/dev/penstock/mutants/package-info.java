/** {@code ./penstock mutants}: plants faults in the code that batches and delivers, and checks that the tests find each. */
@org.jspecify.annotations.NullMarked
package dev.penstock.mutants;
