/** Tenants: who sends a request, what it may use, and how much of it. */
@org.jspecify.annotations.NullMarked
package dev.penstock.tenants;
