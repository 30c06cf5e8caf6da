package dev.penstock.ingress.gate;

import dev.penstock.ingress.gate.LaneAdmission.Lag;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.Lane;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.jboss.logging.Logger;

/** Asks Kafka, again and again, how far the workers of the models in demand are behind. A thread of its own. */
public final class LagWatch implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(LagWatch.class);
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final long REFRESH_NANOS = Duration.ofSeconds(5).toNanos();

    private final Admin admin;
    private final Duration interval;
    private final Supplier<Collection<String>> models;
    private final Listener listener;
    private final Thread thread;
    private final Map<String, List<TopicPartition>> partitions = new HashMap<>();
    private final CommittedWork work = new CommittedWork();
    private int ingresses = 1;
    private long refreshedNanos = System.nanoTime() - REFRESH_NANOS;

    /** Hears of each lane of each model, on the watch's thread. */
    interface Listener {
        /** Before Kafka is asked: its answer tells of this moment at the latest. */
        void asking(Collection<String> models);

        void lag(String model, Lane lane, Lag lag);
    }

    /** @param models those to ask about */
    public LagWatch(Admin admin, Duration interval, Supplier<Collection<String>> models, Listener listener) {
        this.admin = admin;
        this.interval = interval;
        this.models = models;
        this.listener = listener;
        this.thread = Thread.ofPlatform().name("penstock-lag").daemon().start(this::run);
    }

    private void run() {
        try (admin) {
            while (true) {
                TimeUnit.NANOSECONDS.sleep(interval.toNanos());
                try {
                    ask(Set.copyOf(models.get()));
                } catch (ExecutionException | TimeoutException trouble) {
                    LOG.debugf(trouble, "Kafka did not say how far the workers are; asking again");
                } catch (RuntimeException bug) {
                    LOG.warnf(bug, "Could not find out how far the workers are; asking again");
                }
            }
        } catch (InterruptedException closed) {
            Thread.currentThread().interrupt();
        }
    }

    private void ask(Set<String> wanted) throws ExecutionException, InterruptedException, TimeoutException {
        if (wanted.isEmpty()) {
            return;
        }
        refresh();
        for (String model : wanted) {
            if (!partitions.containsKey(model)) {
                partitions.put(model, partitionsOf(model));
            }
        }
        listener.asking(wanted);
        // Committed first: what is answered in between must not look like more work than there is.
        Map<TopicPartition, Long> done = committed(wanted);
        Map<TopicPartition, Long> end = offsets(all(wanted), OffsetSpec.latest());
        Map<TopicPartition, Long> untouched = offsets(
                end.keySet().stream()
                        .filter(partition -> !done.containsKey(partition))
                        .toList(),
                OffsetSpec.earliest());
        done.putAll(untouched);
        for (String model : wanted) {
            for (Lane lane : Lane.values()) {
                String topic = Topics.requests(model, lane);
                listener.lag(model, lane, new Lag(sum(end, topic), sum(done, topic), work.of(topic), ingresses));
            }
        }
    }

    private static long sum(Map<TopicPartition, Long> offsets, String topic) {
        return offsets.entrySet().stream()
                .filter(offset -> offset.getKey().topic().equals(topic))
                .mapToLong(Map.Entry::getValue)
                .sum();
    }

    private List<TopicPartition> all(Set<String> wanted) {
        return wanted.stream()
                .flatMap(model -> partitions.getOrDefault(model, List.of()).stream())
                .toList();
    }

    private Map<TopicPartition, Long> committed(Set<String> wanted)
            throws ExecutionException, InterruptedException, TimeoutException {
        Map<String, ListConsumerGroupOffsetsSpec> groups = wanted.stream()
                .collect(Collectors.toMap(
                        Topics::workerGroup,
                        model -> new ListConsumerGroupOffsetsSpec().topicPartitions(all(Set.of(model)))));
        Map<TopicPartition, Long> offsets = new HashMap<>();
        for (var group : await(admin.listConsumerGroupOffsets(groups).all()).values()) {
            group.forEach((partition, offset) -> {
                if (offset != null) {
                    offsets.put(partition, offset.offset());
                    work.observe(partition, offset.offset(), offset.metadata());
                }
            });
        }
        return offsets;
    }

    private Map<TopicPartition, Long> offsets(List<TopicPartition> of, OffsetSpec spec)
            throws ExecutionException, InterruptedException, TimeoutException {
        Map<TopicPartition, Long> offsets = new HashMap<>();
        if (!of.isEmpty()) {
            await(admin.listOffsets(of.stream().collect(Collectors.toMap(partition -> partition, partition -> spec)))
                            .all())
                    .forEach((partition, offset) -> offsets.put(partition, offset.offset()));
        }
        return offsets;
    }

    private List<TopicPartition> partitionsOf(String model)
            throws ExecutionException, InterruptedException, TimeoutException {
        return await(admin.describeTopics(Topics.requests(model)).allTopicNames()).values().stream()
                .flatMap(topic -> topic.partitions().stream()
                        .map(partition -> new TopicPartition(topic.name(), partition.partition())))
                .toList();
    }

    /** Now and then: partitions may have become more, and each ingress is one member of the group that records outcomes. */
    private void refresh() throws ExecutionException, InterruptedException, TimeoutException {
        if (System.nanoTime() - refreshedNanos < REFRESH_NANOS) {
            return;
        }
        refreshedNanos = System.nanoTime();
        partitions.clear();
        var recorders =
                admin.describeConsumerGroups(List.of(Topics.RESULT_RECORDERS)).all();
        ingresses = await(recorders).values().stream()
                .mapToInt(group -> group.members().size())
                .reduce(1, Math::max);
    }

    private static <T> T await(KafkaFuture<T> answer)
            throws ExecutionException, InterruptedException, TimeoutException {
        return answer.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join(Duration.ofSeconds(5));
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }
}
