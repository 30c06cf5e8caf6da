package dev.penstock.features.vector;

/** The key of an entity that has features: a customer, a device, a shop. */
public sealed interface EntityKey {
    int MAX_LENGTH = 512;

    /** A numeric key. {@code Id(7)} and {@code Name("7")} are different keys. */
    record Id(long value) implements EntityKey {
        @Override
        public String text() {
            return Long.toString(value);
        }
    }

    /** A text key of 1 to 512 characters. */
    record Name(String value) implements EntityKey {
        public Name {
            if (value.isEmpty() || value.length() > MAX_LENGTH) {
                throw new IllegalArgumentException(
                        "length of an entity key must be in 1.." + MAX_LENGTH + " characters, was " + value.length());
            }
        }

        @Override
        public String text() {
            return value;
        }
    }

    /** The key's text in Redis keys and record keys. */
    String text();
}
