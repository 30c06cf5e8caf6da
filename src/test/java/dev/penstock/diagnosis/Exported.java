package dev.penstock.diagnosis;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** What one process exports, made up: figures of a model {@code m} over ten seconds. It begins as a healthy model under light load. */
final class Exported {
    static final Duration BETWEEN = Duration.ofSeconds(10);

    /** In ten seconds. */
    static final int REQUESTS = 1000;

    private final List<String> lines = new ArrayList<>();

    static Exported healthy() {
        return new Exported()
                .count("inference_requests_total{model=\"m\",outcome=\"succeeded\"}", REQUESTS)
                .latency(0.008)
                .queue(0.002)
                .batches(500, 0.001, 2)
                .count("inference_session_busy_seconds_total{model=\"m\"}", 0.5)
                .count("inference_concurrent_runs{model=\"m\"}", 1)
                .count("inference_partitions{model=\"m\",lane=\"interactive\"}", 20)
                .count("inference_max_batch_size{model=\"m\"}", 64)
                .count("inference_target_batch_size{model=\"m\"}", 64)
                .count("inference_kafka_up", 1)
                .count("inference_redis_up", 1)
                .timer("inference_kafka_write_seconds", "", 2 * REQUESTS, 0.002)
                .late(0.0002);
    }

    /** A healthy one whose sessions are busy so much of the time, in runs of so many seconds. */
    static Exported busy(double share, double runSeconds) {
        return healthy()
                .count("inference_session_busy_seconds_total{model=\"m\"}", share * BETWEEN.toSeconds())
                .batches((int) (share * BETWEEN.toSeconds() / runSeconds), runSeconds, 10);
    }

    /** Sets a counter or a gauge; the last one counts. */
    Exported count(String series, double value) {
        lines.add(String.format(Locale.ROOT, "%s %s", series, value));
        return this;
    }

    Exported timer(String name, String labels, int count, double meanSeconds) {
        return count(name + "_count" + labels, count).count(name + "_sum" + labels, count * meanSeconds);
    }

    Exported late(double meanSeconds) {
        return late(meanSeconds, REQUESTS);
    }

    Exported late(double meanSeconds, int looks) {
        return count("inference_event_loop_looks_total", looks)
                .count("inference_event_loop_late_seconds_total", looks * meanSeconds);
    }

    Exported latency(double meanSeconds) {
        return timer("inference_latency_seconds", "{model=\"m\"}", REQUESTS, meanSeconds);
    }

    Exported queue(double meanSeconds) {
        return timer("inference_queue_wait_seconds", "{model=\"m\",lane=\"interactive\"}", REQUESTS, meanSeconds);
    }

    Exported features(double meanSeconds) {
        return timer("inference_features_wait_seconds", "{model=\"m\"}", REQUESTS, meanSeconds);
    }

    Exported batches(int number, double runSeconds, double rows) {
        return timer("model_inference_latency_seconds", "{model=\"m\"}", number, runSeconds)
                .timer("inference_batch_size", "{model=\"m\"}", number, rows)
                .count("inference_batch_trigger_total{model=\"m\",trigger=\"delay\"}", number)
                .count("inference_batch_trigger_total{model=\"m\",trigger=\"full\"}", 0);
    }

    Exported full(int batches, int allowed) {
        return count("inference_batch_trigger_total{model=\"m\",trigger=\"delay\"}", 0)
                .count("inference_batch_trigger_total{model=\"m\",trigger=\"full\"}", batches)
                .count("inference_max_batch_size{model=\"m\"}", allowed);
    }

    Exported refused(String reason, int requests) {
        return count("inference_rejected_total{model=\"m\",reason=\"" + reason + "\"}", requests);
    }

    String text() {
        return String.join("\n", lines) + "\n";
    }

    /** The verdict on processes that have just begun. */
    static Diagnosis diagnosis(Exported... processes) {
        List<String> texts = Arrays.stream(processes).map(Exported::text).toList();
        List<String> nothing = texts.stream().map(text -> "").toList();
        return Diagnosis.of(Snapshot.of(Duration.ZERO, nothing), Snapshot.of(BETWEEN, texts));
    }
}
