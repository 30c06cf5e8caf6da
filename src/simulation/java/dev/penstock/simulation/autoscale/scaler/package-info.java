/** The algorithms that decide how many workers there are: HPA's, KEDA's, the recipe's script, and the recording rule that an HPA reads. */
@org.jspecify.annotations.NullMarked
package dev.penstock.simulation.autoscale.scaler;
