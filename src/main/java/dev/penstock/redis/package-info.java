/** Redis for those who must go on without it. */
@org.jspecify.annotations.NullMarked
package dev.penstock.redis;
