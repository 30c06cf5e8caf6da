package dev.penstock.features.vector;

/** Whom features belong to: a customer, a device, a shop. */
public sealed interface EntityKey {
    int MAX_LENGTH = 512;

    /** An entity that goes by a number; {@code Id(7)} and {@code Name("7")} are two. */
    record Id(long value) implements EntityKey {
        @Override
        public String text() {
            return Long.toString(value);
        }
    }

    /** An entity that goes by a name. */
    record Name(String value) implements EntityKey {
        public Name {
            if (value.isEmpty() || value.length() > MAX_LENGTH) {
                throw new IllegalArgumentException(
                        "an entity must have 1.." + MAX_LENGTH + " characters, had " + value.length());
            }
        }

        @Override
        public String text() {
            return value;
        }
    }

    /** As it stands in keys of Redis and of topics. */
    String text();
}
