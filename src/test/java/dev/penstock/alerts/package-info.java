/** The alerts and the dashboard in {@code monitoring/}. */
@org.jspecify.annotations.NullMarked
package dev.penstock.alerts;
