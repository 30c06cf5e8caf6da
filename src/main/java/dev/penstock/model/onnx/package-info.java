/**
 * Sessions on ONNX Runtime. The only package that imports it.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.model.onnx;
