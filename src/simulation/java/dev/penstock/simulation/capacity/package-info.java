/** The capacity planner of {@code ./penstock simulate capacity}, and the costs that it and the simulation of autoscalers take. */
@org.jspecify.annotations.NullMarked
package dev.penstock.simulation.capacity;
