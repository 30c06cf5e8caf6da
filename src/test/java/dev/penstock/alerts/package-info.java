/** The alerts and the dashboard in {@code kubernetes/monitoring/}. */
@org.jspecify.annotations.NullMarked
package dev.penstock.alerts;
