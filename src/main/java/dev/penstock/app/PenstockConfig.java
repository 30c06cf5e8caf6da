package dev.penstock.app;

import dev.penstock.process.WarmUpPlan;
import dev.penstock.protocol.NonFinite;
import dev.penstock.protocol.codec.UnknownMembers;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.DecimalMax;
import jakarta.validation.constraints.DecimalMin;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Pattern;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;

/** Keys that both roles share. */
@ConfigMapping(prefix = "penstock")
public interface PenstockConfig {
    /** The roles of this process. The default runs both, so one process is a whole service; in production they scale apart. */
    @WithDefault("ingress,worker")
    Set<Role> roles();

    /**
     * Largest body of a request and of an answer, in bytes, over HTTP and on topics. Give all processes the same. The default holds 2.6
     * million FP32 values in binary form. A higher limit costs memory at every hop. Topics that exist already need a higher
     * {@code max.message.bytes}, and above 100 MiB the brokers need a higher {@code socket.request.max.bytes}.
     */
    @WithDefault("10485760")
    @Min(1024) @Max(1_073_741_824) int maxRequestBytes();

    /**
     * How JSON expresses NaN and the infinities, for which it has no numbers. With {@code text} they are the strings {@code "NaN"},
     * {@code "Infinity"} and {@code "-Infinity"}. With {@code null}, NaN is {@code null}. Requests can use either form. With
     * {@code refused} such a request is invalid, and such an answer fails unless its client asks for the binary form.
     */
    @WithDefault("text")
    NonFinite nonFiniteNumbers();

    /**
     * What happens to members of a JSON body that the protocol does not have. With {@code ignored} they are skipped, as other servers do
     * whose clients send members of their own. With {@code refused} such a request is invalid, which finds misspelt members. Give all
     * processes the same.
     */
    @WithDefault("ignored")
    UnknownMembers unknownMembers();

    /** The region of this process, such as {@code edge-lyon}: the label {@code region} of all its metrics. By default they have none. */
    Optional<
                    @Pattern(
                            regexp = "[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}",
                            message = "letters, digits, '.', '_' and '-', 63 at most")
                    String>
            region();

    Kafka kafka();

    Redis redis();

    Topics topics();

    Replies replies();

    WarmUpSection warmUp();

    TracingSection tracing();

    Log log();

    /** A role of a process. */
    enum Role {
        INGRESS,
        WORKER
    }

    /** Connection to the Kafka cluster. */
    interface Kafka {
        /** Brokers to connect to first; the client learns the others from them. Name two or more in production. */
        @WithDefault("localhost:9092")
        @Pattern(
                regexp = "\\s*[^\\s,]+:\\d{1,5}(\\s*,\\s*[^\\s,]+:\\d{1,5})*\\s*",
                message = "host:port, or several of them separated by commas")
        String bootstrapServers();

        /**
         * How long the brokers can be silent before this process reports itself as not ready. The default outlasts a brief fault.
         * A shorter time takes all ingresses out of service during such a fault, and callers lose the 503 with {@code Retry-After} that
         * an ingress would send. A longer time keeps traffic on a process that cannot serve it.
         */
        @WithDefault("15s")
        @DurationMin(seconds = 1)
        @DurationMax(hours = 1)
        Duration lostAfter();

        /**
         * Further settings of every Kafka client, by their Kafka names, such as {@code security.protocol} and {@code sasl.jaas.config}.
         * Kafka checks them.
         */
        Map<String, @NotBlank String> properties();
    }

    /**
     * Connection to Redis. Ingresses need it; workers use it as a cache that they share, for models with features, unless
     * {@code penstock.features.redis.url} names another.
     */
    interface Redis {
        /** URL of the server. With {@code rediss://} the connection uses TLS. */
        @WithDefault("redis://localhost:6379")
        @Pattern(
                regexp = "(redis|rediss|unix)://\\S+",
                message = "a URL that begins with redis://, rediss:// or unix://")
        String url();
    }

    /** Topics that Penstock creates. Of an existing topic, only the kind of timestamps is ever changed. */
    interface Topics {
        /**
         * Creates missing topics, and sets {@code message.timestamp.type} right. Without it the start waits for missing topics. Switch it
         * off where topics are declared by other means, or where this process lacks the rights.
         */
        @WithDefault("true")
        boolean create();

        /**
         * Partitions of each request topic of a model. This is also the largest number of workers that can share the model. The default
         * leaves room to grow. More partitions cost memory and open files on the brokers, and they cannot be removed later.
         */
        @WithDefault("20")
        @Min(1) @Max(10_000) int requestPartitions();

        /**
         * Partitions of {@code penstock.replies} and {@code penstock.results}. Each ingress reads one partition of
         * {@code penstock.replies}, and ingresses that share a partition also read each other's replies. More partitions make that rarer,
         * and cost memory and open files on the brokers.
         */
        @WithDefault("8")
        @Min(1) @Max(10_000) int replyPartitions();

        /** Replicas of each partition. The broker's default applies when this is not set. More replicas survive the loss of more brokers. */
        Optional<@Min(1) @Max(100) Short> replicationFactor();

        /**
         * How long {@code penstock.results} keeps outcomes. The topic is the durable record from which Redis is filled, so keep it longer
         * than {@code penstock.ingress.result-ttl}. A longer time costs disk on the brokers.
         */
        @WithDefault("24h")
        @DurationMin(minutes = 1)
        @DurationMax(days = 3650)
        Duration resultRetention();
    }

    /**
     * The warm-up of a process by calls and records that it sends itself, see docs/deployment.md. No metric of requests, no quota and no
     * other caller sees them.
     */
    interface WarmUpSection {
        /**
         * Whether the process reports itself as ready only after its warm-up ({@code before-ready}), or warms up beside its first requests
         * ({@code after-ready}), or not at all ({@code off}). The default keeps a load balancer and a rolling upgrade from counting on a
         * process that is slow; it costs that time at each start. {@code penstock up} sets {@code after-ready}.
         */
        @WithDefault("before-ready")
        When when();

        /**
         * The longest warm-up. It ends earlier once {@code penstock.warm-up.calls} are made. A longer one makes the first requests faster,
         * and the start slower.
         */
        @WithDefault("15s")
        @DurationMin(seconds = 1)
        @DurationMax(minutes = 5)
        Duration atMost();

        /**
         * Calls that an ingress makes to itself, and requests that a worker sends itself, at most. The JVM has compiled what they need
         * after some thousands. More are better, where there is time.
         */
        @WithDefault("6000")
        @Min(1) @Max(1_000_000) int calls();

        /** When a process warms up. */
        enum When {
            BEFORE_READY,
            AFTER_READY,
            OFF
        }

        /** Empty if it is off. */
        default Optional<WarmUpPlan> plan() {
            return when() == When.OFF
                    ? Optional.empty()
                    : Optional.of(new WarmUpPlan(atMost(), calls(), when() == When.BEFORE_READY));
        }
    }

    /** Traces of requests, see docs/tracing.md. Without an endpoint nothing is traced, and nothing is paid for it. */
    interface TracingSection {
        /**
         * Where traces are sent in OpenTelemetry's protocol (OTLP), for example {@code http://collector:4317}. Tracing is off while this is
         * not set.
         */
        Optional<@Pattern(regexp = "https?://\\S+", message = "a URL that begins with http:// or https://") String>
                endpoint();

        /** The form of the protocol: {@code grpc}, usually on port 4317, or {@code http/protobuf}, usually on port 4318. */
        @WithDefault("grpc")
        @Pattern(regexp = "grpc|http/protobuf", message = "grpc or http/protobuf") String protocol();

        /**
         * The share of requests that are traced, from 0 to 1, among those that come without a {@code traceparent}. For the others their
         * caller has decided. The default keeps the cost and the amount of traces small under load. Set 1 to see each request.
         */
        @WithDefault("0.01")
        @DecimalMin("0") @DecimalMax("1") double samplingRatio();
    }

    /** The log on standard output, see docs/logging.md. */
    interface Log {
        /** Writes each log line as one JSON object, for machines that collect logs. The default is text, for people. */
        @WithDefault("false")
        boolean json();
    }

    /** Replies to other systems. */
    interface Replies {
        /**
         * Topics that a record's {@code reply-topic} header can name; {@code *} stands for any characters. A record that names another
         * topic goes to the dead letters. The default keeps producers from writing to topics that are not for replies.
         */
        @WithDefault("penstock.replies.*")
        List<
                        @Pattern(
                                regexp = "[A-Za-z0-9._*-]{1,249}",
                                message =
                                        "a topic name of letters, digits, '.', '_' and '-', with '*' for any characters")
                        String>
                allowedTopics();
    }
}
