package dev.penstock.simulation.faults;

import java.util.PriorityQueue;
import java.util.function.BooleanSupplier;

/** The events of a simulation, in the order of their virtual time. */
final class VirtualTime {
    private static final long EPOCH_MILLIS = 1_700_000_000_000L;

    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private long now;
    private long sequence;

    private record Event(long at, long sequence, Runnable action) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            int byTime = Long.compare(at, other.at);
            return byTime != 0 ? byTime : Long.compare(sequence, other.sequence);
        }
    }

    long nanos() {
        return now;
    }

    /** Milliseconds since the epoch. All clocks agree. */
    long millis() {
        return EPOCH_MILLIS + now / 1_000_000;
    }

    void after(long nanos, Runnable action) {
        events.add(new Event(now + nanos, sequence++, action));
    }

    /** Runs events until that time, or until it is over. */
    void run(long untilNanos, BooleanSupplier isOver) {
        while (!isOver.getAsBoolean()) {
            Event next = events.peek();
            if (next == null || next.at > untilNanos) {
                now = untilNanos;
                return;
            }
            events.remove();
            now = next.at;
            next.action.run();
        }
    }
}
