package dev.penstock.kafka;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;
import static java.util.stream.Collectors.toMap;

import dev.penstock.messages.RecordHeaders;
import dev.penstock.threads.Fault;
import dev.penstock.threads.ServiceThread;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntUnaryOperator;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * Finds the first record with a correlation id in the log, on a few threads with a consumer each. A thread takes all questions that wait
 * and reads each of their partitions once, up to its end at that moment. A question that is asked again goes on where the last search
 * ended, also if that one ran out of time. Thread-safe.
 *
 * @param <T> what the records are read as
 */
public final class TopicSearch<T> implements AutoCloseable {
    private static final int MAX_WAITING = 2000;
    private static final int MAX_TOGETHER = 200;
    private static final int MAX_REMEMBERED = 20_000;
    private static final Duration POLL = Duration.ofMillis(100);

    private final Function<ConsumerRecord<byte[], byte[]>, Optional<T>> reader;
    private final Duration timeout;
    private final BlockingQueue<Search<T>> waiting = new LinkedBlockingQueue<>(MAX_WAITING);
    private final Map<String, Searched> searched = Collections.synchronizedMap(new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Searched> eldest) {
            return size() > MAX_REMEMBERED;
        }
    });
    private final List<ServiceThread> threads;

    /**
     * Where to look.
     *
     * @param partition of the topic, computed from how many it has
     * @param sinceMillis no earlier record can have the id; epoch ms, on the broker's clock
     */
    public record Question(String topic, IntUnaryOperator partition, String correlationId, long sinceMillis) {}

    /** The answer to a question. */
    public sealed interface Answer<T> {
        /** The first record with the id that can be read. */
        record Found<T>(T value) implements Answer<T> {}

        /** The log had no such record when it was asked, and still reached back to the time in question. */
        record Absent<T>() implements Answer<T> {}

        /** The log has no such record, and has deleted records that may be of that time or later. */
        record PerhapsDeleted<T>() implements Answer<T> {}
    }

    /** Where a search ended without success. */
    private record Searched(long nextOffset, boolean isWhole) {}

    private record Search<T>(Question question, CompletableFuture<Answer<T>> answer) {}

    /**
     * Starts the threads.
     *
     * @param timeout after it a question fails
     * @param reader empty when a record with the id is not what is sought
     */
    public TopicSearch(
            String name,
            int threadCount,
            Consumer<? super Fault> faults,
            Supplier<KafkaConsumer<byte[], byte[]>> consumers,
            Duration timeout,
            Function<ConsumerRecord<byte[], byte[]>, Optional<T>> reader) {
        this.reader = reader;
        this.timeout = timeout;
        this.threads = IntStream.range(0, threadCount)
                .mapToObj(i -> new ServiceThread(
                                name + "-" + i,
                                "Outcomes that are looked up in Kafka's log are found late, or not at all.",
                                faults,
                                new Searching(consumers.get()))
                        .start())
                .toList();
    }

    /** Never blocks. Fails when there are too many questions, when Kafka does not answer, or when time is over. */
    public CompletableFuture<Answer<T>> find(Question question) {
        Search<T> search = new Search<>(question, new CompletableFuture<>());
        search.answer.orTimeout(timeout.toMillis(), TimeUnit.MILLISECONDS);
        if (!waiting.offer(search)) {
            search.answer.completeExceptionally(
                    new RejectedExecutionException("more than " + MAX_WAITING + " look-ups wait"));
        }
        return search.answer;
    }

    @Override
    public void close() {
        threads.forEach(ServiceThread::requestStop);
        threads.forEach(ServiceThread::awaitEnd);
    }

    private final class Searching implements ServiceThread.Duty {
        private final KafkaConsumer<byte[], byte[]> consumer;

        private Searching(KafkaConsumer<byte[], byte[]> consumer) {
            this.consumer = consumer;
        }

        @Override
        public void turn() throws InterruptedException {
            List<Search<T>> batch = new ArrayList<>();
            batch.add(waiting.take());
            waiting.drainTo(batch, MAX_TOGETHER - 1);
            try {
                search(batch);
            } catch (KafkaException failed) {
                batch.forEach(search -> search.answer.completeExceptionally(failed));
                throw failed;
            }
        }

        private void search(List<Search<T>> batch) {
            Map<TopicPartition, List<Search<T>>> byPartition = batch.stream()
                    .filter(search -> !search.answer.isDone())
                    .collect(groupingBy(search -> partition(search.question)));
            Set<TopicPartition> partitions = byPartition.keySet();
            consumer.assign(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            Map<TopicPartition, Long> begins = consumer.beginningOffsets(partitions);
            Map<TopicPartition, OffsetAndTimestamp> starts = consumer.offsetsForTimes(byPartition.entrySet().stream()
                    .collect(toMap(
                            Map.Entry::getKey,
                            entry -> entry.getValue().stream()
                                    .mapToLong(search -> search.question.sinceMillis())
                                    .min()
                                    .orElseThrow())));
            List<Scan> scans = new ArrayList<>();
            byPartition.forEach((partition, searches) -> {
                OffsetAndTimestamp start = starts.get(partition);
                long begin = begins.getOrDefault(partition, 0L);
                long end = ends.getOrDefault(partition, begin);
                scans.add(new Scan(partition, searches, begin, start == null ? end : start.offset(), end));
            });
            consumer.resume(partitions); // those of the last search are still paused
            scans.forEach(scan -> consumer.seek(scan.partition, scan.next));
            while (scans.stream().anyMatch(Scan::goesOn)) {
                var polled = consumer.poll(POLL);
                for (Scan scan : scans) {
                    polled.records(scan.partition).forEach(scan::read);
                    scan.next = consumer.position(scan.partition);
                    if (!scan.goesOn()) {
                        consumer.pause(List.of(scan.partition));
                    }
                }
            }
            scans.forEach(Scan::end);
        }

        private TopicPartition partition(Question question) {
            List<PartitionInfo> known = consumer.partitionsFor(question.topic());
            if (known == null || known.isEmpty()) {
                throw new UnknownTopicOrPartitionException("the broker does not know " + question.topic());
            }
            return new TopicPartition(question.topic(), question.partition().applyAsInt(known.size()));
        }

        @Override
        public boolean isTransient(Exception failure) {
            return failure instanceof KafkaException;
        }

        @Override
        public void interrupt(Thread thread) {
            consumer.wakeup();
            thread.interrupt();
        }

        @Override
        public void release() {
            consumer.close();
        }
    }

    /** The scan of one partition for all questions about it. Confined to its thread. */
    private final class Scan {
        private final TopicPartition partition;
        private final Map<String, List<Search<T>>> searches;
        private final long begin;
        private final long start;
        private final long end;
        private long next;
        private final boolean isFromBegin;
        private long firstMillis = Long.MAX_VALUE;

        /** @param start of the records that are young enough for the oldest question */
        private Scan(TopicPartition partition, List<Search<T>> all, long begin, long start, long end) {
            this.partition = partition;
            this.searches =
                    all.stream().collect(groupingBy(search -> search.question.correlationId(), HashMap::new, toList()));
            this.begin = begin;
            this.start = start;
            this.end = end;
            long first = searches.keySet().stream()
                    .mapToLong(id -> before(id).map(Searched::nextOffset).orElse(start))
                    .min()
                    .orElse(end);
            this.next = Math.max(begin, first);
            this.isFromBegin = next == begin;
        }

        private boolean goesOn() {
            return next < end
                    && searches.values().stream().flatMap(List::stream).anyMatch(search -> !search.answer.isDone());
        }

        private void read(ConsumerRecord<byte[], byte[]> record) {
            if (isFromBegin) {
                firstMillis = Math.min(firstMillis, record.timestamp());
            }
            if (searches.isEmpty()) {
                return;
            }
            String id = RecordHeaders.text(record.headers(), RecordHeaders.CORRELATION_ID)
                    .orElse("");
            List<Search<T>> found = searches.get(id);
            if (found != null) {
                reader.apply(record).ifPresent(value -> {
                    found.forEach(search -> search.answer.complete(new Answer.Found<>(value)));
                    searches.remove(id);
                });
            }
        }

        private void end() {
            searches.forEach((id, all) -> {
                boolean isWhole = before(id)
                        .map(Searched::isWhole)
                        .orElseGet(() -> reachesBackTo(all.getFirst().question.sinceMillis()));
                searched.merge(
                        id,
                        new Searched(next, isWhole),
                        (old, now) -> isUseful(old) && old.nextOffset > next ? old : now);
                if (next >= end) {
                    all.forEach(search ->
                            search.answer.complete(isWhole ? new Answer.Absent<>() : new Answer.PerhapsDeleted<>()));
                }
            });
        }

        private Optional<Searched> before(String id) {
            return Optional.ofNullable(searched.get(id)).filter(this::isUseful);
        }

        /** False when the topic was made again in the meantime. */
        private boolean isUseful(Searched before) {
            return before.nextOffset <= end;
        }

        /** Whether nothing of that time or later has been deleted. */
        private boolean reachesBackTo(long millis) {
            return begin == 0 || start > begin || firstMillis < millis;
        }
    }
}
