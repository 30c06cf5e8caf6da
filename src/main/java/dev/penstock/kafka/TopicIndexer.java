package dev.penstock.kafka;

import dev.penstock.threads.Fault;
import dev.penstock.threads.ServiceThread;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.jboss.logging.Logger;

/**
 * A thread that copies a topic's records into an index, as a member of a group. The index may lose its data at any time.
 *
 * <p>The index, not the group, holds the position of each partition. It stores records and the position after them in one step, and only
 * while it is at the position that this thread knows. So the index never claims a record that it lacks, and takes records in the order of
 * the log. An index that is at another position was emptied, set back to an older state, or written by the next owner of the partition. The
 * thread then goes on from that position; without a position it goes back by a fixed time. The group's commits only show the lag.
 */
public final class TopicIndexer implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(TopicIndexer.class);
    private static final Duration POLL = Duration.ofMillis(500);
    private static final Duration KAFKA_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration INDEX_TIMEOUT = Duration.ofSeconds(5);
    private static final long RENEW_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private final String name;
    private final Consumer<byte[], byte[]> consumer;
    private final Index index;
    private final Duration lookBack;
    private final LongSupplier nanoClock;
    private final LongSupplier epochMillis;
    private final ServiceThread thread;

    /** The index. All calls come from the indexer's thread. */
    public interface Index {
        CompletionStage<State> state();

        /**
         * Takes the steps, each as a whole or not at all. Completes with the partitions that were at another position; nothing of their
         * steps was stored. After a failure the indexer reads the state again.
         */
        CompletionStage<Set<Integer>> store(List<Step> steps);
    }

    /**
     * The state of an index.
     *
     * @param millis the time on its clock, epoch ms
     * @param evictions how many entries it has dropped for want of room
     * @param positions by partition
     */
    public record State(long millis, long evictions, Map<Integer, IndexPosition> positions) {
        public State {
            positions = Map.copyOf(positions);
        }
    }

    /**
     * A step of one partition.
     *
     * @param partitions how many the topic has
     * @param from where the index must be; empty when it must have no position
     * @param to where it is afterwards
     */
    public record Step(
            int partition,
            int partitions,
            Optional<IndexPosition> from,
            IndexPosition to,
            List<ConsumerRecord<byte[], byte[]>> records) {
        public Step {
            records = List.copyOf(records);
        }
    }

    /**
     * Starts the thread.
     *
     * @param consequence a sentence for the log: what does not work once this thread has failed
     * @param consumer a member of the group; it must not commit by itself
     * @param lookBack how far to go back in the log when the index is empty
     */
    public TopicIndexer(
            String name,
            String consequence,
            java.util.function.Consumer<? super Fault> faults,
            Consumer<byte[], byte[]> consumer,
            String topic,
            Index index,
            Duration lookBack,
            LongSupplier nanoClock,
            LongSupplier epochMillis) {
        this.name = name;
        this.consumer = consumer;
        this.index = index;
        this.lookBack = lookBack;
        this.nanoClock = nanoClock;
        this.epochMillis = epochMillis;
        Indexing indexing = new Indexing(topic);
        consumer.subscribe(List.of(topic), indexing);
        this.thread = new ServiceThread(name, consequence, faults, indexing).start();
    }

    @Override
    public void close() {
        thread.close();
    }

    /** The copy of one partition. Confined to the indexer's thread. */
    private static final class Copy {
        private Optional<IndexPosition> stored;
        private IndexPosition position;

        /** The end of the log at a time of the index's clock. */
        private Optional<Goal> goal = Optional.empty();

        private Copy(Optional<IndexPosition> stored, IndexPosition position) {
            this.stored = stored;
            this.position = position;
        }
    }

    private record Goal(long endOffset, long millis, long evictions) {}

    private final class Indexing implements ServiceThread.Duty, ConsumerRebalanceListener {
        private final String topic;

        /** By assigned partition; empty until its position is known, and while it is paused. */
        private final Map<TopicPartition, Optional<Copy>> copies = new HashMap<>();

        private Optional<Long> renewedNanos = Optional.empty();

        private Indexing(String topic) {
            this.topic = topic;
        }

        @Override
        public void turn() throws InterruptedException, ExecutionException, TimeoutException {
            try {
                ConsumerRecords<byte[], byte[]> polled = consumer.poll(POLL);
                copy(polled);
            } catch (WakeupException stopping) {
                LOG.debugf("%s: woken to stop", name);
            } catch (ExecutionException | TimeoutException | KafkaException failed) {
                copies.keySet().forEach(this::begin);
                throw failed;
            }
        }

        private void copy(ConsumerRecords<byte[], byte[]> polled)
                throws InterruptedException, ExecutionException, TimeoutException {
            renew();
            List<Step> steps = new ArrayList<>();
            int partitions = copies.isEmpty()
                    ? 0
                    : consumer.partitionsFor(topic, KAFKA_TIMEOUT).size();
            copies.forEach((partition, maybe) -> maybe.ifPresent(copy -> {
                List<ConsumerRecord<byte[], byte[]>> records = polled.records(partition);
                IndexPosition to = reached(copy, consumer.position(partition, KAFKA_TIMEOUT));
                if (!copy.stored.equals(Optional.of(to))) {
                    steps.add(new Step(partition.partition(), partitions, copy.stored, to, records));
                }
            }));
            if (!steps.isEmpty()) {
                Set<Integer> refused = await(index.store(steps));
                if (!refused.isEmpty()) {
                    LOG.infof(
                            "%s: partitions %s of the index are not where they were: it lost data, or they have another"
                                    + " owner. Going on from where they are",
                            name, refused);
                }
                steps.forEach(step -> stored(step, refused.contains(step.partition())));
                consumer.commitAsync((offsets, failure) -> {
                    if (failure != null) {
                        LOG.debugf(failure, "%s: could not commit %s; the next commit will", name, offsets);
                    }
                });
            }
        }

        private IndexPosition reached(Copy copy, long offset) {
            IndexPosition to = copy.position.at(offset);
            if (copy.goal.isEmpty() || copy.goal.get().endOffset() > offset) {
                return to;
            }
            Goal goal = copy.goal.get();
            copy.goal = Optional.empty();
            return to.completeUntil(goal.millis(), goal.evictions(), epochMillis.getAsLong());
        }

        private void stored(Step step, boolean refused) {
            TopicPartition partition = new TopicPartition(topic, step.partition());
            if (refused) {
                begin(partition);
            } else {
                copies.get(partition).ifPresent(copy -> {
                    copy.stored = Optional.of(step.to());
                    copy.position = step.to();
                });
            }
        }

        /** Reads the state of the index from time to time: it gives new partitions their positions, and the others their goals. */
        private void renew() throws InterruptedException, ExecutionException, TimeoutException {
            boolean isNew = copies.containsValue(Optional.<Copy>empty());
            boolean isDue = renewedNanos.isEmpty() || nanoClock.getAsLong() - renewedNanos.get() >= RENEW_NANOS;
            if (copies.isEmpty() || !(isNew || isDue)) {
                return;
            }
            State state = await(index.state()); // before the ends are asked for: its time is a time of both
            Map<TopicPartition, Long> ends = consumer.endOffsets(copies.keySet(), KAFKA_TIMEOUT);
            if (isNew) {
                takeUp(state, ends);
            }
            copies.forEach((partition, maybe) -> maybe.filter(copy -> copy.goal.isEmpty())
                    .ifPresent(copy ->
                            copy.goal = Optional.of(new Goal(ends.get(partition), state.millis(), state.evictions()))));
            renewedNanos = Optional.of(nanoClock.getAsLong());
        }

        /** Goes on from the index's position. If it has none that the log still has, goes back by the time to look back. */
        private void takeUp(State state, Map<TopicPartition, Long> ends) {
            List<TopicPartition> unknown = copies.keySet().stream()
                    .filter(each -> copies.get(each).isEmpty())
                    .toList();
            Map<TopicPartition, Long> begins = consumer.beginningOffsets(unknown, KAFKA_TIMEOUT);
            long since = epochMillis.getAsLong() - lookBack.toMillis();
            Map<TopicPartition, Long> times = new HashMap<>();
            unknown.forEach(partition -> times.put(partition, since));
            Map<TopicPartition, OffsetAndTimestamp> offsets = consumer.offsetsForTimes(times, KAFKA_TIMEOUT);
            for (TopicPartition partition : unknown) {
                Optional<IndexPosition> stored =
                        Optional.ofNullable(state.positions().get(partition.partition()));
                OffsetAndTimestamp back = offsets.get(partition);
                long end = ends.get(partition);
                IndexPosition position = stored.filter(
                                each -> each.nextOffset() >= begins.get(partition) && each.nextOffset() <= end)
                        .orElseGet(() ->
                                new IndexPosition(back == null ? end : back.offset(), since, 0, state.evictions()));
                consumer.seek(partition, position.nextOffset());
                copies.put(partition, Optional.of(new Copy(stored, position)));
            }
            consumer.resume(unknown);
        }

        /** Reads nothing of the partition until its position is known. */
        private void begin(TopicPartition partition) {
            copies.put(partition, Optional.empty());
            consumer.pause(List.of(partition));
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            partitions.forEach(this::begin);
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            partitions.forEach(copies::remove);
        }

        /** Also an index that does not answer: its records stay in the topic. */
        @Override
        public boolean isTransient(Exception failure) {
            return failure instanceof KafkaException
                    || failure instanceof ExecutionException
                    || failure instanceof TimeoutException;
        }

        @Override
        public void interrupt(Thread self) {
            consumer.wakeup();
        }

        @Override
        public void release() {
            consumer.close();
        }

        private static <T> T await(CompletionStage<T> stage)
                throws InterruptedException, ExecutionException, TimeoutException {
            return stage.toCompletableFuture().get(INDEX_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        }
    }
}
