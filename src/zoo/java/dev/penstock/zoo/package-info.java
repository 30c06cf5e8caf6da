/**
 * {@code ./penstock zoo}: serves every model of a folder, and compares the answers with ONNX Runtime. What ONNX Runtime answers comes from
 * {@link dev.penstock.zoo.reference}, which uses no code of the service.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.zoo;
