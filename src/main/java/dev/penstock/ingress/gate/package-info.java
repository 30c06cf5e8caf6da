/**
 * Admission: a call is let in only if its predicted wait fits its deadline and its tenant's quota has room for it.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.ingress.gate;
