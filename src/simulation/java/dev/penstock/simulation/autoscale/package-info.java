/**
 * Simulates autoscalers over a day: the algorithms of HPA and KEDA, the recording rules that they read, the start of workers, and a fluid
 * model of what the workers serve. docs/adr/0044 says why it is a fluid model, and FluidServiceTest holds it to the simulation request by
 * request.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.simulation.autoscale;
