package dev.penstock.model.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.model.ModelRefusedException;
import dev.penstock.model.config.ExecutionProvider.Cpu;
import dev.penstock.model.config.ExecutionProvider.Cuda;
import dev.penstock.model.config.ExecutionProvider.Cuda.ArenaStrategy;
import dev.penstock.model.config.ExecutionProvider.Cuda.CudnnSearch;
import dev.penstock.model.config.ExecutionProvider.TensorRt;
import dev.penstock.protocol.ScaleToZero;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelConfigTest {

    @ParameterizedTest
    @ValueSource(strings = {"", "# nothing yet\n"})
    void hasADefaultForEveryKey(String yaml) throws ModelRefusedException {
        assertThat(ModelConfig.parse(yaml))
                .isEqualTo(new ModelConfig(
                        64,
                        Batching.PROVEN,
                        Map.of(),
                        Optional.empty(),
                        Duration.ZERO,
                        List.of(),
                        ShapeBuckets.NONE,
                        OptionalInt.empty(),
                        1,
                        List.of(Cuda.PREFERRED, Cpu.DEFAULT),
                        new WarmUp(List.of(), Map.of()),
                        new Checksums(Map.of(), Map.of()),
                        Optional.empty(),
                        16 * 1024 * 1024,
                        Map.of(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty()));
    }

    @Test
    void readsEveryKey() throws ModelRefusedException {
        String hash = "ab".repeat(32);

        ModelConfig config = ModelConfig.parse("""
                max_batch_size: 128
                batching: approximate
                batch_axis: {state: 1}
                max_queue_delay: 5ms
                min_queue_delay: 1ms
                preferred_batch_sizes: [64, 32]
                shape_buckets:
                  sequence: {sizes: [64, 16], pad: {ids: 0, mask: 0.5}, mask: mask}
                max_batch_elements: 4096
                instances: 2
                execution_providers:
                  - tensorrt: {required: true, device_id: 1, fp16: true, workspace_limit: 1GiB, cache_folder: /var/cache/trt}
                  - cuda: {memory_limit: 512MiB, arena_strategy: same_as_requested, cudnn_search: exhaustive, cuda_graphs: false}
                  - cpu: {intra_op_threads: 4, concurrent_runs: 3}
                warm_up:
                  rows: [1, 128]
                  sizes: {sequence: [16, 128]}
                sha256: {1: %s}
                timeout: 2s
                max_tensor_bytes: 1048576
                labels: {scores: digits.txt}
                scale_to_zero: {start: 90s, requests_per_second: 50}
                """.formatted(hash));

        assertThat(config)
                .isEqualTo(new ModelConfig(
                        128,
                        Batching.APPROXIMATE,
                        Map.of("state", 1),
                        Optional.of(Duration.ofMillis(5)),
                        Duration.ofMillis(1),
                        List.of(32, 64),
                        new ShapeBuckets(Map.of(
                                "sequence",
                                new ShapeBuckets.Dimension(
                                        List.of(16, 64), false, Map.of("ids", 0.0, "mask", 0.5), Optional.of("mask")))),
                        OptionalInt.of(4096),
                        2,
                        List.of(
                                new TensorRt(true, 1, true, OptionalLong.of(1L << 30), Optional.of("/var/cache/trt")),
                                new Cuda(
                                        false,
                                        0,
                                        OptionalLong.of(512L << 20),
                                        Optional.of(ArenaStrategy.SAME_AS_REQUESTED),
                                        CudnnSearch.EXHAUSTIVE),
                                new Cpu(4, 3)),
                        new WarmUp(List.of(1, 128), Map.of("sequence", List.of(16, 128))),
                        new Checksums(Map.of(), Map.of(1L, Map.of("model.onnx", hash))),
                        Optional.of(Duration.ofSeconds(2)),
                        1 << 20,
                        Map.of("scores", "digits.txt"),
                        Optional.empty(),
                        Optional.of(new ScaleToZero(Duration.ofSeconds(90), OptionalInt.of(50))),
                        Optional.empty(),
                        Optional.empty()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "max_batch_size: -1 | max_batch_size must be an integer in 0..1024, was -1",
                "batching: maybe | batching must be one of proven, approximate, trusted, was \"maybe\"",
                "batch_axis: {x: first} | batch_axis.x must be an integer in 0..31, was \"first\"",
                "max_batch_size: 1025 | max_batch_size must be an integer in 0..1024, was 1025",
                "max_batch_size: 1.5 | max_batch_size must be an integer in 0..1024, was 1.5",
                "max_batch_size: \"8\" | max_batch_size must be an integer in 0..1024, was \"8\"",
                "max_batch_size: | max_batch_size must be an integer in 0..1024, was \"\"",
                "instances: 65 | instances must be an integer in 1..64, was 65",
                "preferred_batch_sizes: [65] | preferred_batch_sizes must be an integer in 1..64, was 65",
                "preferred_batch_sizes: 8 | preferred_batch_sizes must be a list of integers in 1..64, was 8",
                "max_queue_delay: 5 | max_queue_delay must be a duration such as 5ms (us, ms, s, m) in 0s..10s, was 5",
                "{max_queue_delay: 5ms, min_queue_delay: 6ms} | min_queue_delay must be a duration such as 5ms (us, ms, s, m) in 0s..5ms, was \"6ms\"",
                "max_queue_delay: 11s | max_queue_delay must be a duration such as 5ms (us, ms, s, m) in 0s..10s, was \"11s\"",
                "timeout: 0 | timeout must be a duration such as 5ms (us, ms, s, m) in 1ms..3600s, was 0",
                "max_tensor_bytes: 4GiB | max_tensor_bytes must be a number of bytes, or a size such as 512MiB (KiB, MiB, GiB), in 1..2147483647, was \"4GiB\"",
                "max_tensor_bytes: 0 | max_tensor_bytes must be a number of bytes, or a size such as 512MiB (KiB, MiB, GiB), in 1..2147483647, was 0",
                "sha256: abc | sha256 must be a SHA-256 with 64 hex digits, was abc",
                "sha256: {latest: abc} | sha256.latest must be a version, a positive integer, was latest",
                "sha256: [abc] | sha256 must be a mapping, was [\"abc\"]",
                "warm_up: {rows: [65]} | warm_up.rows must be an integer in 1..64, was 65",
                "warm_up: {sizes: {n: []}} | warm_up.sizes.n must list at least one integer, was []",
                "warm_up: {row: [1]} | key 'warm_up.row' is unknown; known keys: rows, sizes, values, time, memory",
                "scale_to_zero: {start: 30} | scale_to_zero.start must be a duration such as 5ms (us, ms, s, m) in 1s..3600s, was 30",
                "scale_to_zero: {requests_per_second: 5} | scale_to_zero.start must say how long a start takes, was absent",
                "scale_to_zero: {start: 30s, rate: 5} | key 'scale_to_zero.rate' is unknown; known keys: start, requests_per_second",
                "scale_to_zero: 30s | scale_to_zero must be a mapping, was \"30s\"",
                "execution_providers: [] | execution_providers must list at least one name, was []",
                "execution_providers: cpu | execution_providers must list at least one name, was \"cpu\"",
                "execution_providers: [rocm] | execution_providers must be cpu, cuda or tensorrt, was rocm",
                "execution_providers: [cpu, cuda] | execution_providers must name each provider once, and cpu last, was cuda",
                "execution_providers: [cuda, cuda] | execution_providers must name each provider once, and cpu last, was cuda",
                "execution_providers: [cuda: {fp16: true}] | key 'execution_providers.cuda.fp16' is unknown; known keys: cuda_graphs, required, device_id, memory_limit, arena_strategy, cudnn_search",
                "execution_providers: [cuda: {required: 1}] | execution_providers.cuda.required must be true or false, was 1",
                "execution_providers: [cuda: {cudnn_search: fast}] | execution_providers.cuda.cudnn_search must be one of exhaustive, heuristic, default, was \"fast\"",
                "execution_providers: [cuda: {cuda_graphs: true}] | execution_providers.cuda.cuda_graphs must be false (ONNX Runtime's Java API lacks I/O binding), was true",
                "execution_providers: [tensorrt: {cache_folder: 7}] | execution_providers.tensorrt.cache_folder must be text, was 7",
                "execution_providers: [cpu: {intra_op_threads: 0}] | execution_providers.cpu.intra_op_threads must be an integer in 1..256, was 0",
                "shape_buckets: [16, 32] | shape_buckets must be a mapping, was [16,32]",
                "shape_buckets: {n: {pad: {x: 0}}} | shape_buckets.n.sizes must list at least one integer, or set up_to instead, was []",
                "shape_buckets: {n: {sizes: [0]}} | shape_buckets.n.sizes must be an integer in 1..1048576, was 0",
                "shape_buckets: {n: {sizes: [8], pad: {x: zero}}} | shape_buckets.n.pad.x must be a number, was \"zero\"",
                "shape_buckets: {n: {sizes: [8], mask: 1}} | shape_buckets.n.mask must be text, was 1",
                "shape_buckets: {n: {size: 8, sizes: [8]}} | key 'shape_buckets.n.size' is unknown; known keys: sizes, up_to, pad, mask",
                "{remote: {url: 'http://c', model: m}, instances: 2} | instances must be absent where a centre runs the model, was present",
                "{remote: {url: 'http://c', model: m}, shape_buckets: {n: {sizes: [8]}}} | shape_buckets must be absent where a centre runs the model, was present",
                "max_batch_elements: 0 | max_batch_elements must be an integer in 1..2147483647, was 0",
            })
    void refusesWithKeyValueAndRange(String yaml, String reason) {
        assertThatThrownBy(() -> ModelConfig.parse(yaml))
                .isInstanceOf(ModelRefusedException.class)
                .hasMessage("model.yaml: " + reason);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "features: {view: v, source: s, names: [a]} | features.entity is required",
                "features: {entity: e, view: v, source: s} | features.names must list at least one name",
                "features: {entity: e, view: v, source: s, names: [a, a]} | features.names must be a list of at most 4096 distinct names",
                "features: {entity: e, view: v, source: s, names: [a], default: [1, 2]} | features.default must have 1 numbers",
                "features: {entity: e, view: v, source: s, names: [a], on_missing: default} | features.default is required",
                "features: {entity: e, view: v, source: s, names: [a], entity_datatype: FP32} | features.entity_datatype must be BYTES",
                "features: {entity: e, view: v, source: s, names: [a], ttl: 5} | key 'features.ttl' is unknown; known keys: ",
            })
    void refusesInvalidFeatures(String yaml, String reason) {
        assertThatThrownBy(() -> ModelConfig.parse(yaml))
                .isInstanceOf(ModelRefusedException.class)
                .hasMessageContaining(reason);
    }

    @Test
    void refusesUnknownKeysAndNamesTheKnown() {
        assertThatThrownBy(() -> ModelConfig.parse("max_batchsize: 8"))
                .hasMessageStartingWith(
                        "model.yaml: key 'max_batchsize' is unknown; known keys: max_batch_size, max_queue_delay");
    }

    @Test
    void refusesKeysGivenTwice() {
        assertThatThrownBy(() -> ModelConfig.parse("instances: 1\ninstances: 2"))
                .isInstanceOf(ModelRefusedException.class)
                .hasMessage("model.yaml must be valid YAML, has an error near line 2: Duplicate field 'instances'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a: [", "\tx: 1", "'"})
    void refusesInvalidYaml(String yaml) {
        assertThatThrownBy(() -> ModelConfig.parse(yaml))
                .isInstanceOf(ModelRefusedException.class)
                .hasMessageStartingWith("model.yaml must be valid YAML, has an error near line 1: ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a: &a [1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\npreferred_batch_sizes: *c",
                "preferred_batch_sizes: &a [*a]",
                "max_batch_size: !!java.net.URL [\"http://localhost\"]",
                "<<: {instances: 2}"
            })
    void refusesAliasesAndTags(String yaml) {
        assertThatThrownBy(() -> ModelConfig.parse(yaml)).isInstanceOf(ModelRefusedException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"[", "{a: ", "- "})
    void refusesNestingWithoutEnd(String opening) {
        String deep = "warm_up: " + (opening.equals("- ") ? "\n" : "") + opening.repeat(50_000);

        assertThatThrownBy(() -> ModelConfig.parse(deep)).isInstanceOf(ModelRefusedException.class);
    }

    @Test
    void refusesADocumentThatIsNotAMapping() {
        assertThatThrownBy(() -> ModelConfig.parse("- 1")).hasMessage("model.yaml must be a mapping of keys to values");
    }

    @Test
    void refusesTooManyWarmUpRuns() {
        String sizes = "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]";

        assertThatThrownBy(() -> ModelConfig.parse("warm_up: {sizes: {height: " + sizes + ", width: " + sizes + "}}"))
                .hasMessage("model.yaml: warm_up.sizes must make at most 256 runs together with rows, was 288");
    }

    @Test
    void usesTheOptionNamesOfCuda() {
        Cuda cuda = new Cuda(
                false, 2, OptionalLong.of(1024), Optional.of(ArenaStrategy.NEXT_POWER_OF_TWO), CudnnSearch.HEURISTIC);

        assertThat(cuda.options())
                .isEqualTo(Map.of(
                        "device_id", "2",
                        "gpu_mem_limit", "1024",
                        "arena_extend_strategy", "kNextPowerOfTwo",
                        "cudnn_conv_algo_search", "HEURISTIC"));
    }

    @Test
    void overridesOnlyTheConvolutionSearchOfCuda() {
        assertThat(Cuda.PREFERRED.options()).isEqualTo(Map.of("device_id", "0", "cudnn_conv_algo_search", "HEURISTIC"));
    }

    @Test
    void usesTheOptionNamesOfTensorRt() {
        TensorRt tensorRt = new TensorRt(false, 0, true, OptionalLong.of(2048), Optional.of("/cache"));

        assertThat(tensorRt.options("x:1x3", "x:64x3"))
                .isEqualTo(Map.of(
                        "device_id", "0",
                        "trt_fp16_enable", "1",
                        "trt_max_workspace_size", "2048",
                        "trt_engine_cache_enable", "1",
                        "trt_engine_cache_path", "/cache",
                        "trt_timing_cache_enable", "1",
                        "trt_timing_cache_path", "/cache",
                        "trt_profile_min_shapes", "x:1x3",
                        "trt_profile_opt_shapes", "x:64x3",
                        "trt_profile_max_shapes", "x:64x3"));
    }
}
