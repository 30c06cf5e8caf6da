/**
 * Reads and checks an ONNX file without the runtime: signature, symbolic shapes, unsafe content.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.model.graph;
