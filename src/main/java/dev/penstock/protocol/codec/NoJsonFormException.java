package dev.penstock.protocol.codec;

import dev.penstock.protocol.Tensor;

/** A tensor holds what JSON cannot carry: NaN, an infinity, bytes that are not text. It has to go in binary form. */
public final class NoJsonFormException extends Exception {
    NoJsonFormException(Tensor tensor, String what) {
        super(
                "'" + tensor.name() + "' has " + what + ", which JSON cannot carry; use the binary form",
                null,
                false,
                false);
    }
}
