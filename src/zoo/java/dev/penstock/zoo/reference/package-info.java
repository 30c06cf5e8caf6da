/**
 * What ONNX Runtime itself answers: requests for a model, from its test data or made up, and the outputs of direct runs. Runs in a process
 * of its own, since a model may crash it. Uses no code of the service, so that a mistake there cannot hide itself.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.zoo.reference;
