package dev.penstock.model.config;

import dev.penstock.model.ModelRefusedException;
import dev.penstock.model.config.ExecutionProvider.Cpu;
import dev.penstock.model.config.ExecutionProvider.Cuda;
import dev.penstock.model.config.ExecutionProvider.TensorRt;
import dev.penstock.protocol.ScaleToZero;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The contents of model.yaml. Every key is optional.
 *
 * @param maxBatchSize {@code max_batch_size}: the row limit of a run. More rows use the accelerator better and take longer. With 0,
 *     one request is one run
 * @param batching {@code batching}: what must be known of the rows before they share a run
 * @param batchAxes {@code batch_axis}: by input, the dimension that counts rows where it is not the first
 * @param maxQueueDelay {@code max_queue_delay}: the longest time that a request waits for others while there is capacity. If absent, the
 *     batcher decides
 * @param minQueueDelay {@code min_queue_delay}: the time that a request waits for others, even with free capacity, unless the batch is
 *     full. A longer delay means fewer runs, and later answers on an idle system
 * @param preferredBatchSizes {@code preferred_batch_sizes}: sizes that are worth running immediately, ascending
 * @param shapeBuckets {@code shape_buckets}: the sizes that other variable dimensions are padded to. Without it, only requests of equal
 *     sizes share a run
 * @param maxBatchElements {@code max_batch_elements}: the limit of rows × variable sizes (such as tokens) of a run, padding included. Long
 *     rows gain less from batching and need more memory
 * @param instances {@code instances}: the number of sessions, each with its own copy of the weights
 * @param executionProviders {@code execution_providers}: in order of preference, CPU last
 * @param warmUp {@code warm_up}: the runs before the model is announced
 * @param checksums {@code sha256}: the expected hashes of model.onnx
 * @param timeout {@code timeout}: the deadline of requests that set none
 * @param maxTensorBytes {@code max_tensor_bytes}: the largest input tensor of a request, in bytes
 * @param labels {@code labels}: by output, the file beside model.yaml that has the names of its classes
 * @param features {@code features}: columns that are looked up by entity
 * @param scaleToZero {@code scale_to_zero}: the model needs no worker while nobody asks for it
 * @param remote {@code remote}: the centre that runs the model
 * @param cache {@code cache}: answers are given again
 */
public record ModelConfig(
        int maxBatchSize,
        Batching batching,
        Map<String, Integer> batchAxes,
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
        Map<String, String> labels,
        Optional<FeaturesSection> features,
        Optional<ScaleToZero> scaleToZero,
        Optional<RemoteSection> remote,
        Optional<CacheSection> cache) {

    /** The row limit of a request, in full batches. A request larger than a batch runs in parts. */
    public static final int MAX_BATCHES_PER_REQUEST = 64;

    /** What they say is of a file that is loaded here. */
    private static final List<String> KEYS_OF_A_FILE =
            List.of("batch_axis", "shape_buckets", "instances", "execution_providers", "warm_up", "sha256", "labels");

    private static final int MAX_ROWS = 1024;
    private static final Duration MAX_DELAY = Duration.ofSeconds(10);
    private static final int MAX_INSTANCES = 64;
    private static final int MAX_AXIS = 31;

    /** Uses a GPU if there is one, so the same folder works on a laptop and in a GPU image. */
    private static final List<ExecutionProvider> DEFAULT_PROVIDERS = List.of(Cuda.PREFERRED, Cpu.DEFAULT);

    public ModelConfig {
        batchAxes = Map.copyOf(batchAxes);
        preferredBatchSizes = List.copyOf(preferredBatchSizes);
        executionProviders = List.copyOf(executionProviders);
        labels = Map.copyOf(labels);
    }

    /** The most rows that one request may have. A request that is run by itself counts as one row. */
    public int maxRequestRows() {
        return maxBatchSize == 0 ? 1 : MAX_BATCHES_PER_REQUEST * maxBatchSize;
    }

    /** Whether {@code model.yaml} wants other execution providers than a model without it gets. */
    public boolean choosesProviders() {
        return !executionProviders.equals(DEFAULT_PROVIDERS);
    }

    /** The most rows of a run, for those who count a request that is run by itself as one row. */
    public int rowsPerRun() {
        return Math.max(1, maxBatchSize);
    }

    /** These settings for a model whose requests do not share runs. */
    public ModelConfig oneByOne() {
        return new ModelConfig(
                0,
                batching,
                Map.of(),
                maxQueueDelay,
                minQueueDelay,
                List.of(),
                shapeBuckets,
                OptionalInt.empty(),
                instances,
                executionProviders,
                warmUp.oneByOne(),
                checksums,
                timeout,
                maxTensorBytes,
                labels,
                features,
                scaleToZero,
                remote,
                cache);
    }

    /** @throws ModelRefusedException naming the key, the value and the allowed range */
    public static ModelConfig parse(String yaml) throws ModelRefusedException {
        YamlSection section = YamlSection.parse(yaml);
        int maxBatchSize = section.integer("max_batch_size", 0, MAX_ROWS, 64);
        Optional<Duration> maxQueueDelay = section.duration("max_queue_delay", Duration.ZERO, MAX_DELAY);
        Checksums checksums = Checksums.read(section);
        ModelConfig config = new ModelConfig(
                maxBatchSize,
                section.choice("batching", Batching.class).orElse(Batching.PROVEN),
                batchAxes(section.section("batch_axis")),
                maxQueueDelay,
                section.duration("min_queue_delay", Duration.ZERO, maxQueueDelay.orElse(MAX_DELAY))
                        .orElse(Duration.ZERO),
                section.integers("preferred_batch_sizes", 1, Math.max(1, maxBatchSize)).stream()
                        .sorted()
                        .distinct()
                        .toList(),
                ShapeBuckets.read(section.section("shape_buckets")),
                maxBatchElements(section),
                section.integer("instances", 1, MAX_INSTANCES, 1),
                providers(section),
                WarmUp.of(section, Math.max(1, maxBatchSize)),
                checksums,
                section.duration("timeout", Duration.ofMillis(1), Duration.ofHours(1)),
                section.bytes("max_tensor_bytes", 1, Integer.MAX_VALUE).orElse(16 << 20),
                labels(section.section("labels")),
                FeaturesSection.read(section.section("features")),
                scaleToZero(section.section("scale_to_zero")),
                remote(section, checksums),
                CacheSection.read(section.section("cache")));
        section.refuseUnknownKeys();
        return config;
    }

    private static Optional<RemoteSection> remote(YamlSection section, Checksums checksums)
            throws ModelRefusedException {
        Optional<RemoteSection> remote = RemoteSection.read(section);
        Optional<RemoteSection.Use> use = remote.map(RemoteSection::use);
        for (String key : KEYS_OF_A_FILE) {
            if (use.equals(Optional.of(RemoteSection.Use.CENTRE))
                    && section.keys().contains(key)) {
                throw section.refused(key, "must be absent where a centre runs the model", "present");
            }
        }
        boolean hasFiles = remote.flatMap(RemoteSection::files).isPresent();
        if (hasFiles && !checksums.ofOnly().isEmpty()) {
            throw section.refused("sha256", "must map each version to its hash beside remote.files", "one for all");
        }
        if (hasFiles
                && use.equals(Optional.of(RemoteSection.Use.NEVER))
                && checksums.versions().isEmpty()) {
            throw section.refused(
                    "sha256",
                    "must name the versions beside remote.files and use: never, which asks no centre",
                    "absent");
        }
        return remote;
    }

    /** The row limit of a run whose other variable dimensions have these sizes. A request with more rows runs alone. */
    int maxRows(Map<String, Long> sizes) {
        double elements = 1;
        for (long size : sizes.values()) {
            elements *= Math.max(1, size);
        }
        return (int) Math.clamp(maxBatchElements.orElse(Integer.MAX_VALUE) / elements, 1, rowsPerRun());
    }

    private static Map<String, Integer> batchAxes(YamlSection section) throws ModelRefusedException {
        Map<String, Integer> axes = new HashMap<>();
        for (String input : section.keys()) {
            axes.put(input, section.integer(input, 0, MAX_AXIS, 0));
        }
        section.refuseUnknownKeys();
        return axes;
    }

    private static Map<String, String> labels(YamlSection section) throws ModelRefusedException {
        Map<String, String> labels = new HashMap<>();
        for (String output : section.keys()) {
            String file = section.text(output).orElseThrow();
            if (!ModelNames.NAME.matcher(file).matches()) {
                throw section.refused(output, "must be the name of a file beside model.yaml", file);
            }
            labels.put(output, file);
        }
        section.refuseUnknownKeys();
        return labels;
    }

    private static Optional<ScaleToZero> scaleToZero(YamlSection section) throws ModelRefusedException {
        if (section.keys().isEmpty()) {
            return Optional.empty();
        }
        Optional<Duration> start = section.duration("start", ScaleToZero.LEAST_START, ScaleToZero.MOST_START);
        int rate = section.integer("requests_per_second", 1, ScaleToZero.MOST_REQUESTS_PER_SECOND, 0);
        section.refuseUnknownKeys();
        return Optional.of(new ScaleToZero(
                start.orElseThrow(() -> section.refused("start", "must say how long a start takes", "absent")),
                rate == 0 ? OptionalInt.empty() : OptionalInt.of(rate)));
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
                                    "execution_providers", "must be cpu, cuda or tensorrt", entry.getKey());
                    });
            options.refuseUnknownKeys();
            if (names.contains("cpu") || names.contains(entry.getKey())) {
                throw section.refused(
                        "execution_providers", "must name each provider once, and cpu last", entry.getKey());
            }
            names.add(entry.getKey());
        }
        return providers.isEmpty() ? DEFAULT_PROVIDERS : providers;
    }
}
