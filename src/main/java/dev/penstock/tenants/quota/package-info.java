/**
 * Quotas: rate limits with token buckets leased from Redis, and a limit of open requests. They hold over all ingresses together.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.tenants.quota;
