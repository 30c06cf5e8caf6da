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

    /** Many tenants are sorted less often, so that it takes a few percent of a core at most. Sorting takes about 100 ns a tenant. */
    private static final long LEVEL_FOR_NANOS_PER_TENANT = 5_000;

    /** The shortest wait that counts. With an even shorter queue, workers would run out of work. */
    private static final long LEAST_PATIENCE_NANOS = 250_000_000;

    private final Map<String, Flow> flows = new HashMap<>();
    private double level = Double.MAX_VALUE;
    private long patienceNanos = Long.MAX_VALUE;
    private long levelNanos;
    /** Whether a tenant has come since the level was learned. */
    private boolean hasNewcomer;

    private static final class Flow {
        double weight;
        double perSecond;
        long seenNanos;
        long patienceNanos = Long.MAX_VALUE;
        double credit = 1;
        /** Now, and for each unit of weight: only while the level is learned. */
        double perWeight;

        Flow(long now) {
            seenNanos = now;
        }

        double perSecond(long now) {
            return perSecond * Math.exp((seenNanos - now) / RATE_OVER_NANOS);
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
        if (flows.isEmpty()) {
            levelNanos = now - LEVEL_FOR_NANOS;
        }
        Flow flow = flows.computeIfAbsent(tenant, name -> {
            hasNewcomer = true;
            return new Flow(now);
        });
        flow.perSecond = flow.perSecond(now) + SECOND / RATE_OVER_NANOS;
        flow.weight = weight;
        flow.patienceNanos = now - flow.seenNanos > FORGET_NANOS ? fitsNanos : Math.min(fitsNanos, flow.patienceNanos);
        flow.seenNanos = now;
        if (flows.size() == 1 || perSecond <= 0) {
            return false;
        }
        patienceNanos = Math.max(LEAST_PATIENCE_NANOS, Math.min(patienceNanos, flow.patienceNanos));
        long levelFor = Math.max(hasNewcomer ? 0 : LEVEL_FOR_NANOS, flows.size() * LEVEL_FOR_NANOS_PER_TENANT);
        if (now - levelNanos >= levelFor) {
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
        hasNewcomer = false;
        flows.values().removeIf(flow -> now - flow.seenNanos > FORGET_NANOS);
        List<Flow> rising = new ArrayList<>(flows.values());
        rising.forEach(flow -> flow.perWeight = flow.perSecond(now) / flow.weight);
        rising.sort(Comparator.comparingDouble(flow -> flow.perWeight));
        double left = perSecond;
        double weights = rising.stream().mapToDouble(flow -> flow.weight).sum();
        level = Double.MAX_VALUE;
        for (Flow flow : rising) {
            if (flow.perWeight > left / weights) {
                level = left / weights;
                break;
            }
            left -= flow.perWeight * flow.weight;
            weights -= flow.weight;
        }
        patienceNanos = Math.max(
                LEAST_PATIENCE_NANOS,
                rising.stream().mapToLong(flow -> flow.patienceNanos).min().orElse(Long.MAX_VALUE));
    }
}
