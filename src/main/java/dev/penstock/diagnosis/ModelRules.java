package dev.penstock.diagnosis;

import static dev.penstock.diagnosis.Figures.count;
import static dev.penstock.diagnosis.Figures.millis;
import static dev.penstock.diagnosis.Figures.percent;
import static dev.penstock.diagnosis.Figures.whole;

import dev.penstock.diagnosis.Figures.Worker;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** The rules about one model. A model is judged only while its requests are slow, refused or expired: a busy part that slows nobody is well used. */
final class ModelRules {
    /** With an exponential tail the p99 is 4.6 times the mean. So from this mean on, p99 is where its alert begins: 0.5 s. */
    static final double SLOW_SECONDS = 0.1;

    /** The objective is that 99 % of requests succeed. */
    static final double FAILED_SHARE = 0.01;

    /** As in the alert on the GPU. A single server with random arrivals queues for 5.7 times its run time at this use. */
    static final double SATURATED = 0.85;

    /** A part that takes this share of the latency, or more, is the only one whose improvement can halve it. */
    static final double MOST = 0.5;

    /**
     * A {@code max_batch_size} up to this is small. The models that were measured ran 2 to 12 times as many rows per second in batches of
     * 32 as one by one, and a batch of 8 has most of that still before it.
     */
    static final double SMALL_BATCH = 8;

    /** As in the alert on memory. */
    static final double FULL_MEMORY = 0.9;

    /** Work of more than a second that is queued is more than a burst: the workers do not keep up. */
    static final double LONG_WAIT_SECONDS = 1;

    private final Figures figures;
    private final Change change;

    ModelRules(Figures figures, Change change) {
        this.figures = figures;
        this.change = change;
    }

    Figures figures() {
        return figures;
    }

    boolean isInTrouble() {
        double failed = figures.refused() + figures.expired();
        return isSlow()
                || (failed > 0 && failed >= FAILED_SHARE * figures.offered())
                || figures.predictedWait() >= LONG_WAIT_SECONDS
                || (figures.answered() == 0 && figures.oldest() >= figures.seconds());
    }

    /** Batches ran out of memory, or the GPU's memory is full and batches are kept smaller than they may be. */
    Optional<Diagnosis> memory() {
        double used = change.most("gpu_memory_used_ratio").orElse(0);
        boolean isCut = figures.target().orElse(0) < figures.allowed().orElse(0);
        boolean isFull = used >= FULL_MEMORY && isCut && isInTrouble();
        if (figures.outOfMemory() == 0 && !isFull) {
            return Optional.empty();
        }
        return about(
                Part.ACCELERATOR_MEMORY,
                "%s runs were out of memory%s, and batches are full with %s rows of %s. %s."
                        .formatted(
                                count(figures.outOfMemory()),
                                used > 0 ? ", %s of the GPU's memory is used".formatted(percent(used)) : "",
                                count(figures.target().orElse(0)),
                                count(figures.allowed().orElse(0)),
                                summary()),
                "Lower max_batch_size or max_tensor_bytes in model.yaml, serve fewer models on the device (penstock.worker.serve), or set"
                        + " memory_limit of the models that share it.");
    }

    /** The sessions are busy nearly all the time, and work waits. */
    Optional<Diagnosis> saturation() {
        List<Worker> readers = figures.readers();
        if (!isInTrouble() || readers.isEmpty() || !figures.mayBeBusyFor(SATURATED)) {
            return Optional.empty();
        }
        String busy = "The sessions of %s are busy %s of the time"
                .formatted(workers(readers.size()), percent(figures.busy()));
        int idle = figures.workers().size() - readers.size();
        if (idle > 0) {
            return about(
                    Part.PARTITIONS,
                    "%s, and %s no partition: the topic has %s. %s."
                            .formatted(
                                    busy,
                                    workers(idle) + (idle == 1 ? " reads" : " read"),
                                    whole(partitions()),
                                    summary()),
                    "Add partitions to the model's request topics (kafka-topics --alter --partitions), at least one for each worker;"
                            + " penstock.topics.request-partitions is the number for new topics.");
        }
        boolean doesWorkWait = isMost(figures.queue())
                || figures.refused() + figures.expired() > 0
                || figures.predictedWait() >= LONG_WAIT_SECONDS;
        if (!doesWorkWait) {
            return compute(busy);
        }
        if (figures.full() >= MOST && figures.allowed().orElse(Double.MAX_VALUE) <= SMALL_BATCH) {
            return about(
                    Part.WINDOW,
                    "%s, and %s of the batches were full, with %s; a run takes %s. %s."
                            .formatted(busy, percent(figures.full()), rows(), millis(figures.run()), summary()),
                    "Raise max_batch_size in model.yaml: a run then answers more rows for the same fixed cost. For a model that is run one by"
                            + " one, docs/models.md says why it is.");
        }
        return about(
                Part.WORKERS,
                "%s, with %s in a batch, and requests wait %s for a batch; of %s requests %s were refused and %s expired. %s."
                        .formatted(
                                busy,
                                rows(),
                                figures.ofLatency(figures.queue()),
                                count(figures.offered()),
                                count(figures.refused()),
                                count(figures.expired()),
                                summary()),
                "Scale to about %s workers (replicas of penstock-worker, or ./penstock up --role worker); %s can share the model, one for each"
                                .formatted(whole(workersNeeded()), partitions() > 0 ? whole(partitions()) : "as many")
                        + " partition.");
    }

    /** One part takes most of the latency, although the sessions are not saturated. */
    Optional<Diagnosis> latency() {
        if (!isInTrouble()) {
            return Optional.empty();
        }
        if (figures.refused() > 0 && figures.ready().orElse(1) == 0) {
            return about(
                    Part.WORKERS,
                    "No worker serves the model, and %s requests were refused.".formatted(count(figures.refused())),
                    "Start workers (replicas of penstock-worker, or ./penstock up --role worker); their log says why a model is refused.");
        }
        if (figures.refusedSinceKafka() > 0 || isMost(figures.written())) {
            return about(
                    Part.KAFKA,
                    "Records wait %s for the brokers' acknowledgement, the request's and the reply's together, and %s requests were refused because the"
                                    .formatted(figures.ofLatency(figures.written()), count(figures.refusedSinceKafka()))
                            + " brokers did not answer. %s.".formatted(summary()),
                    "Look at the brokers (disk, network, quotas of this client, in-sync replicas). The ingress gives up after two seconds.");
        }
        if (isMost(figures.features())) {
            return features();
        }
        if (isMost(figures.run())) {
            return compute("The sessions are busy %s of the time".formatted(percent(figures.busy())));
        }
        return isMost(figures.queue()) ? queue() : Optional.empty();
    }

    /** Something is wrong, and no rule says what. */
    Optional<Diagnosis> unknown() {
        if (!isInTrouble()) {
            return Optional.empty();
        }
        return about(
                Part.UNKNOWN,
                "%s; of that, %s were features, %s the queue, %s a run and %s Kafka. %s requests were refused, %s expired.%s"
                        .formatted(
                                summary(),
                                millis(figures.features()),
                                millis(figures.queue()),
                                millis(figures.run()),
                                millis(figures.written()),
                                count(figures.refused()),
                                count(figures.expired()),
                                figures.workers().isEmpty() ? " No worker of the model is among the addresses." : ""),
                "Name all ingresses and workers with --url, look for longer with --seconds, or follow single requests with traces.");
    }

    private Optional<Diagnosis> features() {
        record View(String name, double calls, double seconds) {}
        List<View> views = change.processes().stream()
                .flatMap(process -> process.later().samples().keySet().stream())
                .filter(series -> series.name().equals("feature_lookup_seconds_count"))
                .map(series -> series.labels().getOrDefault("view", ""))
                .collect(Collectors.toCollection(TreeSet::new))
                .stream()
                .map(view -> new View(
                        view,
                        change.increase("feature_lookup_seconds_count", "view", view, "tier", "source"),
                        change.increase("feature_lookup_seconds_sum", "view", view, "tier", "source")))
                .sorted(Comparator.comparingDouble(View::seconds).reversed())
                .toList();
        View slowest = views.isEmpty() ? new View("", 0, 0) : views.getFirst();
        double call = slowest.calls > 0 ? slowest.seconds / slowest.calls : 0;
        boolean isSourceSlow = call >= MOST * figures.features();
        return about(
                Part.FEATURES,
                "A request waits %s for its features; the source of view '%s' was called %s times and took %s a call. %s."
                        .formatted(
                                figures.ofLatency(figures.features()),
                                slowest.name,
                                count(slowest.calls),
                                millis(call),
                                summary()),
                isSourceSlow
                        ? "Make the source faster, or ask it less often: penstock.features.fresh-for and penstock.features.entities keep more"
                                + " values."
                        : "Calls wait for each other: raise penstock.features.sources.<name>.calls, if the source can take more at once.");
    }

    private Optional<Diagnosis> compute(String busy) {
        return about(
                Part.ACCELERATOR_COMPUTE,
                "%s, and a run of %s takes %s. %s."
                        .formatted(busy, rows(), figures.ofLatency(figures.run()), summary()),
                "More workers do not make a run faster. Take a faster execution provider (execution_providers in model.yaml), a smaller or"
                        + " quantized model, or a lower max_batch_size where latency counts more than throughput.");
    }

    /** Requests wait, and the sessions are not the reason. */
    private Optional<Diagnosis> queue() {
        String wait = "A request waits %s for its batch, although the sessions are busy only %s of the time"
                .formatted(figures.ofLatency(figures.queue()), percent(figures.busy()));
        if (figures.cpu() >= SATURATED) {
            return about(
                    Part.WORKERS,
                    "%s; the workers use %s of their processors to read, decode and answer. %s."
                            .formatted(wait, percent(figures.cpu()), summary()),
                    "Add workers (replicas of penstock-worker), or give them more cores.");
        }
        return figures.delayed() < MOST
                ? Optional.empty()
                : about(
                        Part.WINDOW,
                        "%s; %s of the batches ran when their window ended, with %s of %s. %s."
                                .formatted(
                                        wait,
                                        percent(figures.delayed()),
                                        rows(),
                                        count(figures.allowed()
                                                .orElse(figures.target().orElse(0))),
                                        summary()),
                        "Lower min_queue_delay in model.yaml, or leave it out: the window then opens only when waiting pays.");
    }

    private boolean isSlow() {
        return figures.latency() >= SLOW_SECONDS;
    }

    /** Whether it takes most of a latency that is slow. */
    private boolean isMost(double seconds) {
        return isSlow() && seconds >= MOST * figures.latency();
    }

    private double partitions() {
        return figures.readers().stream()
                .mapToDouble(worker -> worker.partitions().orElse(0))
                .sum();
    }

    /** If each does as much as those that are there. */
    private double workersNeeded() {
        double served = Math.max(1, figures.answered() - figures.expired());
        return Math.max(
                figures.readers().size() + 1, Math.ceil(figures.readers().size() * figures.offered() / served));
    }

    private String rows() {
        return figures.batch() == 1 ? "1 row" : count(figures.batch()) + " rows";
    }

    private static String workers(int number) {
        return number == 1 ? "1 worker" : number + " workers";
    }

    /** Rate and latency of the model, as a sentence without its full stop. */
    String summary() {
        return "%s requests/s were answered after %s on average"
                .formatted(count(figures.answered() / figures.seconds()), millis(figures.latency()));
    }

    private Optional<Diagnosis> about(Part part, String text, String knob) {
        return Optional.of(new Diagnosis(part, Optional.of(figures.model()), text, knob));
    }
}
