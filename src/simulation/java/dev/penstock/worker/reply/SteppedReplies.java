package dev.penstock.worker.reply;

import dev.penstock.threads.Time;
import io.micrometer.core.instrument.MeterRegistry;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;

/** The reply side of a worker as it is in production, but without threads: whoever makes it steps it. */
public final class SteppedReplies {
    private static final Admin NEVER_ASKED = (Admin) Proxy.newProxyInstance(
            Admin.class.getClassLoader(), new Class<?>[] {Admin.class}, (proxy, method, arguments) -> {
                throw new UnsupportedOperationException(method.getName());
            });

    private final ReplyTopics topics;
    private final Deliveries deliveries;
    private final EarlierReplies earlier;

    /**
     * @param reader reads other systems' reply topics
     * @param partitions of the reply topics that exist
     */
    public SteppedReplies(
            ReplyProducers producers,
            Consumer<byte[], byte[]> reader,
            Map<String, Integer> partitions,
            Time time,
            MeterRegistry registry) {
        topics = new ReplyTopics(
                NEVER_ASKED,
                producers,
                List.of("*"),
                ReplyTopics.Maker.NONE,
                fault -> {},
                () -> 0, // what it knows of topics never ages, since nobody would look them up again
                UnaryOperator.identity());
        partitions.forEach((topic, number) -> topics.found(topic, OptionalInt.of(number)));
        deliveries = new Deliveries(producers, topics, registry, fault -> {}, time, UnaryOperator.identity());
        earlier = new EarlierReplies(reader, fault -> {}, UnaryOperator.identity());
    }

    public ReplyTopics topics() {
        return topics;
    }

    public Deliveries deliveries() {
        return deliveries;
    }

    public EarlierReplies earlier() {
        return earlier;
    }

    /** Whether {@link #search} has something to do. */
    public boolean isAsked() {
        return earlier.isAsked();
    }

    /**
     * Looks for the earlier replies that were asked for.
     *
     * @throws org.apache.kafka.common.KafkaException when the broker does not answer; the questions are kept
     */
    public void search() {
        try {
            earlier.search();
        } catch (InterruptedException never) {
            throw new AssertionError(never);
        }
    }

    /** When {@link #resendNext} has something to do; empty when nothing waits. */
    public OptionalLong nextDueNanos() {
        return deliveries.nextDueNanos();
    }

    /** Sends a delivery again that is due. */
    public void resendNext() {
        try {
            deliveries.resendNext();
        } catch (InterruptedException never) {
            throw new AssertionError(never);
        }
    }
}
