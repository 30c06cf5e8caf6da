package dev.penstock.simulation.faults;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * The way from processes to the brokers and back. Requests and replies take time, and are lost while a process is cut off. What comes
 * through on one connection keeps its order.
 */
final class Network {
    private static final long LEAST_NANOS = 200_000;
    private static final int MORE_NANOS = 2_000_000;

    private final VirtualTime time;
    private final Random random;
    private final List<Runnable> held = new ArrayList<>();
    private boolean isFrozen;

    Network(VirtualTime time, Random random) {
        this.time = time;
        this.random = random;
    }

    /** Freezes the brokers: what arrives waits in their buffers. */
    void freezeBrokers() {
        isFrozen = true;
    }

    void resumeBrokers() {
        isFrozen = false;
        List<Runnable> missed = List.copyOf(held);
        held.clear();
        time.after(latency(), () -> missed.forEach(this::handle));
    }

    boolean isFrozen() {
        return isFrozen;
    }

    boolean isReachable(SimulatedProcess from) {
        return !isFrozen && !from.isCut();
    }

    /** A client's connection. */
    Connection connect(SimulatedProcess from) {
        return new Connection(from);
    }

    private void handle(Runnable request) {
        if (isFrozen) {
            held.add(request);
        } else {
            request.run();
        }
    }

    long latency() {
        return LEAST_NANOS + random.nextInt(MORE_NANOS);
    }

    /** One client of a process, and the brokers. */
    final class Connection {
        private final SimulatedProcess process;
        private long lastArrivalNanos;
        private long lastReplyNanos;

        Connection(SimulatedProcess process) {
            this.process = process;
        }

        /** Asks the brokers. The answer completes in an event of the process, or never. */
        <T> CompletableFuture<T> ask(Supplier<T> atBroker) {
            CompletableFuture<T> answer = new CompletableFuture<>();
            if (!process.isCut()) {
                lastArrivalNanos = Math.max(lastArrivalNanos, time.nanos() + latency());
                time.after(lastArrivalNanos - time.nanos(), () -> {
                    if (!process.isCut()) {
                        handle(() -> reply(atBroker, answer));
                    }
                });
            }
            return answer;
        }

        private <T> void reply(Supplier<T> atBroker, CompletableFuture<T> answer) {
            Runnable reply;
            try {
                T result = atBroker.get();
                reply = () -> answer.complete(result);
            } catch (RuntimeException refused) {
                reply = () -> answer.completeExceptionally(refused);
            }
            Runnable delivered = reply;
            boolean isLost = random.nextDouble() < process.lossOfReplies();
            lastReplyNanos = Math.max(lastReplyNanos, time.nanos() + latency());
            time.after(lastReplyNanos - time.nanos(), () -> {
                if (!process.isCut() && !isLost) {
                    process.after(0, delivered);
                }
            });
        }

        /**
         * Asks, and lets the running strand wait for the answer.
         *
         * @throws TimeoutException when none comes in time
         */
        <T> T call(Duration timeout, Supplier<T> atBroker) {
            CompletableFuture<T> answer = ask(atBroker);
            answer.whenComplete((result, failure) -> process.signal());
            if (!process.await(answer::isDone, timeout.toNanos())) {
                throw new TimeoutException("no answer within " + timeout);
            }
            if (answer.isCompletedExceptionally() && answer.exceptionNow() instanceof RuntimeException refused) {
                throw refused;
            }
            return answer.join();
        }
    }
}
