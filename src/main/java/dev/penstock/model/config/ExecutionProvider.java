package dev.penstock.model.config;

import dev.penstock.model.ModelRefusedException;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a session may run on. A required one that is missing refuses the model; a preferred one that is missing is passed over with a
 * note.
 */
public sealed interface ExecutionProvider {

    /** As in model.yaml. */
    String name();

    boolean required();

    /**
     * The host's processors, always there.
     *
     * @param intraOpThreads of one run
     * @param concurrentRuns of one session, sharing its weights
     */
    record Cpu(int intraOpThreads, int concurrentRuns) implements ExecutionProvider {
        private static final int MOST_THREADS = 256;
        private static final int MOST_RUNS = 64;

        /** Each slot has buffers of its own; on a large host, more than these are to be asked for. */
        private static final int MOST_RUNS_BY_DEFAULT = 8;

        /** One thread a run, and a run for each core, since batches are faster side by side than split. */
        public static final Cpu DEFAULT = onAllCores(1);

        static Cpu onAllCores(int intraOpThreads) {
            int runs = Runtime.getRuntime().availableProcessors() / intraOpThreads;
            return new Cpu(intraOpThreads, Math.clamp(runs, 1, MOST_RUNS_BY_DEFAULT));
        }

        static Cpu read(YamlSection options) throws ModelRefusedException {
            options.flag("required", true);
            Cpu standard = onAllCores(options.integer("intra_op_threads", 1, MOST_THREADS, DEFAULT.intraOpThreads));
            return new Cpu(
                    standard.intraOpThreads, options.integer("concurrent_runs", 1, MOST_RUNS, standard.concurrentRuns));
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
     * NVIDIA GPUs by CUDA and cuDNN.
     *
     * @param memoryLimitBytes of the session's arena, which never shrinks; unset, it may take the whole device
     * @param cudnnSearch how convolutions are chosen for each new input shape. Heuristic, since batches come in many shapes and the
     *     exhaustive search takes hundreds of milliseconds for each
     */
    record Cuda(
            boolean required,
            int deviceId,
            OptionalLong memoryLimitBytes,
            Optional<ArenaStrategy> arenaStrategy,
            CudnnSearch cudnnSearch)
            implements ExecutionProvider {

        static final Cuda PREFERRED = new Cuda(false, 0, OptionalLong.empty(), Optional.empty(), CudnnSearch.HEURISTIC);

        /** How the arena grows. */
        public enum ArenaStrategy {
            NEXT_POWER_OF_TWO("kNextPowerOfTwo"),
            SAME_AS_REQUESTED("kSameAsRequested");

            private final String onnxName;

            ArenaStrategy(String onnxName) {
                this.onnxName = onnxName;
            }
        }

        /** How cuDNN looks for the best convolution. */
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

        /** As ONNX Runtime's CUDA provider calls them. */
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
     * NVIDIA GPUs by engines that TensorRT compiles from the graph, which takes minutes without a cache.
     *
     * @param workspaceBytes what the compiler may use for choosing kernels
     * @param cacheFolder where engines are kept between starts
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
         * As ONNX Runtime's TensorRT provider calls them.
         *
         * @param smallest and {@code largest}: the shapes that one engine must serve, as in {@code x:1x64}; a batch outside of them
         *     would compile another
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
     * A captured graph replays with the addresses, and so with the inputs, of the run that captured it, unless the caller binds inputs
     * and outputs on the device. ONNX Runtime's Java API cannot (onnxruntime#26209): every answer would be that of the first run.
     */
    private static void refuseCudaGraphs(YamlSection options) throws ModelRefusedException {
        if (options.flag("cuda_graphs", false)) {
            throw options.refused(
                    "cuda_graphs", "must be false: ONNX Runtime's Java API lacks the I/O binding that they need", true);
        }
    }
}
