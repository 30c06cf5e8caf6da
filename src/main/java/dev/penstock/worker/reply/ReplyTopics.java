package dev.penstock.worker.reply;

import dev.penstock.kafka.Absence;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.threads.Fault;
import dev.penstock.threads.LimitedLog;
import dev.penstock.threads.ServiceThread;
import dev.penstock.worker.accepted.ReplyAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.header.Headers;
import org.jboss.logging.Logger;

/**
 * Knows which topics replies may go to: those on the operator's allow-list that exist. A request is checked before it runs, so that
 * none runs in vain.
 *
 * <p>{@link #resolve} never blocks. A known topic is answered at once. Others are looked up by a thread, many per call to the broker, so
 * that a producer with made-up topics slows nobody. Existing and missing topics are remembered apart: made-up names displace no real one.
 * Each look-up belongs to an open request, so {@code max-open-requests} bounds them. Thread-safe.
 */
public final class ReplyTopics implements AutoCloseable {
    private static final LimitedLog DENIED = new LimitedLog(Logger.getLogger(ReplyTopics.class));

    /** An existing topic is looked up again at this age; requests need not wait for that. */
    private static final long REFRESH_NANOS = TimeUnit.SECONDS.toNanos(30);

    private static final long REMEMBER_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final long REMEMBER_MISSING_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final int MAX_REMEMBERED = 10_000;
    private static final int MAX_NAMES_PER_CALL = 100;
    private static final long CALL_TIMEOUT_SECONDS = 5;

    private final Admin admin;
    private final ReplyProducers producers;
    private final List<Pattern> allowed;
    private final Maker maker;
    private final LongSupplier nanoClock;
    private final Map<String, Existing> existing = new Recent<>();
    private final Map<String, Long> missingNanos = new Recent<>();
    private final Map<String, CompletableFuture<OptionalInt>> lookUps = new ConcurrentHashMap<>();
    private final BlockingQueue<String> names = new LinkedBlockingQueue<>();
    private final ServiceThread thread;

    /** Makes topics again that should be there. */
    public interface Maker {
        Maker NONE = (topic, made) -> {};

        /**
         * Makes a topic if this worker should. Does not block.
         *
         * @param made runs once it is made
         */
        void missing(String topic, Runnable made);
    }

    /**
     * Starts the thread.
     *
     * @param producers those that will send the replies; their metadata is fetched here
     * @param allowed topic names in which {@code *} stands for any characters
     * @param maker hears of each topic that was looked up and is missing
     */
    public ReplyTopics(
            Admin admin, ReplyProducers producers, List<String> allowed, Maker maker, Consumer<? super Fault> faults) {
        this(admin, producers, allowed, maker, faults, System::nanoTime, ServiceThread::start);
    }

    ReplyTopics(
            Admin admin,
            ReplyProducers producers,
            List<String> allowed,
            Consumer<? super Fault> faults,
            LongSupplier nanoClock) {
        this(admin, producers, allowed, Maker.NONE, faults, nanoClock, ServiceThread::start);
    }

    /** @param begin starts the thread; a simulation does not, and says what is {@link #found} */
    ReplyTopics(
            Admin admin,
            ReplyProducers producers,
            List<String> allowed,
            Maker maker,
            Consumer<? super Fault> faults,
            LongSupplier nanoClock,
            UnaryOperator<ServiceThread> begin) {
        this.admin = admin;
        this.producers = producers;
        this.allowed = allowed.stream().map(ReplyTopics::glob).toList();
        this.maker = maker;
        this.nanoClock = nanoClock;
        this.thread = begin.apply(new ServiceThread(
                "penstock-reply-topics",
                "Requests with a reply topic that is not known yet are not served.",
                faults,
                new LookUp()));
    }

    /** The address that a request's headers name. The future never fails; it is complete unless the topic has to be looked up. */
    public CompletableFuture<Resolution> resolve(Headers headers) {
        Optional<String> topic = RecordHeaders.replyTopic(headers);
        if (topic.isEmpty()) {
            return CompletableFuture.completedFuture(new Resolution.To(Optional.empty()));
        }
        String name = topic.get();
        if (!isAllowed(name)) {
            return CompletableFuture.completedFuture(new Resolution.Rejected(new InvalidRequestException(
                    RecordHeaders.REPLY_TOPIC, "must be on penstock.replies.allowed-topics, was '" + name + "'")));
        }
        return partitions(name).thenApply(partitions -> resolution(name, partitions, headers));
    }

    private boolean isAllowed(String topic) {
        return Topics.isOurReplyTopic(topic)
                || allowed.stream().anyMatch(pattern -> pattern.matcher(topic).matches());
    }

    private static Resolution resolution(String topic, OptionalInt partitions, Headers headers) {
        try {
            if (partitions.isEmpty()) {
                throw new InvalidRequestException(
                        RecordHeaders.REPLY_TOPIC, "must be a topic that exists, was '" + topic + "'");
            }
            Optional<Long> partition = RecordHeaders.replyPartition(headers);
            if (partition.isPresent() && partition.get() >= partitions.getAsInt()) {
                throw new InvalidRequestException(
                        RecordHeaders.REPLY_PARTITION,
                        "must be in 0.." + (partitions.getAsInt() - 1) + ", was " + partition.get());
            }
            return new Resolution.To(Optional.of(new ReplyAddress(topic, partition.map(Long::intValue))));
        } catch (InvalidRequestException invalid) {
            return new Resolution.Rejected(invalid);
        }
    }

    /** Empty when there is no such topic. */
    private synchronized CompletableFuture<OptionalInt> partitions(String topic) {
        long now = nanoClock.getAsLong();
        Existing known = existing.get(topic);
        if (known != null && now - known.seenNanos < REMEMBER_NANOS) {
            if (now - known.seenNanos >= REFRESH_NANOS) {
                lookUp(topic);
            }
            return CompletableFuture.completedFuture(OptionalInt.of(known.partitions));
        }
        return isKnownMissing(topic) ? CompletableFuture.completedFuture(OptionalInt.empty()) : lookUp(topic);
    }

    /** Whether a topic was missing when it was looked up within the last seconds. */
    synchronized boolean isKnownMissing(String topic) {
        Long missing = missingNanos.get(topic);
        return missing != null && nanoClock.getAsLong() - missing < REMEMBER_MISSING_NANOS;
    }

    /** Looks up a topic that makes trouble, as it may be gone. Does not wait. */
    synchronized void lookUpAgain(String topic) {
        lookUp(topic);
    }

    private CompletableFuture<OptionalInt> lookUp(String topic) {
        return lookUps.computeIfAbsent(topic, none -> {
            names.add(topic);
            return new CompletableFuture<>();
        });
    }

    /** @param partitions empty when there is no such topic */
    void found(String topic, OptionalInt partitions) {
        CompletableFuture<OptionalInt> waiting;
        synchronized (this) {
            long now = nanoClock.getAsLong();
            existing.remove(topic);
            missingNanos.remove(topic);
            if (partitions.isPresent()) {
                existing.put(topic, new Existing(partitions.getAsInt(), now));
            } else {
                missingNanos.put(topic, now);
            }
            waiting = lookUps.remove(topic);
        }
        if (partitions.isEmpty()) {
            maker.missing(topic, () -> lookUpAgain(topic));
        }
        if (waiting != null) {
            waiting.complete(partitions);
        }
    }

    synchronized int remembered() {
        return existing.size() + missingNanos.size();
    }

    @Override
    public void close() {
        thread.close();
    }

    private static Pattern glob(String glob) {
        return Pattern.compile("\\Q" + glob.replace("*", "\\E.*\\Q") + "\\E");
    }

    private record Existing(int partitions, long seenNanos) {}

    /** Forgets the entry that was not used for the longest time. */
    private static final class Recent<V> extends LinkedHashMap<String, V> {
        Recent() {
            super(16, 0.75f, true);
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, V> eldest) {
            return size() > MAX_REMEMBERED;
        }
    }

    private final class LookUp implements ServiceThread.Duty {
        /** Names that got no answer are asked for again. */
        @Override
        public void turn() throws InterruptedException, ExecutionException, TimeoutException {
            List<String> batch = new ArrayList<>();
            batch.add(names.take());
            names.drainTo(batch, MAX_NAMES_PER_CALL - 1);
            Optional<Exception> unanswered = Optional.empty();
            Map<String, KafkaFuture<TopicDescription>> answers = describe(batch);
            for (String name : batch) {
                try {
                    found(name, partitions(name, answers));
                } catch (ExecutionException | TimeoutException | KafkaException trouble) {
                    names.add(name);
                    unanswered = Optional.of(trouble);
                }
            }
            if (unanswered.isPresent()) {
                throw new ExecutionException("the broker does not say which reply topics exist", unanswered.get());
            }
        }

        private Map<String, KafkaFuture<TopicDescription>> describe(List<String> batch) {
            try {
                return admin.describeTopics(batch, new DescribeTopicsOptions().timeoutMs((int)
                                        TimeUnit.SECONDS.toMillis(CALL_TIMEOUT_SECONDS)))
                        .topicNameValues();
            } catch (KafkaException notAsked) {
                names.addAll(batch);
                throw notAsked;
            }
        }

        /** Also lets the producer fetch its metadata, so that the reply need not wait for it. */
        private OptionalInt partitions(String name, Map<String, KafkaFuture<TopicDescription>> answers)
                throws ExecutionException, InterruptedException, TimeoutException {
            KafkaFuture<TopicDescription> answer = answers.get(name);
            if (answer == null) {
                throw new TimeoutException("no answer for topic " + name);
            }
            try {
                int partitions = answer.get(CALL_TIMEOUT_SECONDS, TimeUnit.SECONDS)
                        .partitions()
                        .size();
                producers.prepare(name);
                return OptionalInt.of(partitions);
            } catch (ExecutionException failed) {
                Throwable cause = failed.getCause();
                if (cause instanceof TopicAuthorizationException) {
                    DENIED.warn("This worker may not describe reply topic %s; it counts as missing", name);
                    return OptionalInt.empty();
                }
                if (cause instanceof UnknownTopicOrPartitionException || cause instanceof InvalidTopicException) {
                    return OptionalInt.empty();
                }
                throw failed;
            }
        }

        @Override
        public boolean isTransient(Exception failure) {
            return failure instanceof ExecutionException
                    || failure instanceof TimeoutException
                    || failure instanceof KafkaException;
        }

        @Override
        public boolean isKnown(Exception failure) {
            return Absence.causes(failure);
        }
    }
}
