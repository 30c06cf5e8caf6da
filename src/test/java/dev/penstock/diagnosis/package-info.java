/** The verdicts on made-up figures. The service tests have real ones. */
@org.jspecify.annotations.NullMarked
package dev.penstock.diagnosis;
