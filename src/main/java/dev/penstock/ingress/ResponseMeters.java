package dev.penstock.ingress;

import dev.penstock.protocol.Problem;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Metrics;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Counts the answers of an ingress by model and status: {@code inference.http.responses}. A model has its counters, at 0, from the moment
 * when it is announced. Other names have none, so callers cannot make meters. Thread-safe.
 */
public final class ResponseMeters {
    /** The label where the address names no model that is known. */
    private static final String NO_MODEL = "none";

    private static final int OK = 200;
    private static final int ACCEPTED = 202;

    private final MeterRegistry registry;
    private final Answers others;
    private final Map<String, Answers> byModel = new ConcurrentHashMap<>();

    public ResponseMeters(MeterRegistry registry) {
        this.registry = registry;
        this.others = new Answers(registry, NO_MODEL);
    }

    /** Makes the counters that need no model. Not called in a process without the role. */
    void begin() {
        others.beginAtZero();
    }

    /** Makes the counters of a model that workers announce. */
    void announced(String model) {
        byModel.computeIfAbsent(model, name -> new Answers(registry, name)).beginAtZero();
    }

    /** @param model as the address of the call names it; empty where it names none */
    public void answered(String model, int status) {
        byModel.getOrDefault(model, others).count(status);
    }

    /** An answer to bytes that did not become a call in time. Connections have no other way to the meters. */
    public static void answeredWithoutCall(int status) {
        counter(Metrics.globalRegistry, NO_MODEL, status).increment();
    }

    private static Counter counter(MeterRegistry registry, String model, int status) {
        return Counter.builder("inference.http.responses")
                .description("Answers to calls of the API, by HTTP status")
                .tag("model", model)
                .tag("status", Integer.toString(status))
                .register(registry);
    }

    /** The answers to calls of one model. The counters are found by their status, without a search. */
    private static final class Answers {
        private static final int STATUSES = 600;

        private final MeterRegistry registry;
        private final String model;
        private final AtomicReferenceArray<Counter> byStatus = new AtomicReferenceArray<>(STATUSES);

        private Answers(MeterRegistry registry, String model) {
            this.registry = registry;
            this.model = model;
        }

        private void beginAtZero() {
            add(OK);
            add(ACCEPTED);
            for (Problem.Kind kind : Problem.Kind.values()) {
                add(kind.status());
            }
        }

        private void count(int status) {
            Counter known = byStatus.get(status);
            (known != null ? known : add(status)).increment();
        }

        private Counter add(int status) {
            Counter counter = counter(registry, model, status);
            byStatus.set(status, counter);
            return counter;
        }
    }
}
