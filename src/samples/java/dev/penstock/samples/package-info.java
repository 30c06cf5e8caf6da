/**
 * The sample models: {@code digits}, trained here on a table that lies in the repository, and {@code minilm}, fetched. Commands for
 * people and the tests that hold them to what they promise; nothing of it is in the product.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.samples;
