package dev.penstock.app;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What both roles share. */
@ConfigMapping(prefix = "penstock")
public interface PenstockConfig {
    /** The roles of this process. */
    @WithDefault("ingress,worker")
    Set<Role> roles();

    /**
     * Bytes that a request's body may have, over HTTP and as a record alike. Raising it costs memory on every hop, and needs the same of
     * the brokers' {@code message.max.bytes}.
     */
    @WithDefault("10485760")
    @Min(1024) @Max(1_073_741_824) int maxRequestBytes();

    Kafka kafka();

    Redis redis();

    Topics topics();

    Replies replies();

    /** What a process does. */
    enum Role {
        INGRESS,
        WORKER
    }

    /** The broker. */
    interface Kafka {
        /** Where to find it: {@code host:port}, and more after commas. */
        @WithDefault("localhost:9092")
        String bootstrapServers();

        /**
         * How long the brokers may be silent before this process is no longer ready. Less, and a short trouble of theirs takes all ingresses
         * out of service, where callers would have heard 503 and when to come back.
         */
        @WithDefault("15s")
        Duration lostAfter();

        /** Anything else that every client needs, such as {@code security.protocol} and {@code sasl.jaas.config}. */
        Map<String, String> properties();
    }

    /** Redis; needed by ingresses, and shared by workers of models with features. */
    interface Redis {
        /** Where to find it. */
        @WithDefault("redis://localhost:6379")
        String url();
    }

    /** Topics that Penstock makes when they are missing. */
    interface Topics {
        /** Whether to make them. Switch it off where topics are declared elsewhere. */
        @WithDefault("true")
        boolean create();

        /** Partitions of a model's request topics: the most workers that can share it. They cannot become fewer later. */
        @WithDefault("20")
        @Min(1) @Max(10_000) int requestPartitions();

        /** Partitions of {@code penstock.replies} and {@code penstock.results}; an ingress reads one of the former. */
        @WithDefault("8")
        @Min(1) @Max(10_000) int replyPartitions();

        /** The broker's default when absent. */
        Optional<Short> replicationFactor();

        /** How long {@code penstock.results} keeps outcomes: the durable record behind Redis. */
        @WithDefault("24h")
        Duration resultRetention();
    }

    /** Replies to other systems. */
    interface Replies {
        /** Topics that a record's {@code reply-topic} may name; {@code *} stands for any characters. */
        @WithDefault("penstock.replies.*")
        List<String> allowedTopics();
    }
}
