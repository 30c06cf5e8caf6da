/**
 * Simulates whole workers on a simulated Kafka, with faults. Everything between consumer and producer is the code of production: intake,
 * rules, decoding, loop, replies. A seed decides all that happens, in a virtual time.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.simulation.faults;
