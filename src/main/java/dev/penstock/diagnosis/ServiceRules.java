package dev.penstock.diagnosis;

import static dev.penstock.diagnosis.Figures.count;
import static dev.penstock.diagnosis.Figures.millis;
import static dev.penstock.diagnosis.Figures.percent;

import java.util.Optional;

/** The rules about what all models share: the brokers, Redis, and the event loops of ingresses. */
final class ServiceRules {
    /**
     * The mean lateness of event loops. A call passes its loop twice, to be read and to be answered, so this alone makes a latency that
     * counts as slow ({@link ModelRules#SLOW_SECONDS}). A single pause, such as the garbage collector's, does not move a mean so far.
     */
    static final double LATE_SECONDS = 0.05;

    /** Fewer looks than this were at the first calls of a cold process. A loop under load is looked at many times a second. */
    static final int FEWEST_LOOKS = 20;

    /** The mean of a healthy call is below a millisecond, and the timeout is 200 ms. In between lies trouble that no timeout shows. */
    static final double SLOW_REDIS_SECONDS = 0.05;

    /** Redis is left alone when half of the calls fail; a tenth is far from that, and far from a single lost connection. */
    static final double FAILED_REDIS_SHARE = 0.1;

    private final Change change;

    ServiceRules(Change change) {
        this.change = change;
    }

    /** The brokers or Redis do not answer at all. */
    Optional<Diagnosis> outage() {
        if (isDown("inference_kafka_up")) {
            return about(
                    Part.KAFKA,
                    "The brokers do not answer (inference_kafka_up is 0).",
                    "See that they run, and that penstock.kafka.bootstrap-servers names them.");
        }
        if (isDown("inference_redis_up")) {
            return about(
                    Part.RESULTS,
                    "Redis does not answer (inference_redis_up is 0), so polls search Kafka's log, and calls with an Idempotency-Key are refused.",
                    "See that it runs, and that penstock.redis.url names it.");
        }
        return Optional.empty();
    }

    private boolean isDown(String meter) {
        return change.processes().stream()
                .flatMapToDouble(process -> process.now(meter))
                .anyMatch(up -> up == 0);
    }

    /** Event loops run late. */
    Optional<Diagnosis> ingress() {
        double refused = change.increase("inference_rejected_total", "reason", "ingress");
        double looks = change.increase("inference_event_loop_looks_total");
        double late = looks >= FEWEST_LOOKS ? change.increase("inference_event_loop_late_seconds_total") / looks : 0;
        if (late < LATE_SECONDS && refused == 0) {
            return Optional.empty();
        }
        return about(
                Part.INGRESS_CPU,
                "Event loops run %s late on average, and %s calls were read too late for their deadline; the busiest process uses %s of its processors."
                        .formatted(
                                millis(late),
                                count(refused),
                                percent(change.most("process_cpu_usage").orElse(0))),
                "Add ingresses (replicas of penstock-ingress), or give them more cores; the binary form costs less to read than JSON.");
    }

    /** Redis answers slowly, or not always. */
    Optional<Diagnosis> redis() {
        double calls = change.increase("inference_redis_call_seconds_count");
        double failed = change.increase("inference_redis_call_seconds_count", "result", "failed");
        double mean = change.mean("inference_redis_call_seconds");
        if (calls == 0 || (mean < SLOW_REDIS_SECONDS && failed / calls < FAILED_REDIS_SHARE)) {
            return Optional.empty();
        }
        return about(
                Part.RESULTS,
                "A call to Redis takes %s, and %s of %s calls failed; polls and cached features wait for it."
                        .formatted(millis(mean), percent(failed / calls), count(calls)),
                "Look at Redis (SLOWLOG, its CPU, its memory) and at the network; penstock.ingress.redis-timeout and"
                        + " penstock.features.redis.timeout bound the wait.");
    }

    private static Optional<Diagnosis> about(Part part, String figures, String knob) {
        return Optional.of(new Diagnosis(part, Optional.empty(), figures, knob));
    }
}
