package dev.penstock.ingress.gate;

import dev.penstock.messages.CommitNote;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.Lane;
import dev.penstock.threads.Fault;
import dev.penstock.threads.ServiceThread;
import java.time.Duration;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;

/** Asks Kafka at an interval how far the workers of the models in demand are behind. Runs a thread. */
public final class LagWatch implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final long REFRESH_NANOS = Duration.ofSeconds(5).toNanos();

    private final Admin admin;
    private final Duration interval;
    private final Supplier<Collection<String>> models;
    private final Listener listener;
    private final ServiceThread thread;
    private final Map<String, List<TopicPartition>> partitions = new HashMap<>();
    private final CommittedWork work = new CommittedWork();
    private int ingresses = 1;
    private long refreshedNanos = System.nanoTime() - REFRESH_NANOS;

    /**
     * How far the workers of one lane are behind.
     *
     * @param work how much work they have done, as they report it; only differences count
     */
    record LaneLag(List<PartitionLag> partitions, CommitNote work) {}

    /** Receives the lag of each model, on the watch's thread. */
    interface Listener {
        /** Called before Kafka is asked: the answer describes this moment or an earlier one. */
        void asking(Collection<String> models);

        /** @param ingresses the number of ingresses, this one included */
        void lag(String model, Map<Lane, LaneLag> lanes, int ingresses);
    }

    /** @param models to ask about */
    public LagWatch(
            Admin admin,
            Duration interval,
            Supplier<Collection<String>> models,
            Listener listener,
            Consumer<? super Fault> faults) {
        this.admin = admin;
        this.interval = interval;
        this.models = models;
        this.listener = listener;
        this.thread = new ServiceThread(
                        "penstock-lag", "Admission no longer sees how far the workers are behind.", faults, new Watch())
                .start();
    }

    private final class Watch implements ServiceThread.Duty {
        @Override
        public void turn() throws ExecutionException, InterruptedException, TimeoutException {
            TimeUnit.NANOSECONDS.sleep(interval.toNanos());
            ask(Set.copyOf(models.get()));
        }

        @Override
        public boolean isTransient(Exception failure) {
            return failure instanceof ExecutionException
                    || failure instanceof TimeoutException
                    || failure instanceof KafkaException;
        }

        @Override
        public void release() {
            admin.close();
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
        // Committed offsets first: requests answered in between must not look like waiting work.
        Map<TopicPartition, Long> done = committed(wanted);
        Map<TopicPartition, Long> end = offsets(all(wanted), OffsetSpec.latest());
        Map<TopicPartition, Long> untouched = offsets(
                end.keySet().stream()
                        .filter(partition -> !done.containsKey(partition))
                        .toList(),
                OffsetSpec.earliest());
        done.putAll(untouched);
        for (String model : wanted) {
            Map<Lane, LaneLag> lanes = new EnumMap<>(Lane.class);
            for (Lane lane : Lane.values()) {
                String topic = Topics.requests(model, lane);
                lanes.put(lane, new LaneLag(lags(topic, end, done), work.of(topic)));
            }
            listener.lag(model, lanes, ingresses);
        }
    }

    private static List<PartitionLag> lags(
            String topic, Map<TopicPartition, Long> end, Map<TopicPartition, Long> done) {
        return end.entrySet().stream()
                .filter(each -> each.getKey().topic().equals(topic))
                .map(each ->
                        new PartitionLag(each.getKey().partition(), each.getValue(), done.getOrDefault(each.getKey(), 0L)))
                .toList();
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

    /** Every few seconds: partitions may have been added, and each ingress is one member of the group that records outcomes. */
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
        thread.close();
    }
}
