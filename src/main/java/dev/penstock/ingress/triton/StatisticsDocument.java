package dev.penstock.ingress.triton;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.ingress.submit.CallStatistics;
import java.util.TreeMap;

/** The statistics of a model version as Triton's extension names them. Looking up features counts as preparing the input. */
public final class StatisticsDocument {
    private StatisticsDocument() {}

    public static ObjectNode of(String model, String version, CallStatistics.Counts counts) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.put("name", model)
                .put("version", version)
                .put("last_inference", counts.lastMillis())
                .put("inference_count", counts.rows())
                .put("execution_count", counts.runs());
        ObjectNode stats = node.putObject("inference_stats");
        duration(stats, "success", counts.successes());
        duration(stats, "fail", counts.failures());
        duration(stats, "queue", counts.queue());
        duration(stats, "compute_input", counts.features());
        duration(stats, "compute_infer", counts.compute());
        duration(stats, "compute_output", counts.compute().count(), 0);
        duration(stats, "cache_hit", 0, 0);
        duration(stats, "cache_miss", 0, 0);
        ArrayNode batches = node.putArray("batch_stats");
        new TreeMap<>(counts.byBatchSize()).forEach((size, runs) -> {
            ObjectNode batch = batches.addObject().put("batch_size", size);
            duration(batch, "compute_input", runs.count(), 0);
            duration(batch, "compute_infer", runs.count(), runs.nanos());
            duration(batch, "compute_output", runs.count(), 0);
        });
        return node;
    }

    private static void duration(ObjectNode node, String name, CallStatistics.Durations duration) {
        duration(node, name, duration.count(), duration.nanos());
    }

    private static void duration(ObjectNode node, String name, long count, long nanos) {
        node.putObject(name).put("count", count).put("ns", nanos);
    }
}
