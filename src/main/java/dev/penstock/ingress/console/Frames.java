package dev.penstock.ingress.console;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.diagnosis.Diagnosis;
import dev.penstock.diagnosis.Part;
import dev.penstock.diagnosis.Snapshot;
import dev.penstock.ingress.call.Catalogue;
import dev.penstock.ingress.call.RepositoryIndex;
import dev.penstock.protocol.Lane;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * Makes a frame of each reading: rates of the last second, percentiles and means of the last ten, the verdict on the last five.
 * Thread-safe.
 */
final class Frames {
    private static final int PERCENTILE_READINGS = 10;
    private static final double LONGEST_PAUSE_SECONDS = 5;
    private static final Duration VERDICT = Duration.ofSeconds(5);
    private static final Duration FIRST_VERDICT = Duration.ofSeconds(2);

    private final MeterRegistry registry;
    private final Supplier<Catalogue> catalogue;
    private final Supplier<String> exported;
    private final boolean isWorker;
    private final Deque<Reading> readings = new ArrayDeque<>();
    private final Deque<Exported> snapshots = new ArrayDeque<>();

    private record Exported(Duration at, Snapshot snapshot) {}

    /**
     * @param exported all meters in Prometheus's text form
     * @param isWorker whether this process has the role of a worker, too
     */
    Frames(MeterRegistry registry, Supplier<Catalogue> catalogue, Supplier<String> exported, boolean isWorker) {
        this.registry = registry;
        this.catalogue = catalogue;
        this.exported = exported;
        this.isWorker = isWorker;
    }

    synchronized Frame next() {
        Reading now = Reading.take(registry);
        if (!readings.isEmpty() && now.secondsSince(readings.getLast()) > LONGEST_PAUSE_SECONDS) {
            readings.clear(); // nobody watched for a while
        }
        Change lately = new Change(readings.isEmpty() ? now : readings.getLast(), now);
        Change longer = new Change(readings.isEmpty() ? now : readings.getFirst(), now);
        readings.addLast(now);
        if (readings.size() > PERCENTILE_READINGS) {
            readings.removeFirst();
        }
        Map<String, ObjectNode> models = new TreeMap<>();
        for (RepositoryIndex.Entry entry : RepositoryIndex.of(catalogue.get(), every -> true)) {
            ObjectNode model = models.computeIfAbsent(entry.model(), name -> model(name, lately, longer));
            ObjectNode version = model.withArrayProperty("versions").addObject();
            entry.version().ifPresent(number -> version.put("version", number));
            version.put("state", entry.state().name()).put("reason", entry.reason());
        }
        return new Frame(service(lately, longer), models);
    }

    private ObjectNode model(String name, Change lately, Change longer) {
        ObjectNode model = JsonNodeFactory.instance.objectNode().put("name", name);
        model.put("admitted", lately.rate("inference.admitted", name));
        putAll(model, "refused", lately.rates("inference.rejected", name));
        putAll(
                model,
                "answered",
                isWorker
                        ? lately.rates("inference.requests", name)
                        : Map.of("succeeded", lately.rate("inference.latency.count", name)));
        latency(model, longer, List.of(name));
        ObjectNode queue = model.putObject("queue");
        put(queue, "predicted_wait", lately.later().most("inference.predicted.wait", name));
        if (isWorker) {
            queue.put("rows", lately.later().sum("inference.backlog.rows", name));
            put(queue, "oldest", lately.later().most("inference.oldest.request", name));
            put(queue, "wait", longer.mean("inference.queue.wait", name));
            batches(model, name, lately, longer);
        }
        workers(model.putArray("workers"), name);
        return model;
    }

    private static void latency(ObjectNode node, Change longer, Collection<String> models) {
        ObjectNode latency = node.putObject("latency");
        for (int percent : List.of(50, 95, 99)) {
            put(latency, "p" + percent, longer.quantile("inference.latency", models, percent / 100.0));
        }
    }

    private static void batches(ObjectNode model, String name, Change lately, Change longer) {
        ObjectNode batches = model.putObject("batches");
        batches.put("rate", lately.rate("inference.batch.size.count", name));
        put(batches, "rows", lately.mean("inference.batch.size", name));
        put(batches, "target", lately.later().most("inference.target.batch.size", name));
        put(batches, "run", longer.mean("model.inference.latency", name));
        double runs = Math.max(1, lately.later().sum("inference.concurrent.runs", name));
        batches.put("busy", lately.rate("inference.session.busy", name) / runs);
        ArrayNode sizes = batches.putArray("sizes");
        if (lately.rate("inference.batch.size.count", name) > 0) {
            lately.buckets("inference.batch.size", name)
                    .forEach((bound, count) -> sizes.addArray().add(bound).add(count));
        }
    }

    /** The live workers of a model, with the number of partitions that each reads. */
    private void workers(ArrayNode workers, String model) {
        Map<String, Integer> partitions = new TreeMap<>();
        for (Lane lane : Lane.values()) {
            catalogue.get().readers(model, lane).values().stream()
                    .filter(reader -> reader.takesWork())
                    .forEach(reader -> partitions.merge(reader.worker(), 1, Integer::sum));
        }
        partitions.forEach(
                (worker, read) -> workers.addObject().put("id", worker).put("partitions", read));
    }

    private ObjectNode service(Change lately, Change longer) {
        Reading now = lately.later();
        ObjectNode service = JsonNodeFactory.instance.objectNode().put("whole", isWorker);
        latency(service, longer, now.subjects("inference.latency.count"));
        put(service, "kafka_up", now.most("inference.kafka.up", ""));
        put(service, "redis_up", now.most("inference.redis.up", ""));
        put(service, "event_loop_lag", now.most("inference.event.loop.lag", ""));
        put(service, "pending_calls", now.most("inference.pending.calls", ""));
        put(service, "cpu", now.most("process.cpu.usage", ""));
        put(service, "memory", now.most("host.memory.used.ratio", ""));
        ArrayNode gpus = service.putArray("gpus");
        for (String gpu : now.subjects("gpu.utilization")) {
            ObjectNode node = gpus.addObject().put("gpu", gpu);
            put(node, "utilization", now.most("gpu.utilization", gpu));
            put(node, "memory", now.most("gpu.memory.used.ratio", gpu));
        }
        ArrayNode views = service.putArray("views");
        for (String view : now.subjects("feature.inputs")) {
            double inputs = 0;
            for (String result : now.labels("feature.inputs", view).keySet()) {
                inputs += longer.increase("feature.inputs", view, result);
            }
            views.addObject()
                    .put("view", view)
                    .put("hits", longer.increase("feature.inputs", view, "hit"))
                    .put("inputs", inputs);
        }
        verdict(now).ifPresent(verdict -> {
            ObjectNode diagnosis = service.putObject("diagnosis")
                    .put("is_healthy", verdict.part() == Part.NOTHING)
                    .put("sentence", verdict.part().sentence())
                    .put("figures", verdict.figures())
                    .put("knob", verdict.knob());
            verdict.model().ifPresent(model -> diagnosis.put("model", model));
        });
        return service;
    }

    /** Empty until there are two readings that are far enough apart. */
    private Optional<Diagnosis> verdict(Reading reading) {
        Duration now = Duration.ofNanos(reading.nanos());
        Exported later = new Exported(now, Snapshot.of(now, List.of(exported.get())));
        snapshots.addLast(later);
        while (now.minus(snapshots.getFirst().at).compareTo(VERDICT.plusMillis(500)) > 0) {
            snapshots.removeFirst();
        }
        Exported earlier = snapshots.getFirst();
        return now.minus(earlier.at).compareTo(FIRST_VERDICT) < 0
                ? Optional.empty()
                : Optional.of(Diagnosis.of(earlier.snapshot, later.snapshot));
    }

    private static void putAll(ObjectNode node, String name, Map<String, Double> values) {
        ObjectNode all = node.putObject(name);
        values.forEach(all::put);
    }

    private static void put(ObjectNode node, String name, OptionalDouble value) {
        value.ifPresent(known -> node.put(name, known));
    }
}
