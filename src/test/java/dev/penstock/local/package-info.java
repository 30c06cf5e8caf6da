/** Tests of the local stack. */
@org.jspecify.annotations.NullMarked
package dev.penstock.local;
