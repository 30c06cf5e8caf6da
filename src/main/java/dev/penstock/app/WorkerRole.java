package dev.penstock.app;

import dev.penstock.ingress.IngressConfig;
import dev.penstock.kafka.KafkaClients;
import dev.penstock.kafka.TopicLayout;
import dev.penstock.protocol.codec.RequestReader;
import dev.penstock.threads.Fault;
import dev.penstock.threads.Faults;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * The worker, as the rest of the process sees it. {@link WorkerParts} is the worker, and the only class here that knows its packages: a native
 * ingress is built without them (docs/native.md).
 */
interface WorkerRole extends AutoCloseable {
    /** Reports the values of the worker's keys that do not work together, or not with those of an ingress in the same process. */
    void check(ConfigRelations relations, Optional<IngressConfig> ingress);

    /**
     * Loads the models, and serves them until {@link #close()}.
     *
     * @param processFaults takes faults of threads that are not the worker's alone
     * @param isEnding whether the process has begun to stop
     */
    void start(
            KafkaClients kafka,
            TopicLayout layout,
            RequestReader reader,
            Faults processFaults,
            BooleanSupplier isEnding)
            throws Exception;

    /** Whether its models are not being loaded yet. */
    boolean isStarting();

    /** Whether all its parts run as they should; true before the start. */
    boolean isSound();

    /** What is missing until it can serve. Empty if it can. */
    Optional<String> missing();

    /** The first thread of the worker that failed. */
    Optional<Fault> fault();

    /** Stops it. Does nothing if it was not started. */
    @Override
    void close();
}
