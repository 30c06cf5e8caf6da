/**
 * Admission control: a request is admitted only if its tenant's quota has room for it and its predicted wait fits its deadline.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.ingress.gate;
