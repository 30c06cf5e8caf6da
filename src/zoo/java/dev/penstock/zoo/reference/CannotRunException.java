package dev.penstock.zoo.reference;

/** ONNX Runtime's Java API cannot run a model, or not with these inputs. The message says why. */
final class CannotRunException extends Exception {
    CannotRunException(String message) {
        super(message);
    }

    CannotRunException(String message, Throwable cause) {
        super(message, cause);
    }
}
