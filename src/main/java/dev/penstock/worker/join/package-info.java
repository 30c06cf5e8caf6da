/**
 * Features: looks up the entities of a request and adds the values to its inputs.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.worker.join;
