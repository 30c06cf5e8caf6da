/**
 * Reads and checks ONNX files without ONNX Runtime: signature, symbolic shapes, unsafe content.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.model.graph;
