package dev.penstock.kafka;

import static java.util.stream.Collectors.toMap;

import dev.penstock.threads.Fault;
import dev.penstock.threads.ServiceThread;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
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
 * thread then goes on from that position; without a position it goes back by a fixed time. The group's commits only show the lag, and come
 * twice a second.
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

        /**
         * From now on the indexer reads a partition.
         *
         * @param sinceMillis epoch ms; all that is appended later is read, in the order of the log
         */
        void takenUp(int partition, long sinceMillis);

        /** It no longer does, or has to find out from where. */
        void givenUp(int partition);
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

    /**
     * The copy of one partition.
     *
     * @param stored the index's position, as far as this thread knows
     * @param position from which this thread goes on
     */
    private record Copy(Optional<IndexPosition> stored, IndexPosition position, Optional<Goal> goal) {
        Copy towards(Goal next) {
            return goal.isPresent() ? this : new Copy(stored, position, Optional.of(next));
        }

        /** The position once all records before that offset are stored. */
        IndexPosition next(long offset, long nowMillis) {
            IndexPosition next = position.at(offset);
            return goal.filter(each -> each.endOffset() <= offset)
                    .map(each -> next.completeUntil(each.millis(), each.evictions(), nowMillis))
                    .orElse(next);
        }

        Copy at(IndexPosition next) {
            return new Copy(Optional.of(next), next, goal.filter(each -> each.endOffset() > next.nextOffset()));
        }
    }

    /** The end of the log at a time of the index's clock, and what the index had evicted by then. */
    private record Goal(long endOffset, long millis, long evictions) {}

    private final class Indexing implements ServiceThread.Duty, ConsumerRebalanceListener {
        private final String topic;

        /** By assigned partition whose position is known. */
        private final Map<TopicPartition, Copy> copies = new HashMap<>();

        /** The other assigned partitions. They are paused. */
        private final Set<TopicPartition> unknown = new HashSet<>();

        private Optional<Long> renewedNanos = Optional.empty();

        /** Whether anything was stored since the last commit. */
        private boolean isCommitDue;

        /** Whether the index has failed, and has not answered since. */
        private boolean isIndexAway;

        private Indexing(String topic) {
            this.topic = topic;
        }

        @Override
        public void turn() throws InterruptedException, ExecutionException, TimeoutException {
            try {
                store(consumer.poll(POLL));
                // Afterwards, since a question to the broker waits until the fetch before it has found something.
                if (renew()) {
                    store(ConsumerRecords.empty());
                }
            } catch (WakeupException stopping) {
                LOG.debugf("%s: woken to stop", name);
            } catch (ExecutionException | TimeoutException | KafkaException failed) {
                isIndexAway = isIndexAway || !(failed instanceof KafkaException);
                List.copyOf(copies.keySet()).forEach(this::begin);
                throw failed;
            }
        }

        private void store(ConsumerRecords<byte[], byte[]> polled)
                throws InterruptedException, ExecutionException, TimeoutException {
            List<Step> steps = steps(polled);
            if (steps.isEmpty()) {
                return;
            }
            Set<Integer> refused = await(index.store(steps));
            if (!refused.isEmpty()) {
                LOG.infof(
                        "%s: partitions %s of the index are not where they were: it lost data, or they have another owner."
                                + " Going on from where they are",
                        name, refused);
            }
            for (Step step : steps) {
                TopicPartition partition = new TopicPartition(topic, step.partition());
                if (refused.contains(step.partition())) {
                    begin(partition);
                } else {
                    copies.computeIfPresent(partition, (same, copy) -> copy.at(step.to()));
                }
            }
            isCommitDue = isCommitDue || !polled.isEmpty();
        }

        private List<Step> steps(ConsumerRecords<byte[], byte[]> polled) {
            List<Step> steps = new ArrayList<>();
            if (!copies.isEmpty()) {
                int partitions = consumer.partitionsFor(topic, KAFKA_TIMEOUT).size();
                copies.forEach((partition, copy) -> {
                    IndexPosition to = copy.next(consumer.position(partition, KAFKA_TIMEOUT), epochMillis.getAsLong());
                    if (!copy.stored.equals(Optional.of(to))) {
                        steps.add(new Step(
                                partition.partition(), partitions, copy.stored, to, polled.records(partition)));
                    }
                });
            }
            return steps;
        }

        /**
         * Reads the state of the index from time to time. It gives new partitions their positions, and the others their goals. An index that
         * was away is asked without any partition, too: a turn that succeeds tells the log that all is well again.
         *
         * @return whether it was time
         */
        private boolean renew() throws InterruptedException, ExecutionException, TimeoutException {
            boolean isDue = renewedNanos.isEmpty() || nanoClock.getAsLong() - renewedNanos.get() >= RENEW_NANOS;
            if (unknown.isEmpty() && (copies.isEmpty() || !isDue) && !isIndexAway) {
                return false;
            }
            State state = await(index.state()); // before the ends: what is appended later is not complete at that time
            isIndexAway = false;
            if (!unknown.isEmpty()) {
                takeUp(state);
            }
            consumer.endOffsets(copies.keySet(), KAFKA_TIMEOUT)
                    .forEach((partition, end) -> copies.computeIfPresent(
                            partition, (same, copy) -> copy.towards(new Goal(end, state.millis(), state.evictions()))));
            renewedNanos = Optional.of(nanoClock.getAsLong());
            commit();
            return true;
        }

        /** A commit costs the broker as much as a reply or two, so there is not one for each. */
        private void commit() {
            if (isCommitDue) {
                isCommitDue = false;
                consumer.commitAsync((offsets, failure) -> {
                    if (failure != null) {
                        LOG.debugf(failure, "%s: could not commit %s; the next commit will", name, offsets);
                    }
                });
            }
        }

        /** Goes on from the index's position. If it has none that the log still has, goes back by the time to look back. */
        private void takeUp(State state) {
            long now = epochMillis.getAsLong();
            long since = now - lookBack.toMillis();
            Map<TopicPartition, Long> ends = consumer.endOffsets(unknown, KAFKA_TIMEOUT);
            Map<TopicPartition, OffsetAndTimestamp> backs = consumer.offsetsForTimes(
                    unknown.stream().collect(toMap(partition -> partition, partition -> since)), KAFKA_TIMEOUT);
            consumer.beginningOffsets(unknown, KAFKA_TIMEOUT).forEach((partition, begin) -> {
                long end = ends.getOrDefault(partition, begin);
                OffsetAndTimestamp back = backs.get(partition);
                Optional<IndexPosition> stored =
                        Optional.ofNullable(state.positions().get(partition.partition()));
                IndexPosition position = stored.filter(each -> each.nextOffset() >= begin && each.nextOffset() <= end)
                        .orElseGet(() ->
                                new IndexPosition(back == null ? end : back.offset(), since, 0, state.evictions()));
                consumer.seek(partition, position.nextOffset());
                copies.put(partition, new Copy(stored, position, Optional.empty()));
                index.takenUp(partition.partition(), now);
            });
            consumer.resume(unknown);
            unknown.clear();
        }

        private void givenUp(TopicPartition partition) {
            copies.remove(partition);
            index.givenUp(partition.partition());
        }

        /** Reads nothing of the partition until its position is known. */
        private void begin(TopicPartition partition) {
            givenUp(partition);
            unknown.add(partition);
            consumer.pause(List.of(partition));
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            partitions.forEach(this::begin);
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            partitions.forEach(this::givenUp);
            unknown.removeAll(Set.copyOf(partitions));
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
