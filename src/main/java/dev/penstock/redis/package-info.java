/** Access to Redis for callers that must keep working without it. */
@org.jspecify.annotations.NullMarked
package dev.penstock.redis;
