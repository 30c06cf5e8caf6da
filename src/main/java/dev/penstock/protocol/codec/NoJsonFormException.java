package dev.penstock.protocol.codec;

import dev.penstock.protocol.NonFinite;
import dev.penstock.protocol.Tensor;

/**
 * A tensor holds values that have no form in JSON: bytes that are not UTF-8, or, with {@link NonFinite#REFUSED}, NaN or an infinity. It
 * needs the binary form.
 */
public final class NoJsonFormException extends Exception {
    NoJsonFormException(Tensor tensor, String content) {
        super(
                "'" + tensor.name() + "' has " + content + ", which JSON cannot represent; use the binary form",
                null,
                false,
                false);
    }
}
