package dev.penstock.worker.reply;

import dev.penstock.threads.Fault;
import dev.penstock.threads.ServiceThread;
import dev.penstock.threads.Time;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.OptionalLong;
import java.util.concurrent.DelayQueue;
import java.util.concurrent.Delayed;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Sends replies and dead letters, as {@link Delivery} decides. {@link #begin} never blocks, whatever the state of the topic: the producers
 * do not wait for metadata, and a thread sends again later what could not be sent at once. Thread-safe.
 */
public final class Deliveries implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(Deliveries.class);

    /** Deliveries that nobody waits for; beyond it they are dropped. */
    private static final int MAX_KEPT = 1000;

    private final ReplyProducers producers;
    private final ReplyTopics topics;
    private final Time time;
    private final TopicTroubles troubles = new TopicTroubles();
    private final DelayQueue<Due> due = new DelayQueue<>();
    private final AtomicInteger awaited = new AtomicInteger();
    private final AtomicInteger kept = new AtomicInteger();
    private final ServiceThread thread;

    /** Starts the thread. */
    public Deliveries(
            ReplyProducers producers, ReplyTopics topics, MeterRegistry registry, Consumer<? super Fault> faults) {
        this(producers, topics, registry, faults, Time.OF_MACHINE, ServiceThread::start);
    }

    /** @param begin starts the thread; a simulation does not, and calls {@link #resendNext} */
    Deliveries(
            ReplyProducers producers,
            ReplyTopics topics,
            MeterRegistry registry,
            Consumer<? super Fault> faults,
            Time time,
            UnaryOperator<ServiceThread> begin) {
        this.producers = producers;
        this.topics = topics;
        this.time = time;
        Gauge.builder("inference.deliveries.waiting", awaited, AtomicInteger::get)
                .description(
                        "Replies and dead letters that Kafka did not take yet, or that wait until it is sure that their partition is"
                                + " still this worker's")
                .register(registry);
        this.thread = begin.apply(new ServiceThread(
                "penstock-deliveries",
                "Replies and dead letters that Kafka does not take at once are not sent again.",
                faults,
                this::resendNext));
    }

    void prepareDeadLetters(String model) {
        producers.prepareDeadLetters(model);
    }

    /** The same permit; what waits for it counts as waiting. */
    Delivery.Permit counted(Delivery.Permit permit) {
        return (nowNanos, send, leave) -> {
            awaited.incrementAndGet();
            permit.ask(nowNanos, () -> noLongerAwaited(send), () -> noLongerAwaited(leave));
        };
    }

    private void noLongerAwaited(Runnable then) {
        awaited.decrementAndGet();
        then.run();
    }

    /** Runs {@code sends}, which begins so many deliveries, and lets those to our own topics go to Kafka together. */
    void together(int deliveries, Runnable sends) {
        producers.together(deliveries, sends);
    }

    /** Sends it until it is delivered or given up. */
    void begin(Delivery delivery) {
        send(delivery);
    }

    /** Waits for the next delivery that is due. */
    void resendNext() throws InterruptedException {
        resend(due.take().delivery);
    }

    /** When the next delivery is due; empty when none waits. */
    OptionalLong nextDueNanos() {
        Due next = due.peek();
        return next == null ? OptionalLong.empty() : OptionalLong.of(next.atNanos);
    }

    private void resend(Delivery delivery) {
        (delivery.isAwaited() ? awaited : kept).decrementAndGet();
        delivery.again(time.nanos(), () -> {
            if (topics.isKnownMissing(delivery.topic())) {
                tried(
                        delivery,
                        new Fate.Refused(new UnknownTopicOrPartitionException(
                                "it does not exist, or this worker may not describe it")));
            } else {
                send(delivery);
            }
        });
    }

    private void send(Delivery delivery) {
        Try attempt = new Try(delivery);
        try {
            producers.send(delivery.kind(), delivery.record(), attempt);
        } catch (KafkaException | IllegalStateException notTaken) {
            // Such as a producer that is being closed.
            tried(delivery, Fate.of(notTaken, false));
        }
        attempt.isSent = true;
    }

    private void tried(Delivery delivery, Fate fate) {
        long now = time.nanos();
        String topic = delivery.topic();
        Delivery.Step step = delivery.tried(fate, now, troubles.sinceNanos(topic));
        switch (fate) {
            case Fate.Written written -> troubles.succeeded(topic);
            case Fate.TooLarge tooLarge -> LOG.debugf("Topic %s: %s", topic, tooLarge.reason());
            case Fate.Refused(Exception reason) -> troubles.failed(topic, consequence(delivery, step), reason, now);
            case Fate.Unsettled(Exception reason, boolean maybeWritten) -> {
                topics.lookUpAgain(topic);
                if (maybeWritten || delivery.isStuck()) {
                    troubles.failed(topic, consequence(delivery, step), reason, now);
                }
            }
        }
        switch (step) {
            case Delivery.Step.Ended ended -> {}
            case Delivery.Step.SendNow again -> delivery.again(now, () -> send(delivery));
            case Delivery.Step.SendLater(long waitNanos) -> sendLater(delivery, now + waitNanos);
        }
    }

    private static String consequence(Delivery delivery, Delivery.Step step) {
        return (delivery.kind() == Delivery.Kind.DEAD_LETTER ? "a dead letter" : "a reply")
                + (step instanceof Delivery.Step.SendLater
                        ? " could not be written and is sent again"
                        : " could not be written and is given up");
    }

    private void sendLater(Delivery delivery, long atNanos) {
        if (delivery.isAwaited()) {
            awaited.incrementAndGet();
        } else if (kept.incrementAndGet() > MAX_KEPT) {
            kept.decrementAndGet();
            return;
        }
        due.add(new Due(delivery, atNanos, time));
    }

    /** Records that wait for a delivery stay unsettled: other workers get them. */
    @Override
    public void close() {
        thread.close();
        if (awaited.get() > 0) {
            LOG.infof(
                    "%d replies or dead letters could not be delivered; other workers serve their requests again",
                    awaited.get());
        }
    }

    /** Hears the fate of one try. A failure on the sender's own thread, before send returns, means that nothing was sent. */
    private final class Try implements Callback {
        private final Delivery delivery;
        private final Thread sender = Thread.currentThread();
        private boolean isSent;

        Try(Delivery delivery) {
            this.delivery = delivery;
        }

        @Override
        public void onCompletion(@Nullable RecordMetadata metadata, @Nullable Exception failure) {
            boolean failedAtOnce = Thread.currentThread() == sender && !isSent;
            tried(delivery, Fate.of(failure, !failedAtOnce));
        }
    }

    private record Due(Delivery delivery, long atNanos, Time time) implements Delayed {
        @Override
        public long getDelay(TimeUnit unit) {
            return unit.convert(atNanos - time.nanos(), TimeUnit.NANOSECONDS);
        }

        @Override
        public int compareTo(Delayed other) {
            return Long.signum(atNanos - ((Due) other).atNanos);
        }
    }
}
