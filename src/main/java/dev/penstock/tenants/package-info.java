/**
 * Tenants: the file that declares them, the authentication of callers, and the models and lanes that a tenant may use.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.tenants;
