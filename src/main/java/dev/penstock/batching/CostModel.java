package dev.penstock.batching;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The run times of batches, learned online for each batch key. Confined to one thread. Keeps the {@value #MOST_KEYS} keys that were
 * used last. An unseen key uses the curve of all keys together.
 */
public final class CostModel {
    private static final int MOST_KEYS = 1024;

    private final CostCurve ofAll = new CostCurve();
    private final Map<Object, CostCurve> curves = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Object, CostCurve> eldest) {
            return size() > MOST_KEYS;
        }
    };

    /** Learns that a run of so many rows took so long. */
    public void observe(Object key, int rows, long nanos) {
        curves.computeIfAbsent(key, unseen -> new CostCurve()).observe(rows, nanos);
        ofAll.observe(rows, nanos);
    }

    public double expectedNanos(Object key, int rows) {
        return curve(key).expectedNanos(rows);
    }

    /** That of all keys together. */
    public double expectedNanos(int rows) {
        return ofAll.expectedNanos(rows);
    }

    public double p95Nanos(Object key, int rows) {
        return curve(key).p95Nanos(rows);
    }

    CostCurve ofAll() {
        return ofAll;
    }

    CostCurve curve(Object key) {
        CostCurve seen = curves.get(key);
        return seen == null ? ofAll : seen;
    }

    int keys() {
        return curves.size();
    }
}
