/** {@code ./penstock mutants}: plants faults in the batcher and in the worker, and checks that the tests find each. */
@org.jspecify.annotations.NullMarked
package dev.penstock.mutants;
