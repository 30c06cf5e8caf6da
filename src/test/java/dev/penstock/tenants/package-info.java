/** Tests of quotas. */
@org.jspecify.annotations.NullMarked
package dev.penstock.tenants;
