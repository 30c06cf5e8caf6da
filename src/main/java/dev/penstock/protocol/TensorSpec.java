package dev.penstock.protocol;

/** What a model declares of one input or output; {@link Shape#VARIABLE} dimensions are the request's to choose. */
public record TensorSpec(String name, Datatype datatype, Shape shape) {}
