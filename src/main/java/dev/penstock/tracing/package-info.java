/**
 * Traces: one for each request, from the HTTP call or the foreign record to the reply. The only place that knows OpenTelemetry. Where tracing
 * is off, and for requests that are not sampled, there are no spans, and every method does nothing.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.tracing;
