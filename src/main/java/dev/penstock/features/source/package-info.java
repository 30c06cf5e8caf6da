/**
 * Feature sources: a Feast feature server or a SQL database. A guard gives each a timeout, a circuit breaker and a retry budget.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.features.source;
