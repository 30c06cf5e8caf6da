/**
 * The sample models. {@code digits} and {@code churn} are trained here on tables in the repository; {@code minilm} is downloaded. The
 * package holds the commands that build them. It is not part of the product.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.samples;
