/**
 * Tenants: their identity, their models and lanes, and the file that declares them.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.tenants;
