package dev.penstock.worker.reply;

import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.InvalidRequestException;
import dev.penstock.worker.accepted.ReplyAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.header.Headers;
import org.jboss.logging.Logger;

/**
 * Which topics replies may go to: those on the operator's allow-list that exist. Asked before a request runs, since a send to a topic
 * that is not there would hold up everybody's replies.
 */
public final class ReplyTopics {
    private static final Logger LOG = Logger.getLogger(ReplyTopics.class);
    private static final long REMEMBER_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final long REMEMBER_MISSING_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final int REMEMBERED = 10_000;

    private final Admin admin;
    private final Producer<byte[], byte[]> producer;
    private final List<Pattern> allowed;
    private final Map<String, Known> known = new ConcurrentHashMap<>();

    /**
     * @param producer the one that will send the replies; its metadata is fetched here
     * @param allowed topic names in which {@code *} stands for any characters
     */
    public ReplyTopics(Admin admin, Producer<byte[], byte[]> producer, List<String> allowed) {
        this.admin = admin;
        this.producer = producer;
        this.allowed = allowed.stream().map(ReplyTopics::glob).toList();
    }

    /**
     * The address that a request's headers name, if they name one.
     *
     * @throws InvalidRequestException when nothing may be sent there
     */
    public Optional<ReplyAddress> resolve(Headers headers) throws InvalidRequestException {
        Optional<String> topic = RecordHeaders.text(headers, RecordHeaders.REPLY_TOPIC);
        if (topic.isEmpty()) {
            return Optional.empty();
        }
        if (!isAllowed(topic.get())) {
            throw new InvalidRequestException(
                    RecordHeaders.REPLY_TOPIC, "must be on penstock.replies.allowed-topics, was '" + topic.get() + "'");
        }
        OptionalInt partitions = partitions(topic.get());
        if (partitions.isEmpty()) {
            throw new InvalidRequestException(
                    RecordHeaders.REPLY_TOPIC, "must be a topic that exists, was '" + topic.get() + "'");
        }
        Optional<Long> partition = RecordHeaders.number(headers, RecordHeaders.REPLY_PARTITION, 0);
        if (partition.isPresent() && partition.get() >= partitions.getAsInt()) {
            throw new InvalidRequestException(
                    RecordHeaders.REPLY_PARTITION,
                    "must be in 0.." + (partitions.getAsInt() - 1) + ", was " + partition.get());
        }
        return Optional.of(new ReplyAddress(topic.get(), partition.map(Long::intValue)));
    }

    private boolean isAllowed(String topic) {
        return topic.equals(Topics.REPLIES)
                || topic.equals(Topics.RESULTS)
                || allowed.stream().anyMatch(pattern -> pattern.matcher(topic).matches());
    }

    private OptionalInt partitions(String topic) {
        long now = System.nanoTime();
        Known remembered = known.get(topic);
        if (remembered != null && now - remembered.untilNanos < 0) {
            return remembered.partitions;
        }
        if (known.size() >= REMEMBERED) {
            known.clear();
        }
        OptionalInt partitions = ask(topic);
        if (partitions.isPresent()) {
            producer.partitionsFor(topic);
        }
        known.put(
                topic, new Known(partitions, now + (partitions.isPresent() ? REMEMBER_NANOS : REMEMBER_MISSING_NANOS)));
        return partitions;
    }

    /** Asks until there is an answer: without the broker there is nothing else to do. */
    private OptionalInt ask(String topic) {
        while (true) {
            try {
                var described =
                        admin.describeTopics(List.of(topic)).allTopicNames().get(5, TimeUnit.SECONDS);
                return described.values().stream()
                        .mapToInt(found -> found.partitions().size())
                        .findFirst();
            } catch (ExecutionException | TimeoutException failed) {
                if (failed.getCause() instanceof UnknownTopicOrPartitionException
                        || failed.getCause() instanceof InvalidTopicException) {
                    return OptionalInt.empty();
                }
                LOG.warnf(failed, "The broker does not say whether it has topic %s; asking again", topic);
            } catch (InterruptedException stopping) {
                Thread.currentThread().interrupt();
                throw new InterruptException(stopping);
            }
        }
    }

    private static Pattern glob(String glob) {
        return Pattern.compile("\\Q" + glob.replace("*", "\\E.*\\Q") + "\\E");
    }

    /** @param partitions empty when there is no such topic */
    private record Known(OptionalInt partitions, long untilNanos) {}
}
