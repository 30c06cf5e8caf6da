package dev.penstock.worker;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.GroupProtocol;

/** Configuration of the worker role. */
@ConfigMapping(prefix = "penstock.worker")
public interface WorkerConfig {
    /** The folder of the models, laid out as {@code <name>/<version>/model.onnx}. */
    @WithDefault("models")
    Path models();

    /** The models to serve, by name; all in the folder when absent. */
    Optional<Set<String>> serve();

    /**
     * Models that are loaded and warmed up at once, the smallest files first; each serves as soon as it is warm. With 1 a slow one holds
     * back all that are larger; more take memory and cores from those that serve already.
     */
    @WithDefault("2")
    @Min(1) @Max(64) int concurrentLoads();

    /** This worker's name in announcements; host name and process when absent. Two workers must not share one. */
    Optional<String> id();

    /** Requests taken off the log and not yet answered, a model; more take memory and go to another worker later. */
    @WithDefault("4096")
    @Min(1) @Max(1_000_000) int maxOpenRequests();

    /** Their bytes, likewise. */
    @WithDefault("67108864")
    @Min(1024) long maxOpenBytes();

    /** Their rows, likewise. */
    @WithDefault("65536")
    @Min(1) @Max(16_000_000) int maxOpenRows();

    /**
     * The share of rows that bulk requests get while any wait, however many interactive ones there are. A larger one slows interactive
     * requests down under load; with 0 they may keep bulk requests waiting for ever.
     */
    @WithDefault("0.05")
    @DecimalMin("0") @DecimalMax("1") double bulkFloor();

    /** The deadline of requests that name none, from their arrival in the log; a model's own {@code timeout} goes before. */
    @WithDefault("10m")
    Duration defaultTimeout();

    /** How often offsets are committed; after a crash, what was answered since is answered twice. */
    @WithDefault("100ms")
    Duration commitInterval();

    /** How often a worker says what it serves. Ingresses count it gone after {@code penstock.ingress.worker-timeout} without. */
    @WithDefault("2s")
    Duration heartbeat();

    /** How long a stopping worker goes on to answer what it has taken. */
    @WithDefault("10s")
    Duration drainTimeout();

    /**
     * How workers share a model's partitions: {@code classic}, or {@code consumer} (KIP-848), which needs brokers of 4.0 or newer, and
     * leaves the session timeout, the time until a dead worker's requests go to another, to them: 45 s unless they say otherwise.
     */
    @WithDefault("classic")
    GroupProtocol groupProtocol();

    /** The size of a model file above which it is refused. */
    @WithDefault("2147483647")
    @Min(1) long maxModelBytes();
}
