/**
 * The sources of features, a Feast server or a database, each behind a guard with a time limit and a retry budget.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.features.source;
