package dev.penstock.ingress.submit;

import dev.penstock.kafka.Absence;
import dev.penstock.messages.Topics;
import dev.penstock.threads.Fault;
import dev.penstock.threads.ServiceThread;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import org.apache.kafka.common.KafkaException;

/**
 * Fetches the metadata of topics before they are published to: those that are always needed, and those of the models that are announced. It
 * blocks where a topic is missing, so it has a thread of its own, and the follower of announcements never waits. Thread-safe.
 */
public final class ModelTopics implements AutoCloseable {
    /** Topics that wait here. One of a model that does not fit is announced again within seconds. */
    private static final int MAX_WAITING = 20_000;

    private final BlockingQueue<String> waiting = new LinkedBlockingQueue<>(MAX_WAITING);
    private final Set<String> always;
    private final ServiceThread thread;

    /** Fetches the metadata of topics; returns at once when they are known. */
    @FunctionalInterface
    public interface Preparation {
        void prepare(Collection<String> topics) throws InterruptedException;
    }

    /** @param always topics that are needed whether or not a model is announced */
    public ModelTopics(Consumer<? super Fault> faults, List<String> always, Preparation preparation) {
        this.always = Set.copyOf(always);
        this.waiting.addAll(always);
        this.thread = new ServiceThread(
                        "penstock-model-topics",
                        "Calls of models that are announced from now on are answered 503.",
                        faults,
                        new Prepare(preparation))
                .start();
    }

    /** Prepares the model's topics soon. Never blocks. */
    public void announced(String model) {
        for (String topic : Topics.requests(model)) {
            if (!waiting.contains(topic)) {
                waiting.offer(topic);
            }
        }
    }

    @Override
    public void close() {
        thread.close();
    }

    private final class Prepare implements ServiceThread.Duty {
        private final Preparation preparation;

        private Prepare(Preparation preparation) {
            this.preparation = preparation;
        }

        @Override
        public void turn() throws InterruptedException {
            Set<String> topics = new LinkedHashSet<>();
            topics.add(waiting.take());
            waiting.drainTo(topics);
            try {
                preparation.prepare(topics);
            } catch (KafkaException notYet) {
                topics.retainAll(always);
                waiting.addAll(topics);
                throw notYet;
            }
        }

        /** The topics of a model come again with its next announcement. */
        @Override
        public boolean isTransient(Exception failure) {
            return failure instanceof KafkaException;
        }

        @Override
        public boolean isKnown(Exception failure) {
            return Absence.causes(failure);
        }
    }
}
