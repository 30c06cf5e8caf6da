package dev.penstock.ingress.submit;

import dev.penstock.threads.Fault;
import dev.penstock.threads.ServiceThread;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import org.apache.kafka.common.KafkaException;

/**
 * Fetches the metadata of models' request topics before they are published to. It blocks, for seconds where a topic is missing, so it has
 * a thread of its own, and the follower of announcements never waits. Thread-safe.
 */
public final class ModelTopics implements AutoCloseable {
    /** Models that wait here. One that does not fit is announced again within seconds. */
    private static final int MAX_WAITING = 10_000;

    private final BlockingQueue<String> waiting = new LinkedBlockingQueue<>(MAX_WAITING);
    private final ServiceThread thread;

    /** @param prepare fetches the metadata of one model's topics; returns at once when it is known */
    public ModelTopics(Consumer<? super Fault> faults, Consumer<String> prepare) {
        this.thread = new ServiceThread(
                        "penstock-model-topics",
                        "Calls of models that are announced from now on are answered 503.",
                        faults,
                        new Prepare(prepare))
                .start();
    }

    /** Prepares the model's topics soon. Never blocks. */
    public void announced(String model) {
        if (!waiting.contains(model)) {
            waiting.offer(model);
        }
    }

    @Override
    public void close() {
        thread.close();
    }

    private final class Prepare implements ServiceThread.Duty {
        private final Consumer<String> prepare;

        private Prepare(Consumer<String> prepare) {
            this.prepare = prepare;
        }

        @Override
        public void turn() throws InterruptedException {
            prepare.accept(waiting.take());
        }

        /** The model comes again with its next announcement. */
        @Override
        public boolean isTransient(Exception failure) {
            return failure instanceof KafkaException;
        }
    }
}
