/**
 * What travels: tensors, requests, responses, outcomes, request ids and deadlines; the JSON and the binary codec of the Open
 * Inference Protocol v2; record headers. Imports nothing else of ours; ingress and worker meet only through it.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.protocol;
