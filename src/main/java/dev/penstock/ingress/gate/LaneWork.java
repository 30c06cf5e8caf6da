package dev.penstock.ingress.gate;

import java.util.Map;

/**
 * How much work the workers have done on a lane, as they report it, counted from when this ingress first looked: only differences count.
 *
 * @param ran requests that ran
 * @param givenUp requests that came in time, and then waited too long
 * @param atWorkMicros by partition, the time in which its worker had requests of the lane to serve
 */
record LaneWork(long ran, long givenUp, Map<Integer, Long> atWorkMicros) {
    static final LaneWork NONE = new LaneWork(0, 0, Map.of());

    /** The time in which the workers had requests to serve since then: that of the busiest. */
    long microsAtWorkSince(LaneWork then) {
        return atWorkMicros.entrySet().stream()
                .mapToLong(now -> now.getValue() - then.atWorkMicros.getOrDefault(now.getKey(), 0L))
                .max()
                .orElse(0);
    }
}
