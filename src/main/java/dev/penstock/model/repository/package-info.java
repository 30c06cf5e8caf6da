/**
 * The folder of models: finds them, refuses the broken ones by name and reason, loads and warms up the others.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.model.repository;
