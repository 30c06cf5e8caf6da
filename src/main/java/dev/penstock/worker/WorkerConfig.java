package dev.penstock.worker;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.Pattern;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.GroupProtocol;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;

/** The worker role: it takes requests off Kafka, batches them and runs the models. */
@ConfigMapping(prefix = "penstock.worker")
public interface WorkerConfig {
    /** Folder of the models, laid out as {@code <name>/<version>/model.onnx}. */
    @WithDefault("models")
    Path models();

    /** Names of the models to serve. The worker serves every model in the folder when this is not set. */
    Optional<
                    Set<
                            @Pattern(
                                    regexp = "[A-Za-z0-9][A-Za-z0-9._-]{0,99}",
                                    message = "a model name of up to 100 letters, digits, '.', '_' and '-'")
                            String>>
            serve();

    /**
     * Addresses that models may name, with all below them, in {@code remote.url} and {@code remote.files.url}, such as
     * {@code https://centre.example}. None by default: a model comes from a third party, and should not choose whom this process calls. Each
     * centre that is added gets the requests of the models that name it.
     */
    Optional<
                    Set<
                            @Pattern(
                                    regexp = "https?://[^\\s?#@]{1,200}",
                                    message = "http://host or https://host, without user, query or fragment")
                            String>>
            centres();

    /**
     * Whether a worker is ready without a model to serve. By default it is not: a folder that is empty by mistake, or whose models are all
     * refused, should stop a rollout. Set it where models come later.
     */
    @WithDefault("false")
    boolean allowEmpty();

    /**
     * Models that are loaded and warmed up at once, the smallest files first. Each serves as soon as it is warm. The default lets small models
     * serve while a large one loads. A higher number takes memory and cores from the models that already serve.
     */
    @WithDefault("2")
    @Min(1) @Max(64) int concurrentLoads();

    /**
     * Name of this worker in its announcements. Host name and process id are used when this is not set. Two workers must not share a name;
     * otherwise one hides the other.
     */
    Optional<@Pattern(regexp = "\\S{1,200}", message = "1 to 200 characters without spaces") String> id();

    /**
     * Requests of a model that a worker can hold, from taking them off the log to answering them; then it pauses its partitions. Bulk
     * requests can take half of this. The default keeps a fast model busy. A higher limit costs memory, and more requests have to move when the worker stops.
     */
    @WithDefault("4096")
    @Min(1) @Max(1_000_000) int maxOpenRequests();

    /** Bytes of those requests. The default bounds a worker's memory whatever the size of a request. A higher limit costs that memory. */
    @WithDefault("67108864")
    @Min(1024) @Max(1_099_511_627_776L) long maxOpenBytes();

    /** Rows of those requests. The default is 16 rows for each request. A higher limit costs memory and makes the queue longer. */
    @WithDefault("65536")
    @Min(1) @Max(16_000_000) int maxOpenRows();

    /**
     * Share of the rows that bulk requests get while any of them wait, however many interactive requests there are. The default is small
     * enough that interactive requests hardly notice. A larger share slows them under load. With 0, interactive requests can keep bulk
     * requests waiting forever.
     */
    @WithDefault("0.05")
    @DecimalMin("0") @DecimalMax("1") double bulkFloor();

    /**
     * Deadline of a record that names none, counted from its arrival in the log. A {@code timeout} in the model's {@code model.yaml} takes
     * precedence. The default is that of asynchronous requests. A longer deadline lets a longer queue form before requests expire.
     */
    @WithDefault("10m")
    @DurationMin(millis = 10)
    @DurationMax(days = 30)
    Duration defaultTimeout();

    /**
     * How often a worker commits its offsets. Requests that were answered after the last commit are answered again when the worker
     * crashes. Ingresses also see the backlog through the commits: with a longer interval they admit less exactly. A shorter interval costs
     * requests to the brokers. All partitions are committed each second in any case: the next owner of one learns from that which requests
     * this worker can have taken.
     */
    @WithDefault("100ms")
    @DurationMin(millis = 1)
    @DurationMax(seconds = 1)
    Duration commitInterval();

    /**
     * How often a worker announces its models. Must be shorter than {@code penstock.ingress.worker-timeout}, after which ingresses count
     * the worker as gone. A longer interval needs a longer timeout, and the loss of a worker is noticed later.
     */
    @WithDefault("2s")
    @DurationMin(millis = 100)
    @DurationMax(minutes = 10)
    Duration heartbeat();

    /**
     * How long a stopping worker goes on answering the requests that it holds. Other workers serve the rest. A longer time needs a longer
     * termination grace period in Kubernetes.
     */
    @WithDefault("10s")
    @DurationMin(millis = 0)
    @DurationMax(hours = 1)
    Duration drainTimeout();

    /**
     * Consumer group protocol by which workers share a model's partitions. {@code classic} hands over the partitions of a dead worker
     * after 6 s. {@code consumer} (KIP-848) needs brokers of version 4.0 or newer, and the brokers set the session timeout: 45 s by default.
     */
    @WithDefault("classic")
    GroupProtocol groupProtocol();

    /**
     * Largest {@code model.onnx} that is loaded, with its external data, in bytes; the worker refuses a larger one. The default is the
     * largest model that ONNX Runtime for Java takes. Lower it to protect the worker's memory.
     */
    @WithDefault("2147483647")
    @Min(1) @Max(Integer.MAX_VALUE) long maxModelBytes();
}
