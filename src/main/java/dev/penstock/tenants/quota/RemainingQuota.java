package dev.penstock.tenants.quota;

/** The tokens left in a quota's buckets, as this ingress last knew. */
public record RemainingQuota(long requests, long rows) {}
