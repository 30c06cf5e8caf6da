/**
 * Sessions of ONNX Runtime. No other package imports it.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.model.onnx;
