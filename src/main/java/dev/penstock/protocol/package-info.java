/**
 * The vocabulary of the Open Inference Protocol v2: tensors, shapes, datatypes, signatures, requests, responses, lanes and problems.
 * Imports no other Penstock package.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.protocol;
