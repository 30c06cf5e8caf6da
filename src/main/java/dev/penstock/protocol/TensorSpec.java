package dev.penstock.protocol;

/** The declaration of one input or output of a model. A request chooses the {@link Shape#VARIABLE} dimensions. */
public record TensorSpec(String name, Datatype datatype, Shape shape) {}
