package dev.penstock.diagnosis;

import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/**
 * The figures of one model between two snapshots. Times are means, in seconds.
 *
 * @param answered requests that got an outcome
 * @param refused requests that the gate refused, tenants' quotas apart
 * @param latency from acceptance to the outcome
 * @param features the wait of a request for its features
 * @param queue the wait of a request for its batch, without the features
 * @param run one run of the session
 * @param written the wait for the brokers' acknowledgements, of a request and of its reply together
 * @param batch rows in a batch
 * @param target the rows at which a batch is full; empty where no worker tells
 * @param allowed the rows at which {@code max_batch_size} ends a batch; empty where no worker tells
 * @param full the share of batches that were full
 * @param delayed the share of batches whose window ended before they were full
 * @param outOfMemory runs that ran out of memory
 * @param predictedWait the longest that an ingress predicts
 * @param oldest the age of the oldest request without an outcome
 * @param seconds between the snapshots
 * @param ready workers that an ingress counts; empty where no ingress tells
 */
record Figures(
        String model,
        double answered,
        double refused,
        double refusedSinceKafka,
        double expired,
        double latency,
        double features,
        double queue,
        double run,
        double written,
        double batch,
        OptionalDouble target,
        OptionalDouble allowed,
        double full,
        double delayed,
        double outOfMemory,
        double predictedWait,
        double oldest,
        OptionalDouble ready,
        double seconds,
        List<Worker> workers) {

    /**
     * One worker that serves the model.
     *
     * @param busy the share of time in which its sessions ran batches of the model
     * @param partitions that it reads; empty where it does not tell
     * @param cpu the share of the machine's processors that its process used
     */
    record Worker(double busy, OptionalDouble partitions, double cpu) {
        boolean readsNothing() {
            return partitions.isPresent() && partitions.getAsDouble() == 0;
        }
    }

    /** The request to the log, and the reply to its topic. */
    private static final int WRITES = 2;

    static Figures of(Change change, String model) {
        String[] tag = {"model", model};
        double settled = change.increase("inference_requests_total", tag);
        double counted = change.increase("inference_latency_seconds_count", tag);
        double answered = Math.max(settled, counted);
        double features = answered > 0 ? change.increase("inference_features_wait_seconds_sum", tag) / answered : 0;
        double queue = change.mean("inference_queue_wait_seconds", tag);
        double run = change.mean("model_inference_latency_seconds", tag);
        double written = WRITES * change.mean("inference_kafka_write_seconds");
        double batches = change.increase("inference_batch_size_count", tag);
        return new Figures(
                model,
                answered,
                refused(change, model, "capacity")
                        + refused(change, model, "kafka")
                        + refused(change, model, "ingress")
                        + refused(change, model, "pending"),
                refused(change, model, "kafka"),
                change.increase("inference_requests_total", "model", model, "outcome", "expired"),
                latency(change, tag, answered, queue + features + run + written),
                features,
                queue,
                run,
                written,
                change.mean("inference_batch_size", tag),
                change.most("inference_target_batch_size", tag),
                change.most("inference_max_batch_size", tag),
                share(change, model, "full", batches),
                share(change, model, "delay", batches),
                change.increase("inference_out_of_memory_total", tag),
                change.most("inference_predicted_wait_seconds", tag).orElse(0),
                change.most("inference_oldest_request_seconds", tag).orElse(0),
                change.most("inference_ready_workers", tag),
                change.seconds(),
                workers(change, model));
    }

    /** The sum of the stages, where no process among these hands the outcomes over: workers alone do not see synchronous calls end. */
    private static double latency(Change change, String[] tag, double answered, double stages) {
        double mean = change.mean("inference_latency_seconds", tag);
        return mean > 0 || answered == 0 ? mean : stages;
    }

    private static double refused(Change change, String model, String reason) {
        return change.increase("inference_rejected_total", "model", model, "reason", reason);
    }

    private static double share(Change change, String model, String trigger, double batches) {
        double some = change.increase("inference_batch_trigger_total", "model", model, "trigger", trigger);
        return batches > 0 ? some / batches : 0;
    }

    private static List<Worker> workers(Change change, String model) {
        return change.processes().stream()
                .filter(process -> process.has("inference_session_busy_seconds_total", "model", model))
                .map(process -> worker(process, model, change.seconds()))
                .toList();
    }

    private static Worker worker(Change.OfProcess process, String model, double seconds) {
        double runs = Math.max(
                1, process.now("inference_concurrent_runs", "model", model).sum());
        double busy = process.increase("inference_session_busy_seconds_total", "model", model) / (seconds * runs);
        return new Worker(
                Math.min(1, busy),
                process.now("inference_partitions", "model", model, "lane", "interactive")
                        .max(),
                process.now("process_cpu_usage").max().orElse(0));
    }

    double offered() {
        return answered + refused;
    }

    /** The busiest sessions of those workers that read partitions. */
    List<Worker> readers() {
        return workers.stream().filter(worker -> !worker.readsNothing()).toList();
    }

    /** The mean of the workers that read partitions; 0 where none is seen. A run counts when it ends, so this may be off by one run. */
    double busy() {
        return readers().stream().mapToDouble(Worker::busy).average().orElse(0);
    }

    /** Whether the sessions may be busy for this share of the time, give or take one run. */
    boolean mayBeBusyFor(double share) {
        return busy() + run / seconds >= share;
    }

    double cpu() {
        return readers().stream().mapToDouble(Worker::cpu).average().orElse(0);
    }

    /** A part of the latency, as in {@code 371 ms (90 %)}. */
    String ofLatency(double seconds) {
        return "%s (%s)".formatted(millis(seconds), percent(latency > 0 ? seconds / latency : 0));
    }

    static String millis(double seconds) {
        return seconds < 0.01
                ? String.format(Locale.ROOT, "%.1f ms", seconds * 1e3)
                : String.format(Locale.ROOT, "%,.0f ms", seconds * 1e3);
    }

    static String percent(double share) {
        return String.format(Locale.ROOT, "%.0f %%", 100 * share);
    }

    static String whole(double number) {
        return String.format(Locale.ROOT, "%,.0f", number);
    }

    /** With one decimal below ten, unless it is whole. */
    static String count(double number) {
        return number < 10 && number != Math.rint(number) ? String.format(Locale.ROOT, "%.1f", number) : whole(number);
    }
}
