package dev.penstock.model.config;

import dev.penstock.model.ModelRefusedException;
import dev.penstock.model.config.ExecutionProvider.Cpu;
import dev.penstock.model.config.ExecutionProvider.Cuda;
import dev.penstock.model.config.ExecutionProvider.TensorRt;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How a model is served: its model.yaml, every key optional.
 *
 * @param maxBatchSize {@code max_batch_size}: the most rows of a run. More rows use the accelerator better and take longer
 * @param maxQueueDelay {@code max_queue_delay}: how long a request may wait for others while there is capacity; when absent, as long as
 *     the batcher finds worth it
 * @param minQueueDelay {@code min_queue_delay}: how long a request waits for others, unless the batch is full, though there is capacity.
 *     Makes runs fewer and every answer on an idle system later
 * @param preferredBatchSizes {@code preferred_batch_sizes}: sizes worth running at once, ascending
 * @param shapeBuckets {@code shape_buckets}: the sizes that other variable dimensions are padded to; without, only requests of equal sizes
 *     share a run
 * @param maxBatchElements {@code max_batch_elements}: the most rows × variable sizes (such as tokens) of a run, padding included. Long rows
 *     gain less from company and take more memory
 * @param instances {@code instances}: sessions, each with its own copy of the weights
 * @param executionProviders {@code execution_providers}: in order of preference, CPU last
 * @param checksums {@code sha256}: what model.onnx must hash to
 * @param timeout {@code timeout}: the deadline of requests that name none
 * @param maxTensorBytes {@code max_tensor_bytes}: the largest input tensor of a request
 * @param features {@code features}: columns that are looked up by entity
 */
public record ModelConfig(
        int maxBatchSize,
        Optional<Duration> maxQueueDelay,
        Duration minQueueDelay,
        List<Integer> preferredBatchSizes,
        ShapeBuckets shapeBuckets,
        OptionalInt maxBatchElements,
        int instances,
        List<ExecutionProvider> executionProviders,
        WarmUp warmUp,
        Checksums checksums,
        Optional<Duration> timeout,
        long maxTensorBytes,
        Optional<FeaturesSection> features) {

    /** A request may have so many times the rows of a batch: it runs in parts. */
    public static final int MOST_BATCHES_A_REQUEST = 64;

    private static final int MOST_ROWS = 1024;
    private static final Duration MOST_DELAY = Duration.ofSeconds(10);
    private static final int MOST_INSTANCES = 64;

    /** An accelerator where there is one: the same folder serves on a laptop and on a GPU image. */
    private static final List<ExecutionProvider> DEFAULT_PROVIDERS = List.of(Cuda.PREFERRED, Cpu.DEFAULT);

    public ModelConfig {
        preferredBatchSizes = List.copyOf(preferredBatchSizes);
        executionProviders = List.copyOf(executionProviders);
    }

    /** Rows that one request may have. */
    public int maxRequestRows() {
        return MOST_BATCHES_A_REQUEST * maxBatchSize;
    }

    /** @throws ModelRefusedException naming the key, the value and the allowed range */
    public static ModelConfig parse(String yaml) throws ModelRefusedException {
        YamlSection section = YamlSection.parse(yaml);
        int maxBatchSize = section.integer("max_batch_size", 1, MOST_ROWS, 64);
        Optional<Duration> maxQueueDelay = section.duration("max_queue_delay", Duration.ZERO, MOST_DELAY);
        ModelConfig config = new ModelConfig(
                maxBatchSize,
                maxQueueDelay,
                section.duration("min_queue_delay", Duration.ZERO, maxQueueDelay.orElse(MOST_DELAY))
                        .orElse(Duration.ZERO),
                section.integers("preferred_batch_sizes", 1, maxBatchSize).stream()
                        .sorted()
                        .distinct()
                        .toList(),
                ShapeBuckets.read(section.section("shape_buckets")),
                maxBatchElements(section),
                section.integer("instances", 1, MOST_INSTANCES, 1),
                providers(section),
                WarmUp.read(section.section("warm_up"), maxBatchSize),
                Checksums.read(section),
                section.duration("timeout", Duration.ofMillis(1), Duration.ofHours(1)),
                section.bytes("max_tensor_bytes", 1, Integer.MAX_VALUE).orElse(16 << 20),
                FeaturesSection.read(section.section("features")));
        section.refuseUnread();
        return config;
    }

    /** The most rows of a run whose variable dimensions, but for the rows, have these sizes. A request with more is run alone. */
    int maxRows(Map<String, Long> sizes) {
        double elements = 1;
        for (long size : sizes.values()) {
            elements *= Math.max(1, size);
        }
        return (int) Math.clamp(maxBatchElements.orElse(Integer.MAX_VALUE) / elements, 1, maxBatchSize);
    }

    private static OptionalInt maxBatchElements(YamlSection section) throws ModelRefusedException {
        int elements = section.integer("max_batch_elements", 1, Integer.MAX_VALUE, Integer.MAX_VALUE);
        return elements == Integer.MAX_VALUE ? OptionalInt.empty() : OptionalInt.of(elements);
    }

    private static List<ExecutionProvider> providers(YamlSection section) throws ModelRefusedException {
        List<ExecutionProvider> providers = new ArrayList<>();
        List<String> names = new ArrayList<>();
        for (Map.Entry<String, YamlSection> entry : section.namedSections("execution_providers")) {
            YamlSection options = entry.getValue();
            providers.add(
                    switch (entry.getKey()) {
                        case "cpu" -> Cpu.read(options);
                        case "cuda" -> Cuda.read(options);
                        case "tensorrt" -> TensorRt.read(options);
                        default ->
                            throw section.refused(
                                    "execution_providers", "must be of cpu, cuda, tensorrt", entry.getKey());
                    });
            options.refuseUnread();
            if (names.contains("cpu") || names.contains(entry.getKey())) {
                throw section.refused("execution_providers", "must name each once and cpu last", entry.getKey());
            }
            names.add(entry.getKey());
        }
        return providers.isEmpty() ? DEFAULT_PROVIDERS : providers;
    }
}
