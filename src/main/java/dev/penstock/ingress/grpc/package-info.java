/**
 * The Open Inference Protocol over gRPC ({@code inference.GRPCInferenceService}), on the port of HTTP. {@link
 * dev.penstock.ingress.grpc.InferenceService} is its root. A call is translated into the binary form of the protocol, and then goes the way
 * of a call over REST: the filters of {@code ingress.http}, and the same checks, gate and publisher.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.ingress.grpc;
