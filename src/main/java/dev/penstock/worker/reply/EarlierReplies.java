package dev.penstock.worker.reply;

import dev.penstock.messages.CorrelationId;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.RecordSource;
import dev.penstock.threads.Fault;
import dev.penstock.threads.LimitedLog;
import dev.penstock.threads.ServiceThread;
import dev.penstock.worker.accepted.ReplyAddress;
import dev.penstock.worker.accepted.SourceRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.errors.WakeupException;
import org.jboss.logging.Logger;

/**
 * Finds the replies that another worker has sent already to other systems' topics, where nobody drops a second reply. Reads the topic from
 * the time of the first request in question to its end; later questions read on from there. Each question belongs to an open request, so
 * {@code max-open-requests} bounds them. Runs a thread. Thread-safe.
 */
public final class EarlierReplies implements AutoCloseable {
    private static final LimitedLog LIMITED = new LimitedLog(Logger.getLogger(EarlierReplies.class));
    private static final Duration CALL_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration POLL = Duration.ofMillis(500);

    /** The clocks of two brokers, or of a broker and a worker, differ by less. */
    private static final long SKEW_MILLIS = 5000;

    /** About 250 bytes each. */
    private static final int MOST_SOURCES = 200_000;

    private static final long FORGET_SECONDS = 60;

    private final Consumer<byte[], byte[]> consumer;
    private final BlockingQueue<Question> questions = new LinkedBlockingQueue<>();
    private final Search search = new Search();
    private final ServiceThread thread;

    /** @param id the sender's; empty when it set none */
    private record Question(
            String topic,
            RecordSource source,
            Optional<CorrelationId> id,
            long sinceMillis,
            CompletableFuture<Boolean> answer) {}

    private record Reply(long timestampMillis, Optional<CorrelationId> id) {}

    /**
     * Starts the thread.
     *
     * @param consumer without a group
     */
    public EarlierReplies(Consumer<byte[], byte[]> consumer, java.util.function.Consumer<? super Fault> faults) {
        this(consumer, faults, ServiceThread::start);
    }

    /** @param begin starts the thread; a simulation does not, and calls {@link #search} */
    EarlierReplies(
            Consumer<byte[], byte[]> consumer,
            java.util.function.Consumer<? super Fault> faults,
            UnaryOperator<ServiceThread> begin) {
        this.consumer = consumer;
        this.thread = begin.apply(new ServiceThread(
                "penstock-earlier-replies",
                "Requests of other systems that another worker may have answered are not served.",
                faults,
                search));
    }

    /** The same resolution, or {@link Resolution.Answered} if the reply to the record is there already. Never fails and never blocks. */
    public CompletableFuture<Resolution> unlessAnswered(Resolution resolution, SourceRecord record) {
        if (resolution instanceof Resolution.To(Optional<ReplyAddress> address)
                && address.filter(to -> !to.isOurs()).isPresent()) {
            CompletableFuture<Boolean> answer = new CompletableFuture<>();
            questions.add(new Question(
                    address.get().topic(),
                    record.origin(),
                    sentId(record),
                    record.timestampMillis() - SKEW_MILLIS,
                    answer));
            return answer.thenApply(isAnswered -> isAnswered ? new Resolution.Answered() : resolution);
        }
        return CompletableFuture.completedFuture(resolution);
    }

    /** Whether a question waits. */
    boolean isAsked() {
        return !questions.isEmpty();
    }

    /** Waits for questions, and answers them. */
    void search() throws InterruptedException {
        search.turn();
    }

    /** The id that the record came with. Without one it gets another each time that it is taken off the log. */
    private static Optional<CorrelationId> sentId(SourceRecord record) {
        AtomicBoolean isSent = new AtomicBoolean();
        record.forEachHeader((name, value) -> {
            if (RecordHeaders.isCorrelationId(name)) {
                isSent.set(true);
            }
        });
        return isSent.get() ? Optional.of(record.correlationId()) : Optional.empty();
    }

    @Override
    public void close() {
        thread.close();
    }

    /** What was read of one topic: the requests that its replies answer, and when the last reply to each came. Confined to the thread. */
    private static final class Read {
        private final long sinceMillis;
        private final Map<TopicPartition, Long> next = new HashMap<>();
        private final Map<RecordSource, Reply> replied = new HashMap<>();
        private boolean isFull;

        Read(long sinceMillis) {
            this.sinceMillis = sinceMillis;
        }

        void note(String topic, ConsumerRecord<byte[], byte[]> reply) {
            Optional<RecordSource> source =
                    RecordHeaders.text(reply.headers(), RecordHeaders.SOURCE).flatMap(RecordSource::parse);
            if (source.isEmpty()) {
                return;
            }
            if (replied.size() < MOST_SOURCES) {
                replied.put(
                        source.get(),
                        new Reply(
                                reply.timestamp(),
                                RecordHeaders.bytes(reply.headers(), RecordHeaders.CORRELATION_ID)
                                        .map(CorrelationId::of)));
            } else if (!isFull) {
                isFull = true;
                LIMITED.warn(
                        "Topic %s has more than %d replies since the requests that are served again; some may be answered twice",
                        topic, MOST_SOURCES);
            }
        }

        /**
         * A topic that was deleted and created again starts at offset 0. So the reply must not be older than the request, and must
         * have its id.
         */
        boolean answers(Question question) {
            Reply reply = replied.get(question.source);
            return reply != null
                    && reply.timestampMillis >= question.sinceMillis
                    && (question.id.isEmpty() || question.id.equals(reply.id));
        }
    }

    private final class Search implements ServiceThread.Duty {
        private final Map<String, Read> read = new HashMap<>();

        @Override
        public void turn() throws InterruptedException {
            Question first = questions.poll(FORGET_SECONDS, TimeUnit.SECONDS);
            if (first == null) {
                read.clear();
                return;
            }
            List<Question> all = new ArrayList<>(List.of(first));
            questions.drainTo(all);
            try {
                Map<String, List<Question>> byTopic = all.stream().collect(Collectors.groupingBy(Question::topic));
                byTopic.forEach(this::answer);
            } finally {
                all.stream().filter(question -> !question.answer.isDone()).forEach(questions::add);
            }
        }

        private void answer(String topic, List<Question> asked) {
            try {
                long since =
                        asked.stream().mapToLong(Question::sinceMillis).min().orElseThrow();
                Read replies = read.compute(
                        topic, (name, known) -> known == null || since < known.sinceMillis ? new Read(since) : known);
                readToTheEnd(topic, replies);
                asked.forEach(question -> question.answer.complete(replies.answers(question)));
            } catch (AuthorizationException | UnknownTopicOrPartitionException | InvalidTopicException unreadable) {
                LIMITED.warn(
                        "This worker cannot read reply topic %s, so %d requests that are served again may be answered twice. Cause: %s",
                        topic, asked.size(), unreadable);
                asked.forEach(question -> question.answer.complete(false));
            }
        }

        private void readToTheEnd(String topic, Read replies) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic, CALL_TIMEOUT).stream()
                    .map(each -> new TopicPartition(topic, each.partition()))
                    .toList();
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions, CALL_TIMEOUT);
            if (replies.next.isEmpty()) {
                Map<TopicPartition, Long> times = new HashMap<>();
                partitions.forEach(partition -> times.put(partition, Math.max(0, replies.sinceMillis)));
                Map<TopicPartition, OffsetAndTimestamp> begins = consumer.offsetsForTimes(times, CALL_TIMEOUT);
                partitions.forEach(partition -> replies.next.put(
                        partition,
                        Optional.ofNullable(begins.get(partition))
                                .map(OffsetAndTimestamp::offset)
                                .orElseGet(() -> ends.getOrDefault(partition, 0L))));
            }
            consumer.assign(partitions);
            for (TopicPartition partition : partitions) {
                consumer.seek(partition, replies.next.getOrDefault(partition, 0L));
            }
            while (partitions.stream()
                    .anyMatch(
                            partition -> replies.next.getOrDefault(partition, 0L) < ends.getOrDefault(partition, 0L))) {
                consumer.poll(POLL).forEach(reply -> replies.note(topic, reply));
                partitions.forEach(
                        partition -> replies.next.put(partition, consumer.position(partition, CALL_TIMEOUT)));
            }
        }

        @Override
        public boolean isTransient(Exception failure) {
            return failure instanceof KafkaException && !(failure instanceof WakeupException);
        }

        @Override
        public void interrupt(Thread self) {
            consumer.wakeup();
            self.interrupt();
        }

        @Override
        public void release() {
            consumer.close();
        }
    }
}
