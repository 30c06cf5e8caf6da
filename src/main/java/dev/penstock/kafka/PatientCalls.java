package dev.penstock.kafka;

import dev.penstock.threads.TroubleLog;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.kafka.common.KafkaException;
import org.jboss.logging.Logger;

/**
 * The calls to Kafka and Redis on which the start of a role depends. Each is repeated until it succeeds: what a process needs may start
 * later than the process. What is missing is logged when the wait begins and once a minute. Thread-safe for readers of {@link #waitsFor};
 * confined to the thread of the start otherwise.
 */
public final class PatientCalls {
    private static final Logger LOG = Logger.getLogger(PatientCalls.class);
    private static final long PAUSE_MILLIS = 500;

    private volatile Optional<String> waitsFor = Optional.empty();

    /** A call that may fail now and succeed later. */
    @FunctionalInterface
    public interface Call<T> {
        T call() throws Exception;
    }

    /** The reason for which the start waits. */
    public Optional<String> waitsFor() {
        return waitsFor;
    }

    /**
     * Repeats a call until it succeeds, and returns its result.
     *
     * @param purpose what the start needs, such as "Kafka", to begin a line of the log
     * @throws BadConnectionException when Kafka will refuse it until the configuration is changed
     */
    public <T> T untilDone(String purpose, Call<T> call) throws BadConnectionException, InterruptedException {
        TroubleLog trouble = new TroubleLog(LOG, purpose);
        waitsFor = Optional.of(purpose);
        while (true) {
            try {
                T result = call.call();
                waitsFor = Optional.empty();
                trouble.succeeded();
                return result;
            } catch (InterruptedException | BadConnectionException | Error fatal) {
                throw fatal;
            } catch (Exception failure) {
                Throwable cause = failure instanceof ExecutionException && failure.getCause() != null
                        ? failure.getCause()
                        : failure;
                requireHope(failure);
                waitsFor = Optional.of(purpose + ": " + words(cause));
                trouble.failed("the start waits until this works", cause);
                TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
            }
        }
    }

    private static void requireHope(Exception failure) throws BadConnectionException {
        Optional<String> refusal = Connection.refusal(failure);
        if (refusal.isPresent()) {
            throw new BadConnectionException("Kafka cannot be used: " + refusal.get());
        }
        if (failure instanceof RuntimeException bug && !(failure instanceof KafkaException)) {
            throw bug;
        }
    }

    /** The innermost message that says something. */
    private static String words(Throwable cause) {
        return Stream.iterate(cause, Objects::nonNull, Throwable::getCause)
                .map(Throwable::getMessage)
                .filter(Objects::nonNull)
                .findFirst()
                .orElseGet(() -> cause.getClass().getSimpleName());
    }
}
