package dev.penstock.ingress.gate;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Decides which tenants' requests to hold back when not all can be served: weighted max-min fairness. It reads no clock. Not thread-safe.
 *
 * <p>Let r be a tenant's arrival rate and w its weight. The level L is the solution of: the sum of all min(r, w L) is the rate at which
 * the workers serve. A tenant with r of at most w L is never held back. Of any other tenant the part w L / r is admitted, times a factor.
 * The factor is 2 when the predicted wait reaches {@link #THRESHOLD} of the shortest wait that an active tenant accepts, and 0 when it
 * reaches all of it. It grows without limit as the queue empties. So the queue settles between the two: long enough to keep the workers
 * busy, and short enough for tenants within their share. Rates and the admitted part are as in core-stateless fair queueing (Stoica et
 * al. 1998).
 */
final class FairShare {
    static final double THRESHOLD = 0.6;

    private static final double SECOND = 1e9;
    private static final double RATE_OVER_NANOS = 3 * SECOND;
    private static final long FORGET_NANOS = 5_000_000_000L;
    private static final long LEVEL_FOR_NANOS = 50_000_000;

    /** The shortest wait that counts. With an even shorter queue, workers would run out of work. */
    private static final long LEAST_PATIENCE_NANOS = 250_000_000;

    private final Map<String, Flow> flows = new HashMap<>();
    private double level = Double.MAX_VALUE;
    private long patienceNanos;
    private long levelNanos;

    private static final class Flow {
        double weight;
        double perSecond;
        long seenNanos;
        long patienceNanos;
        double credit = 1;

        double perSecond(long now) {
            return perSecond * Math.exp((seenNanos - now) / RATE_OVER_NANOS);
        }

        double perWeight(long now) {
            return perSecond(now) / weight;
        }
    }

    /**
     * Whether to hold back a request that has just arrived.
     *
     * @param fitsNanos the longest wait that it accepts
     * @param waitNanos its predicted wait
     * @param perSecond the rate at which requests can be served
     */
    boolean holdsBack(String tenant, int weight, long fitsNanos, long waitNanos, double perSecond, long now) {
        Flow flow = flows.computeIfAbsent(tenant, name -> {
            levelNanos = now - LEVEL_FOR_NANOS;
            return new Flow();
        });
        flow.perSecond = flow.perSecond(now) + SECOND / RATE_OVER_NANOS;
        flow.weight = weight;
        flow.patienceNanos = now - flow.seenNanos > FORGET_NANOS ? fitsNanos : Math.min(fitsNanos, flow.patienceNanos);
        flow.seenNanos = now;
        if (flows.size() == 1 || perSecond <= 0) {
            return false;
        }
        if (now - levelNanos >= LEVEL_FOR_NANOS) {
            learn(perSecond, now);
        }
        double room = (patienceNanos - waitNanos) / (patienceNanos * (1 - THRESHOLD));
        double part = weight * level / flow.perSecond;
        double eager = room < 1 ? 2 * Math.max(0, room) : 2 * THRESHOLD * patienceNanos / Math.max(1, waitNanos);
        if (part >= 1) {
            return false;
        }
        flow.credit = Math.min(flow.credit + part * eager, 2);
        if (flow.credit < 1) {
            return true;
        }
        flow.credit--;
        return false;
    }

    private void learn(double perSecond, long now) {
        levelNanos = now;
        flows.values().removeIf(flow -> now - flow.seenNanos > FORGET_NANOS);
        List<Flow> rising = new ArrayList<>(flows.values());
        rising.sort(Comparator.comparingDouble(flow -> flow.perWeight(now)));
        double left = perSecond;
        double weights = rising.stream().mapToDouble(flow -> flow.weight).sum();
        level = Double.MAX_VALUE;
        for (Flow flow : rising) {
            if (flow.perSecond(now) > left * flow.weight / weights) {
                level = left / weights;
                break;
            }
            left -= flow.perSecond(now);
            weights -= flow.weight;
        }
        patienceNanos = Math.max(
                LEAST_PATIENCE_NANOS,
                rising.stream().mapToLong(flow -> flow.patienceNanos).min().orElse(Long.MAX_VALUE));
    }
}
