package dev.penstock.diagnosis;

import java.time.Duration;
import java.util.List;

/** The meters of some processes at one moment. */
public final class Snapshot {
    private final Duration at;
    private final List<Exposition> processes;

    private Snapshot(Duration at, List<Exposition> processes) {
        this.at = at;
        this.processes = processes;
    }

    /**
     * @param at by any clock, the same for both snapshots of a diagnosis; only the difference counts
     * @param texts what each process exports, in Prometheus's text format; in the same order for both snapshots
     */
    public static Snapshot of(Duration at, List<String> texts) {
        return new Snapshot(at, texts.stream().map(Exposition::parse).toList());
    }

    Duration at() {
        return at;
    }

    List<Exposition> processes() {
        return processes;
    }
}
