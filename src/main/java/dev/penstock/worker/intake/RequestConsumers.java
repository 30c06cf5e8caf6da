package dev.penstock.worker.intake;

import dev.penstock.kafka.KafkaClients;
import dev.penstock.messages.Topics;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.IntSupplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.GroupProtocol;

/** Makes the consumers by which workers share a model's requests, as members of that model's group. */
public final class RequestConsumers {
    /** The others hear at their next heartbeat that a worker has left, and that its partitions are theirs. */
    private static final int SHORTEST_PACE_MS = 300;

    /**
     * What is fetched next waits for the fetch that is under way: bulk that was held back while interactive requests were fetched and none came,
     * and partitions that a worker takes over. With Kafka's default of 500 ms, bulk got a third of what a fast model can do (docs/benchmarks.md).
     */
    private static final int SHORTEST_FETCH_WAIT_MS = 100;

    /** From 30 models to 100, all of them together send 100 heartbeats a second, and from 10 on 100 fetches. */
    private static final int PACE_MS_PER_MODEL = 10;

    /** A longer one saves little more, and partitions are handed over later. */
    private static final int LONGEST_PACE_MS = 1000;

    /**
     * A rebalance waits so long for members that do not join it. The broker may still expect one that is gone: with Kafka's default of
     * 5 min, a group stood still for as long after a broker and a worker had died together. The intake polls every 100 ms; a worker whose
     * intake hangs for longer than this leaves the group.
     */
    private static final int MAX_POLL_INTERVAL_MS = 15_000;

    private final KafkaClients kafka;
    private final GroupProtocol protocol;
    private final IntSupplier models;

    /** @param models how many models this worker serves */
    public RequestConsumers(KafkaClients kafka, GroupProtocol protocol, IntSupplier models) {
        this.kafka = kafka;
        this.protocol = protocol;
        this.models = models;
    }

    /** Returns a new member of the model's group. */
    public Consumer<byte[], byte[]> forModel(String model) {
        return kafka.member(Topics.workerGroup(model), protocol, settings());
    }

    Map<String, Object> settings() {
        Map<String, Object> settings = new HashMap<>();
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 1000);
        settings.put(ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG, MAX_POLL_INTERVAL_MS);
        settings.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, paced(SHORTEST_FETCH_WAIT_MS));
        if (protocol == GroupProtocol.CLASSIC) {
            settings.put(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, paced(SHORTEST_PACE_MS));
        }
        return settings;
    }

    /** The time between two heartbeats, and the longest poll of an idle model. */
    public Duration pace() {
        return Duration.ofMillis(paced(SHORTEST_PACE_MS));
    }

    private int paced(int shortestMillis) {
        return Math.clamp((long) PACE_MS_PER_MODEL * models.getAsInt(), shortestMillis, LONGEST_PACE_MS);
    }
}
