/**
 * Which part of the service is the bottleneck, by two looks at its metrics. {@link dev.penstock.diagnosis.Diagnosis#of} decides without
 * I/O and clock. Imports the JDK only: the launcher compiles it with the command line, and the console shows the same verdict.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.diagnosis;
