/**
 * Quotas: token buckets leased from Redis, and the places of open requests. They hold over all ingresses together.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.tenants.quota;
