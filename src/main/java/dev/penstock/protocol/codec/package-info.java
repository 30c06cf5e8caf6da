/**
 * The JSON form and the binary form of the protocol: readers, writers, and limits on input. Invalid input causes an
 * {@link dev.penstock.protocol.InvalidRequestException} that names the field and the rule.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.protocol.codec;
