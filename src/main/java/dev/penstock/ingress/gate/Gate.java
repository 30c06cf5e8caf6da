package dev.penstock.ingress.gate;

import dev.penstock.ingress.call.Catalogue;
import dev.penstock.ingress.call.CheckedCall;
import dev.penstock.ingress.call.Refusal;
import dev.penstock.ingress.gate.Admission.Lag;
import dev.penstock.ingress.gate.Admission.Refused;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Problem;
import dev.penstock.tenants.Tenant;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.time.Duration;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/** Turns away what could not be served in time, before it is accepted: one {@link Admission} a model and lane. Thread-safe. */
public final class Gate implements LagWatch.Listener {
    /** Bulk work is turned away when it would use up half of its deadline, so that what is urgent finds room. */
    private static final int BULK_CAUTION = 2;

    /** For whom this ingress has no time itself: it has caught up by then, or others have taken over. */
    private static final int BUSY_RETRY_SECONDS = 1;

    /** A model that nobody asks for is not watched. */
    private static final long IN_DEMAND_NANOS = Duration.ofMinutes(1).toNanos();

    private final Catalogue catalogue;
    private final Duration syncMaxWait;
    private final MeterRegistry registry;
    private final LongSupplier nanoClock;
    private final Map<Key, Admission> admissions = new ConcurrentHashMap<>();
    private final Map<String, Long> askedNanos = new ConcurrentHashMap<>();
    private volatile int ingresses = 1;

    private record Key(String model, Lane lane) {}

    /** @param syncMaxWait the longest predicted wait with which a synchronous call is let in */
    public Gate(Catalogue catalogue, Duration syncMaxWait, MeterRegistry registry, LongSupplier nanoClock) {
        this.catalogue = catalogue;
        this.syncMaxWait = syncMaxWait;
        this.registry = registry;
        this.nanoClock = nanoClock;
    }

    /**
     * @throws Refusal when the call could not be served in time; it says when to come back. One that has waited to be read for half of
     *     its time or more is, since its answer has to wait like that again
     */
    public void admit(CheckedCall checked, boolean async) {
        long now = nanoClock.getAsLong();
        String model = checked.call().model();
        askedNanos.put(model, now);
        long left = checked.timeout().toNanos();
        if (checked.waited().toNanos() > left) {
            rejected(model, "ingress");
            throw new Refusal(problem(checked), BUSY_RETRY_SECONDS);
        }
        long fits = checked.lane() == Lane.BULK ? left / BULK_CAUTION : left;
        long maxWait = async ? Long.MAX_VALUE : syncMaxWait.toNanos();
        Tenant tenant = checked.call().tenant();
        Optional<Refused> refused =
                admission(model, checked.lane()).admit(tenant.name(), tenant.weight(), now, fits, maxWait);
        if (refused.isPresent()) {
            rejected(model, "capacity");
            throw new Refusal(
                    problem(model, refused.get(), checked.timeout()),
                    refused.get().retryAfterSeconds());
        }
    }

    /** Until a request that is let in now would begin to run. */
    public long predictedWaitNanos(String model, Lane lane) {
        return admission(model, lane).predictedWaitNanos(nanoClock.getAsLong());
    }

    /** As many as Kafka last said there are, this one included. */
    public int ingresses() {
        return ingresses;
    }

    public void rejected(String model, String reason) {
        registry.counter("inference.rejected", "model", model, "reason", reason).increment();
    }

    @Override
    public void asking(Collection<String> models) {
        long now = nanoClock.getAsLong();
        for (String model : models) {
            long commitIntervalMillis = catalogue.commitIntervalMillis(model);
            for (Lane lane : Lane.values()) {
                Admission admission = admission(model, lane);
                admission.hasWorkers(now, catalogue.isReady(model, Optional.empty()));
                admission.commitInterval(commitIntervalMillis);
                admission.asking(now);
            }
        }
    }

    @Override
    public void lag(String model, Lane lane, Lag lag) {
        ingresses = lag.ingresses();
        admission(model, lane).observed(lag);
    }

    public Set<String> modelsInDemand() {
        long now = nanoClock.getAsLong();
        return askedNanos.entrySet().stream()
                .filter(asked -> now - asked.getValue() < IN_DEMAND_NANOS)
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }

    private Admission admission(String model, Lane lane) {
        return admissions.computeIfAbsent(new Key(model, lane), key -> {
            Admission admission = new Admission(ingresses);
            if (lane == Lane.INTERACTIVE) {
                registry.more()
                        .timeGauge(
                                "inference.predicted.wait",
                                Tags.of("model", model),
                                admission,
                                TimeUnit.NANOSECONDS,
                                watched -> watched.predictedWaitNanos(nanoClock.getAsLong()));
            }
            return admission;
        });
    }

    private static Problem problem(CheckedCall checked) {
        return Problem.of(
                Problem.Kind.CAPACITY,
                String.format(
                        Locale.ROOT,
                        "this ingress reads calls %.1f s after they come, too late for a deadline of %.1f s; nothing was accepted",
                        checked.waited().toMillis() / 1e3,
                        checked.waited().plus(checked.timeout()).toMillis() / 1e3));
    }

    private static Problem problem(String model, Refused refused, Duration timeout) {
        return Problem.of(
                Problem.Kind.CAPACITY,
                String.format(
                        Locale.ROOT,
                        "about %.1f s of work wait for model '%s', too much for a deadline of %.1f s; nothing was accepted",
                        refused.predictedWaitNanos() / 1e9,
                        model,
                        timeout.toMillis() / 1e3));
    }
}
