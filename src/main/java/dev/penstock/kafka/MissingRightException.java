package dev.penstock.kafka;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Metrics;
import java.util.Locale;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.TopicAuthorizationException;

/** This process lacks a right on the brokers. It may be granted at any time, so whoever needs it tries again. */
public final class MissingRightException extends KafkaException {
    private static final long serialVersionUID = 1;

    private MissingRightException(String message, AuthorizationException denied) {
        super(message, denied);
    }

    /** Kafka's name of an operation, as an operator grants it. */
    public enum Operation {
        READ,
        WRITE,
        DESCRIBE
    }

    /** What is missing, by operation and topic or group. Counts it. */
    public static MissingRightException of(Operation operation, AuthorizationException denied) {
        counter(Metrics.globalRegistry, operation).increment();
        String right = word(operation);
        return new MissingRightException(
                switch (denied) {
                    case TopicAuthorizationException topics ->
                        "this process may not " + right + " topic " + String.join(", ", topics.unauthorizedTopics())
                                + "; grant it " + right;
                    case GroupAuthorizationException group ->
                        "this process may not " + right + " group " + group.groupId() + "; grant it " + right;
                    default -> "this process may not " + right + " (" + denied.getMessage() + "); grant it " + right;
                },
                denied);
    }

    /** So that the counters are there, at 0, from the start. */
    public static void registerMeters(MeterRegistry registry) {
        for (Operation operation : Operation.values()) {
            counter(registry, operation);
        }
    }

    private static Counter counter(MeterRegistry registry, Operation operation) {
        return Counter.builder("inference.kafka.denied")
                .description("Calls that Kafka refused because this process lacks a right")
                .tag("operation", word(operation))
                .register(registry);
    }

    private static String word(Operation operation) {
        return operation.name().toLowerCase(Locale.ROOT);
    }
}
