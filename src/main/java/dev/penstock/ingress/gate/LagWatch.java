package dev.penstock.ingress.gate;

import dev.penstock.kafka.Absence;
import dev.penstock.kafka.MissingRightException;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.Lane;
import dev.penstock.threads.Fault;
import dev.penstock.threads.ServiceThread;
import dev.penstock.threads.TroubleLog;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.jboss.logging.Logger;

/** Asks Kafka at an interval how far the workers of the models in demand are behind. Runs a thread. */
public final class LagWatch implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(LagWatch.class);
    private static final ListOffsetsOptions AS_A_WORKER = new ListOffsetsOptions(IsolationLevel.READ_COMMITTED);
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final long REFRESH_NANOS = Duration.ofSeconds(5).toNanos();

    private final Admin admin;
    private final Duration interval;
    private final Supplier<Collection<String>> models;
    private final Listener listener;
    private final ServiceThread thread;
    private final Map<String, List<TopicPartition>> partitions = new HashMap<>();
    private final Map<String, TroubleLog> untold = new HashMap<>();
    private final CommittedWork work = new CommittedWork();
    private int ingresses = 1;
    private long refreshedNanos = System.nanoTime() - REFRESH_NANOS;

    /** How far the workers of one lane are behind, and how much work they have done. */
    record LaneLag(List<PartitionLag> partitions, LaneWork work) {}

    /** Receives the lag of each model, on the watch's thread. */
    interface Listener {
        /** Called before Kafka is asked: the answer describes this moment or an earlier one. */
        void asking(Collection<String> models);

        /** @param ingresses the number of ingresses, this one included */
        void lag(String model, Map<Lane, LaneLag> lanes, int ingresses);

        /** Called after each question. */
        void kafkaAnswers(boolean answers);
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
        public void turn() throws InterruptedException, TimeoutException {
            Set<String> wanted = awaitWanted();
            try {
                ask(wanted);
                listener.kafkaAnswers(true);
            } catch (TimeoutException | KafkaException silence) {
                listener.kafkaAnswers(false);
                throw silence;
            }
        }

        /** Who asks nothing does not learn whether Kafka answers. */
        private Set<String> awaitWanted() throws InterruptedException {
            Set<String> wanted;
            do {
                TimeUnit.NANOSECONDS.sleep(interval.toNanos());
                wanted = Set.copyOf(models.get());
            } while (wanted.isEmpty());
            return wanted;
        }

        @Override
        public boolean isTransient(Exception failure) {
            return failure instanceof TimeoutException || failure instanceof KafkaException;
        }

        @Override
        public boolean isKnown(Exception failure) {
            return Absence.causes(failure);
        }

        @Override
        public void release() {
            admin.close(Duration.ZERO); // what it still asks nobody waits for
        }
    }

    private void ask(Set<String> wanted) throws InterruptedException, TimeoutException {
        refresh();
        findPartitions(wanted);
        listener.asking(wanted);
        // Committed offsets first: requests answered in between must not look like waiting work.
        Map<String, Map<TopicPartition, Long>> committed = committed(wanted);
        List<TopicPartition> all = committed.keySet().stream()
                .flatMap(model -> partitions.getOrDefault(model, List.of()).stream())
                .toList();
        Map<TopicPartition, Long> end = offsets(all, OffsetSpec.latest());
        Map<TopicPartition, Long> earliest = offsets(all, OffsetSpec.earliest());
        committed.forEach((model, done) -> {
            List<TopicPartition> own = partitions.getOrDefault(model, List.of());
            if (end.keySet().containsAll(own) && earliest.keySet().containsAll(own)) {
                report(model, own, done, end, earliest);
            }
        });
    }

    /** What was deleted unread counts as done: the log may have been emptied, or trimmed by its retention. */
    private void report(
            String model,
            List<TopicPartition> own,
            Map<TopicPartition, Long> committed,
            Map<TopicPartition, Long> end,
            Map<TopicPartition, Long> earliest) {
        Map<Lane, LaneLag> lanes = new EnumMap<>(Lane.class);
        for (Lane lane : Lane.values()) {
            String topic = Topics.requests(model, lane);
            List<PartitionLag> lags = new ArrayList<>();
            for (TopicPartition partition : own) {
                if (partition.topic().equals(topic)) {
                    long last = end.getOrDefault(partition, 0L);
                    long first = earliest.getOrDefault(partition, 0L);
                    // A topic that was made again ends before what was once committed.
                    long done = Math.min(last, Math.max(first, committed.getOrDefault(partition, 0L)));
                    lags.add(new PartitionLag(partition.partition(), last, done));
                }
            }
            lanes.put(lane, new LaneLag(lags, work.of(topic)));
        }
        listener.lag(model, lanes, ingresses);
    }

    private void findPartitions(Set<String> wanted) throws InterruptedException, TimeoutException {
        for (String model : wanted) {
            if (!partitions.containsKey(model)) {
                answer(
                                "the partitions of model " + model,
                                admin.describeTopics(Topics.requests(model)).allTopicNames())
                        .ifPresent(topics -> partitions.put(
                                model,
                                topics.values().stream()
                                        .flatMap(topic -> topic.partitions().stream()
                                                .map(each -> new TopicPartition(topic.name(), each.partition())))
                                        .toList()));
            }
        }
    }

    /** Committed offsets by model. A model whose offsets Kafka does not return is absent. */
    private Map<String, Map<TopicPartition, Long>> committed(Set<String> wanted)
            throws InterruptedException, TimeoutException {
        Map<String, ListConsumerGroupOffsetsSpec> groups = wanted.stream()
                .filter(partitions::containsKey)
                .collect(Collectors.toMap(
                        Topics::workerGroup,
                        model -> new ListConsumerGroupOffsetsSpec()
                                .topicPartitions(partitions.getOrDefault(model, List.of()))));
        if (groups.isEmpty()) {
            return Map.of();
        }
        var asked = admin.listConsumerGroupOffsets(groups);
        Map<String, Map<TopicPartition, Long>> byModel = new HashMap<>();
        for (String model : wanted) {
            String group = Topics.workerGroup(model);
            if (groups.containsKey(group)) {
                answer("the offsets of group " + group, asked.partitionsToOffsetAndMetadata(group))
                        .ifPresent(offsets -> byModel.put(model, observed(offsets)));
            }
        }
        return byModel;
    }

    private Map<TopicPartition, Long> observed(Map<TopicPartition, OffsetAndMetadata> committed) {
        Map<TopicPartition, Long> offsets = new HashMap<>();
        committed.forEach((partition, offset) -> {
            if (offset != null) {
                offsets.put(partition, offset.offset());
                work.observe(partition, offset.offset(), offset.metadata(), System.nanoTime());
            }
        });
        return offsets;
    }

    /** As a worker sees them, which reads committed records alone. A partition without a leader is absent. */
    private Map<TopicPartition, Long> offsets(List<TopicPartition> of, OffsetSpec spec)
            throws InterruptedException, TimeoutException {
        Map<TopicPartition, Long> offsets = new HashMap<>();
        if (!of.isEmpty()) {
            ListOffsetsResult asked = admin.listOffsets(
                    of.stream().collect(Collectors.toMap(partition -> partition, partition -> spec)), AS_A_WORKER);
            for (TopicPartition partition : of) {
                answer("an offset of " + partition, asked.partitionResult(partition))
                        .ifPresent(offset -> offsets.put(partition, offset.offset()));
            }
        }
        return offsets;
    }

    /** Empty when Kafka refuses to tell: that is the trouble of one model, and the others go on. */
    private <T> Optional<T> answer(String what, KafkaFuture<T> asked) throws InterruptedException, TimeoutException {
        try {
            T answer = asked.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
            untold.remove(what);
            return Optional.of(answer);
        } catch (ExecutionException refused) {
            Exception cause = refused.getCause() instanceof AuthorizationException denied
                    ? MissingRightException.of(MissingRightException.Operation.DESCRIBE, denied)
                    : refused;
            untold.computeIfAbsent(
                            what,
                            name -> new TroubleLog(
                                    LOG,
                                    "Kafka does not tell " + name,
                                    Absence.causes(cause) ? TroubleLog.KNOWN_GRACE_NANOS : 0))
                    .failed("admission does not see how far the workers are behind", cause);
            return Optional.empty();
        }
    }

    /** Every few seconds: partitions may have been added, and each ingress is one member of the group that records outcomes. */
    private void refresh() throws InterruptedException, TimeoutException {
        if (System.nanoTime() - refreshedNanos < REFRESH_NANOS) {
            return;
        }
        refreshedNanos = System.nanoTime();
        partitions.clear();
        answer(
                        "the members of group " + Topics.RESULT_RECORDERS,
                        admin.describeConsumerGroups(List.of(Topics.RESULT_RECORDERS))
                                .all())
                .ifPresent(groups -> ingresses = groups.values().stream()
                        .mapToInt(group -> group.members().size())
                        .reduce(1, Math::max));
    }

    @Override
    public void close() {
        thread.close();
    }
}
