package dev.penstock.model.config;

import dev.penstock.model.ModelRefusedException;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * An execution provider of ONNX Runtime. If a required provider is unavailable, the model is refused. If a preferred one is unavailable,
 * it is skipped and logged.
 */
public sealed interface ExecutionProvider {

    /** The name in model.yaml. */
    String name();

    boolean required();

    /**
     * The CPUs of the host. Always available.
     *
     * @param intraOpThreads threads per run
     * @param concurrentRuns concurrent runs per session; they share its weights
     */
    record Cpu(int intraOpThreads, int concurrentRuns) implements ExecutionProvider {
        private static final int MAX_THREADS = 256;
        private static final int MAX_RUNS = 64;

        /** Every slot has its own buffers, so more runs on a large host must be configured explicitly. */
        private static final int MAX_RUNS_BY_DEFAULT = 8;

        /** One thread per run and one run per core: running batches in parallel is faster than splitting one batch across cores. */
        public static final Cpu DEFAULT = onAllCores(1);

        static Cpu onAllCores(int intraOpThreads) {
            int runs = Runtime.getRuntime().availableProcessors() / intraOpThreads;
            return new Cpu(intraOpThreads, Math.clamp(runs, 1, MAX_RUNS_BY_DEFAULT));
        }

        static Cpu read(YamlSection options) throws ModelRefusedException {
            options.flag("required", true);
            Cpu standard = onAllCores(options.integer("intra_op_threads", 1, MAX_THREADS, DEFAULT.intraOpThreads));
            return new Cpu(
                    standard.intraOpThreads, options.integer("concurrent_runs", 1, MAX_RUNS, standard.concurrentRuns));
        }

        @Override
        public String name() {
            return "cpu";
        }

        @Override
        public boolean required() {
            return true;
        }
    }

    /**
     * NVIDIA GPUs with CUDA and cuDNN.
     *
     * @param memoryLimitBytes the limit of the session's arena, which never shrinks. Without a limit it may fill the device
     * @param cudnnSearch how cuDNN chooses a convolution algorithm for each new input shape. The default is heuristic, because batches
     *     have many shapes and an exhaustive search takes hundreds of milliseconds per shape
     */
    record Cuda(
            boolean required,
            int deviceId,
            OptionalLong memoryLimitBytes,
            Optional<ArenaStrategy> arenaStrategy,
            CudnnSearch cudnnSearch)
            implements ExecutionProvider {

        static final Cuda PREFERRED = new Cuda(false, 0, OptionalLong.empty(), Optional.empty(), CudnnSearch.HEURISTIC);

        /** How the memory arena grows. */
        public enum ArenaStrategy {
            NEXT_POWER_OF_TWO("kNextPowerOfTwo"),
            SAME_AS_REQUESTED("kSameAsRequested");

            private final String onnxName;

            ArenaStrategy(String onnxName) {
                this.onnxName = onnxName;
            }
        }

        /** How cuDNN searches for the best convolution algorithm. */
        public enum CudnnSearch {
            EXHAUSTIVE,
            HEURISTIC,
            DEFAULT
        }

        static Cuda read(YamlSection options) throws ModelRefusedException {
            refuseCudaGraphs(options);
            return new Cuda(
                    options.flag("required", PREFERRED.required),
                    readDeviceId(options),
                    options.bytes("memory_limit", 1 << 20, 1L << 40),
                    options.choice("arena_strategy", ArenaStrategy.class),
                    options.choice("cudnn_search", CudnnSearch.class).orElse(PREFERRED.cudnnSearch));
        }

        @Override
        public String name() {
            return "cuda";
        }

        /** The options by the names of ONNX Runtime's CUDA provider. */
        public Map<String, String> options() {
            Map<String, String> options = new HashMap<>();
            options.put("device_id", Integer.toString(deviceId));
            options.put("cudnn_conv_algo_search", cudnnSearch.name().toUpperCase(Locale.ROOT));
            memoryLimitBytes.ifPresent(bytes -> options.put("gpu_mem_limit", Long.toString(bytes)));
            arenaStrategy.ifPresent(strategy -> options.put("arena_extend_strategy", strategy.onnxName));
            return options;
        }
    }

    /**
     * NVIDIA GPUs with TensorRT. It compiles an engine from the graph, which takes minutes without a cache.
     *
     * @param workspaceBytes memory that the compiler may use while it chooses kernels
     * @param cacheFolder the folder that keeps engines across restarts
     */
    record TensorRt(
            boolean required, int deviceId, boolean fp16, OptionalLong workspaceBytes, Optional<String> cacheFolder)
            implements ExecutionProvider {

        static TensorRt read(YamlSection options) throws ModelRefusedException {
            refuseCudaGraphs(options);
            return new TensorRt(
                    options.flag("required", false),
                    readDeviceId(options),
                    options.flag("fp16", false),
                    options.bytes("workspace_limit", 1 << 20, 1L << 40),
                    options.text("cache_folder"));
        }

        @Override
        public String name() {
            return "tensorrt";
        }

        /**
         * The options by the names of ONNX Runtime's TensorRT provider. A batch outside the range of shapes would compile another engine.
         *
         * @param smallest the smallest shapes that the engine must serve, as in {@code x:1x64}
         * @param largest the largest shapes
         */
        public Map<String, String> options(String smallest, String largest) {
            Map<String, String> options = new HashMap<>();
            options.put("device_id", Integer.toString(deviceId));
            options.put("trt_fp16_enable", fp16 ? "1" : "0");
            options.put("trt_profile_min_shapes", smallest);
            options.put("trt_profile_opt_shapes", largest);
            options.put("trt_profile_max_shapes", largest);
            workspaceBytes.ifPresent(bytes -> options.put("trt_max_workspace_size", Long.toString(bytes)));
            cacheFolder.ifPresent(folder -> {
                options.put("trt_engine_cache_enable", "1");
                options.put("trt_engine_cache_path", folder);
                options.put("trt_timing_cache_enable", "1");
                options.put("trt_timing_cache_path", folder);
            });
            return options;
        }
    }

    private static int readDeviceId(YamlSection options) throws ModelRefusedException {
        return options.integer("device_id", 0, 63, 0);
    }

    /**
     * A CUDA graph replays with the addresses, and so with the inputs, of the run that captured it, unless the caller binds inputs and
     * outputs on the device. ONNX Runtime's Java API cannot bind them (onnxruntime#26209), so every run would return the first result.
     */
    private static void refuseCudaGraphs(YamlSection options) throws ModelRefusedException {
        if (options.flag("cuda_graphs", false)) {
            throw options.refused("cuda_graphs", "must be false (ONNX Runtime's Java API lacks I/O binding)", true);
        }
    }
}
