package dev.penstock.ingress.gate;

import dev.penstock.tenants.quota.QuotaLimit;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Counts calls that were rejected, by model and reason: {@code inference.rejected}. Thread-safe. */
public final class RejectionMeters {
    private final MeterRegistry registry;
    private final Map<String, Map<Reason, Counter>> byModel = new ConcurrentHashMap<>();
    private final Map<Reason, Counter> byQuota = new EnumMap<>(Reason.class);

    /** Why a call is rejected; a label of the meter. */
    public enum Reason {
        /** It would wait for too long. */
        CAPACITY("capacity"),
        /** Its model has scaled to zero, and it cannot wait for a worker. What starts workers may watch this. */
        SLEEPING("sleeping"),
        /** Kafka does not answer this ingress. */
        KAFKA("kafka"),
        /** This ingress read it too late. */
        INGRESS("ingress"),
        /** Too many synchronous calls wait. */
        PENDING("pending"),
        QUOTA_REQUESTS("quota-requests"),
        QUOTA_ROWS("quota-rows"),
        /** It has more rows than its tenant may ever send at once. */
        QUOTA_ROW_BURST("quota-row-burst"),
        QUOTA_OPEN_REQUESTS("quota-open-requests");

        private static final String QUOTA = "quota-";

        private final String label;

        Reason(String label) {
            this.label = label;
        }

        /** The limit of a quota, if one is the reason. */
        private Optional<String> limit() {
            return label.startsWith(QUOTA) ? Optional.of(label.substring(QUOTA.length())) : Optional.empty();
        }

        static Reason of(QuotaLimit limit) {
            return switch (limit) {
                case REQUESTS -> QUOTA_REQUESTS;
                case ROWS -> QUOTA_ROWS;
                case OPEN_REQUESTS -> QUOTA_OPEN_REQUESTS;
            };
        }
    }

    public RejectionMeters(MeterRegistry registry) {
        this.registry = registry;
        for (Reason reason : Reason.values()) {
            reason.limit()
                    .ifPresent(limit -> byQuota.put(
                            reason,
                            Counter.builder("inference.quota.rejected")
                                    .description("Calls that were refused because a quota of their tenant is used up")
                                    .tag("limit", limit)
                                    .register(registry)));
        }
    }

    /** Makes the counters of a model that workers announce. */
    public void announced(String model) {
        counters(model);
    }

    public void rejected(String model, Reason reason) {
        count(counters(model), reason);
        count(byQuota, reason);
    }

    private static void count(Map<Reason, Counter> counters, Reason reason) {
        Counter counter = counters.get(reason);
        if (counter != null) {
            counter.increment();
        }
    }

    private Map<Reason, Counter> counters(String model) {
        return byModel.computeIfAbsent(model, name -> {
            Map<Reason, Counter> counters = new EnumMap<>(Reason.class);
            Arrays.stream(Reason.values()).forEach(reason -> counters.put(reason, counter(name, reason)));
            return counters;
        });
    }

    private Counter counter(String model, Reason reason) {
        return Counter.builder("inference.rejected")
                .description("Calls that were refused before they were accepted")
                .tag("model", model)
                .tag("reason", reason.label)
                .register(registry);
    }
}
