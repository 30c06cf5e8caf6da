package dev.penstock.kafka;

import java.util.Objects;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.apache.kafka.common.errors.RetriableException;

/** Tells failures of an absent or busy broker, which every client has at once, from those of one client alone, such as a missing right. */
public final class Absence {
    private Absence() {}

    /** Whether the failure means that brokers do not answer. The watch of the whole process logs that. */
    public static boolean causes(Exception failure) {
        return Stream.iterate((Throwable) failure, Objects::nonNull, Throwable::getCause)
                .anyMatch(cause -> cause instanceof RetriableException || cause instanceof TimeoutException);
    }
}
