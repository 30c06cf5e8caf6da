package dev.penstock.ingress.gate;

import dev.penstock.ingress.call.Catalogue;
import dev.penstock.ingress.call.CheckedCall;
import dev.penstock.ingress.call.ProblemException;
import dev.penstock.ingress.call.Sleep;
import dev.penstock.ingress.gate.LaneAdmission.Overload;
import dev.penstock.messages.Announcement;
import dev.penstock.messages.ModelStatus;
import dev.penstock.messages.WarmUpModels;
import dev.penstock.metrics.SharedMeters;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Problem;
import dev.penstock.tenants.Tenant;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jboss.logging.Logger;

/**
 * Refuses requests that could not be served in time, before they are accepted: one {@link LaneAdmission} per model and lane. Thread-safe.
 */
public final class AdmissionControl implements LagWatch.Listener {
    private static final Logger LOG = Logger.getLogger(AdmissionControl.class);

    /** A bulk request is refused when its wait would use up half of its deadline. That leaves room for urgent requests. */
    private static final int BULK_CAUTION = 2;

    /** An ingress that reads later than this gets no better by what it admits: health probes and all answers are as late. */
    private static final long MOST_LATE_NANOS = Duration.ofSeconds(1).toNanos();

    /** When to retry a call that this ingress read too late. By then it has caught up, or another ingress has taken over. */
    private static final int BUSY_RETRY_SECONDS = 1;

    /** The lag of a model is watched closely for this long after its last call. */
    private static final long IN_DEMAND_NANOS = Duration.ofMinutes(1).toNanos();

    /** After an outage of Kafka the workers need this long until they have announced themselves again. */
    private static final long ANNOUNCE_NANOS = Duration.ofSeconds(15).toNanos();

    /**
     * How often Kafka is asked about the models that nobody calls here: other systems' records wait, too. The prediction counts on what
     * workers did in this time.
     */
    private static final long LOOK_NANOS = Duration.ofSeconds(2).toNanos();

    private static final long NOTE_NANOS = Duration.ofMinutes(1).toNanos();

    /** The deadline that is assumed of other systems' requests for a model that sets none: the default of a worker. */
    private static final long UNKNOWN_TIMEOUT_MILLIS = Duration.ofMinutes(10).toMillis();

    private final Catalogue catalogue;
    private final Steering steering;
    private final Duration syncMaxWait;
    private final MeterRegistry registry;
    private final RejectionMeters meters;
    private final LongSupplier nanoClock;
    private final Map<Key, LaneAdmission> admissions = new ConcurrentHashMap<>();
    private final Map<String, Counter> admitted = new ConcurrentHashMap<>();
    private final Map<String, Long> askedNanos = new ConcurrentHashMap<>();
    private final Map<String, Long> notedNanos = new ConcurrentHashMap<>();
    private final Set<String> unserved = ConcurrentHashMap.newKeySet();
    private final Set<String> behind = ConcurrentHashMap.newKeySet();
    private volatile int ingresses = 1;
    private volatile boolean kafkaAnswers = true;
    private volatile OptionalLong answersAgainNanos = OptionalLong.empty();

    /** When Kafka is asked; confined to the thread of the watch. */
    private long askingNanos;

    /** When Kafka was last asked about all models; confined to the thread of the watch. */
    private OptionalLong lookedNanos = OptionalLong.empty();

    private record Key(String model, Lane lane) {}

    /** @param syncMaxWait the longest predicted wait of an admitted synchronous call */
    public AdmissionControl(
            Catalogue catalogue,
            Steering steering,
            Duration syncMaxWait,
            MeterRegistry registry,
            LongSupplier nanoClock) {
        this.catalogue = catalogue;
        this.steering = steering;
        this.syncMaxWait = syncMaxWait;
        this.registry = registry;
        this.meters = new RejectionMeters(registry);
        this.nanoClock = nanoClock;
    }

    /**
     * Admits a synchronous call.
     *
     * @throws ProblemException when it could not be served in time; it says when to retry. A call that waited to be read for half of its
     *     time or more is refused, since its answer has to wait as long again; so is any that waited for more than 1 s
     */
    public AdmittedRequest admit(CheckedCall checked) {
        return admit(checked, syncMaxWait.toNanos(), Place.UNLIMITED);
    }

    /**
     * Admits a request whose outcome is kept. It may wait for as long as its deadline allows.
     *
     * @param place that the request holds; released here if the request is not admitted, and by the admitted request otherwise
     * @throws ProblemException as for a synchronous call
     */
    public AdmittedRequest admit(CheckedCall checked, Place place) {
        try {
            return admit(checked, Long.MAX_VALUE, place);
        } catch (ProblemException notAdmitted) {
            place.release();
            throw notAdmitted;
        }
    }

    private AdmittedRequest admit(CheckedCall checked, long maxWaitNanos, Place place) {
        long now = nanoClock.getAsLong();
        String model = checked.call().model();
        if (!WarmUpModels.contains(model)) {
            askedNanos.put(model, now);
        }
        long left = checked.timeout().toNanos();
        long mostLate = Math.min(left, MOST_LATE_NANOS);
        if (checked.waited().toNanos() > mostLate) {
            meters.rejected(model, RejectionMeters.Reason.INGRESS);
            throw new ProblemException(readTooLate(checked, mostLate), BUSY_RETRY_SECONDS);
        }
        long fits = checked.lane() == Lane.BULK ? left / BULK_CAUTION : left;
        Optional<Sleep> sleep = sleep(model, now);
        sleep.ifPresent(Sleep::asked);
        sleep.ifPresent(asleep -> expectWorkers(admission(model, checked.lane()), asleep));
        AdmittedRequest request = sleep.isPresent() && !sleep.get().isOverdue()
                ? admitAsleep(sleep.get(), checked, fits, maxWaitNanos, place, now)
                : admitAwake(checked, fits, maxWaitNanos, place, now);
        sleep.ifPresent(asleep -> asleep.accepted(checked.lane(), left));
        admittedMeter(model).increment();
        return request;
    }

    private AdmittedRequest admitAwake(CheckedCall checked, long fits, long maxWaitNanos, Place place, long now) {
        String model = checked.call().model();
        Tenant tenant = checked.call().tenant();
        LaneAdmission admission = admission(model, checked.lane());
        Optional<Overload> refused = admission.admit(tenant.name(), tenant.weight(), now, fits, maxWaitNanos);
        if (refused.isPresent()) {
            meters.rejected(model, kafkaAnswers ? RejectionMeters.Reason.CAPACITY : RejectionMeters.Reason.KAFKA);
            noteRefusal(model, checked.lane(), admission, now);
            Problem reason = kafkaAnswers
                    ? cannotServe(model, refused.get(), checked.timeout(), Duration.ofNanos(maxWaitNanos))
                    : Problem.of(
                            Problem.Kind.UNAVAILABLE,
                            "Kafka does not answer this ingress at the moment; the request was not accepted");
            throw new ProblemException(reason, refused.get().retryAfterSeconds());
        }
        return new AdmittedRequest(place, admission.predictedWaitNanos(now));
    }

    /** No worker is there. What waits for one that starts has to be served in time after that. */
    private AdmittedRequest admitAsleep(
            Sleep sleep, CheckedCall checked, long fits, long maxWaitNanos, Place place, long now) {
        String model = checked.call().model();
        Tenant tenant = checked.call().tenant();
        LaneAdmission admission = admission(model, checked.lane());
        double perSecond = sleep.requestsPerSecond(admission.lastRate());
        double ahead =
                checked.lane() == Lane.BULK ? admission(model, Lane.INTERACTIVE).waiting(now) : 0;
        long start = sleep.startNanos();
        boolean canWait = start < Math.min(fits, maxWaitNanos);
        long fitsAfterStart = Math.min(fits, maxWaitNanos) - start;
        if (canWait && admission.admitWaiting(tenant.name(), tenant.weight(), now, fitsAfterStart, ahead, perSecond)) {
            return new AdmittedRequest(place, start);
        }
        meters.rejected(model, canWait ? RejectionMeters.Reason.CAPACITY : RejectionMeters.Reason.SLEEPING);
        if (isNoteDue(model, now)) {
            LOG.infof("Model %s: calls that cannot wait for a worker are refused: %s", model, sleep.explain());
        }
        double waiting = ahead + admission.waiting(now);
        throw new ProblemException(
                cannotWait(model, sleep.explain(), canWait, checked.timeout(), waiting),
                sleep.retryAfterSeconds(waiting, perSecond));
    }

    /** How long a request that is admitted now waits until a worker begins to run it. */
    public long predictedWaitNanos(String model, Lane lane) {
        return admission(model, lane).predictedWaitNanos(nanoClock.getAsLong());
    }

    /** The number of ingresses that Kafka last reported, this one included. */
    public int ingresses() {
        return ingresses;
    }

    @Override
    public void asking(Collection<String> models) {
        long now = nanoClock.getAsLong();
        askingNanos = now;
        for (String model : models) {
            boolean isServed = catalogue.isReady(model, Optional.empty());
            Optional<Sleep> sleep = sleep(model, now);
            if (isInDemand(model, now)) {
                boolean isExpected = sleep.filter(asleep -> !asleep.isOverdue()).isPresent();
                note(model, isServed, isServed || isExpected, now);
            }
            long commitIntervalMillis = catalogue.commitIntervalMillis(model);
            for (Lane lane : Lane.values()) {
                LaneAdmission admission = admission(model, lane);
                sleep.ifPresentOrElse(
                        asleep -> expectWorkers(admission, asleep), () -> admission.hasWorkers(now, isServed));
                admission.commitInterval(commitIntervalMillis);
                admission.asking(now);
            }
        }
    }

    /** Empty while no worker can be heard: then it is not known whether one is there. */
    private Optional<Sleep> sleep(String model, long now) {
        return canHearWorkers(now) ? catalogue.sleep(model) : Optional.empty();
    }

    /** While a worker has time to start, there is no outage. After that, the outage has lasted since a worker was wanted. */
    private static void expectWorkers(LaneAdmission admission, Sleep sleep) {
        sleep.overdueSince().ifPresentOrElse(since -> admission.hasWorkers(since, false), admission::expectsWorkers);
    }

    /** A line when refusals begin, and one a minute while they last. */
    private void noteRefusal(String model, Lane lane, LaneAdmission admission, long now) {
        if (isNoteDue(model, now)) {
            LOG.warnf("Model %s: calls are refused (%s): %s", model, lane.label(), admission.explain(now));
        }
    }

    private boolean isNoteDue(String model, long now) {
        Long before = notedNanos.putIfAbsent(model, now);
        return before == null || (now - before >= NOTE_NANOS && notedNanos.replace(model, before, now));
    }

    /** While Kafka is away, and shortly after, no worker can be heard. */
    private boolean canHearWorkers(long now) {
        OptionalLong since = answersAgainNanos;
        return kafkaAnswers && (since.isEmpty() || now - since.getAsLong() > ANNOUNCE_NANOS);
    }

    /** @param isExpected whether a worker is there, or has time to start */
    private void note(String model, boolean isServed, boolean isExpected, long now) {
        if (!isExpected && canHearWorkers(now) && unserved.add(model)) {
            LOG.warnf(
                    "Model %s has no ready worker, and calls that cannot wait for one are refused: %s",
                    model, catalogue.absence(model));
        } else if (isServed && unserved.remove(model)) {
            LOG.infof("Model %s has a ready worker again", model);
        }
    }

    @Override
    public void lag(String model, Map<Lane, LagWatch.LaneLag> lanes, int ingresses) {
        this.ingresses = ingresses;
        long now = nanoClock.getAsLong();
        boolean hasBacklog = lanes.values().stream()
                .flatMap(lane -> lane.partitions().stream())
                .anyMatch(partition -> partition.records() > 0);
        if (hasBacklog) {
            behind.add(model);
        } else {
            behind.remove(model);
        }
        catalogue
                .sleep(model)
                .ifPresent(sleep -> lanes.forEach((lane, lag) -> sleep.seen(
                        lane,
                        lag.partitions().stream()
                                .mapToLong(PartitionLag::records)
                                .sum(),
                        askingNanos,
                        Duration.ofMillis(timeoutMillis(model)).toNanos())));
        DrainWatch watch = steering.observed(model, lanes, now);
        boolean readersChanged = watch.haveReadersChanged();
        lanes.forEach((lane, lag) -> {
            LaneAdmission admission = admission(model, lane);
            if (readersChanged) {
                admission.readersChanged(now);
            }
            admission.observed(watch.lag(lane, lag.work(), ingresses));
        });
    }

    private long timeoutMillis(String model) {
        return catalogue
                .find(model, Optional.empty())
                .map(Announcement::timeoutMs)
                .filter(millis -> millis > 0)
                .orElse(UNKNOWN_TIMEOUT_MILLIS);
    }

    /** While Kafka does not answer, a long predicted wait says nothing about the workers. */
    @Override
    public void kafkaAnswers(boolean answers) {
        if (answers && !kafkaAnswers) {
            answersAgainNanos = OptionalLong.of(nanoClock.getAsLong());
        }
        kafkaAnswers = answers;
    }

    /** The models to ask Kafka about now: those in demand and those with a backlog each time, the others now and then. */
    public Set<String> modelsToWatch() {
        long now = nanoClock.getAsLong();
        Set<String> watched = new HashSet<>();
        behind.stream().filter(catalogue::isInService).forEach(watched::add);
        askedNanos.keySet().stream().filter(model -> isInDemand(model, now)).forEach(watched::add);
        if (lookedNanos.isEmpty() || now - lookedNanos.getAsLong() >= LOOK_NANOS) {
            lookedNanos = OptionalLong.of(now);
            watched.addAll(catalogue.modelsInService());
        }
        return watched;
    }

    private boolean isInDemand(String model, long now) {
        Long asked = askedNanos.get(model);
        return asked != null && now - asked < IN_DEMAND_NANOS;
    }

    /** Makes the meters of a model that workers announce. */
    public void announced(String model) {
        admission(model, Lane.INTERACTIVE);
        admittedMeter(model);
        Gauge.builder("inference.sleeping", () -> catalogue.sleepInTime(model).isPresent() ? 1 : 0)
                .description("Whether the model has scaled to zero, and no start of a worker is overdue")
                .tag("model", model)
                .register(registry);
        for (Lane lane : Lane.values()) {
            SharedMeters.deadlineUsed(
                    registry,
                    "ingress",
                    model,
                    lane.label(),
                    () -> catalogue
                            .sleep(model)
                            .map(sleep -> sleep.deadlineUsed(lane))
                            .orElse(0.0));
        }
    }

    private Counter admittedMeter(String model) {
        return admitted.computeIfAbsent(
                model,
                name -> Counter.builder("inference.admitted")
                        .description("Calls that were let in, to be published")
                        .tag("model", name)
                        .register(registry));
    }

    private LaneAdmission admission(String model, Lane lane) {
        return admissions.computeIfAbsent(new Key(model, lane), key -> {
            LaneAdmission admission = new LaneAdmission(ingresses);
            if (lane == Lane.INTERACTIVE) {
                TimeGauge.builder(
                                "inference.predicted.wait",
                                admission,
                                TimeUnit.NANOSECONDS,
                                watched -> predictedWaitNanos(model, watched))
                        .description("Time until an interactive request that is admitted now would start to run")
                        .tag("model", model)
                        .register(registry);
            }
            return admission;
        });
    }

    /** Not a number once the model is out of service: then nothing is known of it. */
    private double predictedWaitNanos(String model, LaneAdmission admission) {
        return catalogue.isInService(model) ? admission.predictedWaitNanos(nanoClock.getAsLong()) : Double.NaN;
    }

    private static Problem readTooLate(CheckedCall checked, long mostNanos) {
        return Problem.of(
                Problem.Kind.CAPACITY,
                String.format(
                        Locale.ROOT,
                        "this ingress reads calls %.1f s after they arrive, and this one may wait %.1f s for that; "
                                + "the request was not accepted",
                        checked.waited().toMillis() / 1e3,
                        mostNanos / 1e9));
    }

    private static Problem cannotWait(
            String model, String sleep, boolean coversStart, Duration timeout, double waiting) {
        String reason = coversStart
                ? String.format(
                        Locale.ROOT,
                        "about %.0f requests wait, too many for a deadline of %.1f s",
                        waiting,
                        timeout.toMillis() / 1e3)
                : String.format(
                        Locale.ROOT,
                        "this call cannot wait for that, with a deadline of %.1f s; an asynchronous one with a later deadline can",
                        timeout.toMillis() / 1e3);
        return Problem.of(
                        Problem.Kind.CAPACITY,
                        "no worker serves model '" + model + "' at the moment: " + sleep + "; " + reason
                                + "; the request was not accepted")
                .with("state", ModelStatus.State.SLEEPING.name());
    }

    private static Problem cannotServe(String model, Overload refused, Duration timeout, Duration maxWait) {
        String reason = switch (refused.cause()) {
            case BACKLOG ->
                String.format(
                        Locale.ROOT,
                        "model '%s' has about %.1f s of work queued, too much for %s",
                        model,
                        refused.predictedWaitNanos() / 1e9,
                        refused.predictedWaitNanos() > maxWait.toNanos()
                                ? String.format(
                                        Locale.ROOT,
                                        "a synchronous call, which may wait %.1f s; an asynchronous one may wait longer",
                                        maxWait.toMillis() / 1e3)
                                : String.format(Locale.ROOT, "a deadline of %.1f s", timeout.toMillis() / 1e3));
            case SHARE -> "model '" + model + "' has other tenants' work queued, and this tenant has had its share";
            case NO_WORKER -> "no worker serves model '" + model + "' at the moment";
            case STANDSTILL -> "the workers of model '" + model + "' answer nothing of what is queued";
        };
        return Problem.of(Problem.Kind.CAPACITY, reason + "; the request was not accepted");
    }
}
