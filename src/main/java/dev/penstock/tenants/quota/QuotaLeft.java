package dev.penstock.tenants.quota;

/** What is left of a quota's buckets, as far as this ingress knows. */
public record QuotaLeft(long requests, long rows) {}
