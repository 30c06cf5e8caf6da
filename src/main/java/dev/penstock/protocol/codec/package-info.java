/**
 * The JSON form and the binary form of the protocol: readers, writers, and the limits on what is read. Bad input ends in an
 * {@link dev.penstock.protocol.InvalidRequestException} that names the field and the rule.
 */
@org.jspecify.annotations.NullMarked
package dev.penstock.protocol.codec;
