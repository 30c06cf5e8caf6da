/** Sessions elsewhere: a centre runs the batches, by the Open Inference Protocol. */
@org.jspecify.annotations.NullMarked
package dev.penstock.model.remote;
