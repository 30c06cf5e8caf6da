/**
 * The vocabulary of the Open Inference Protocol v2: tensors, shapes, datatypes, signatures, requests, responses, lanes and problems.
 * Imports nothing else of ours.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.protocol;
