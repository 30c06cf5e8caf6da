/**
 * The model repository. Scans the folder, refuses broken models with a reason, and loads and warms up the others.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.model.repository;
