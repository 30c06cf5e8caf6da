package dev.penstock.bench;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.providers.OrtCUDAProviderOptions;
import java.util.List;

/** The processor that runs a benchmark's models. */
enum Processor {
    CPU,
    CUDA;

    static final List<String> NAMES = List.of("cpu", "cuda");

    /** CUDA multiplies FP32 as TF32, which keeps 10 bits of each factor's mantissa. */
    private static final double TF32 = 0.01;

    static Processor named(String name) {
        return values()[NAMES.indexOf(name)];
    }

    /** The number of concurrent runs that keep the processor busy: a GPU copies the inputs of the next run during a run. */
    int callers() {
        return this == CPU ? Runtime.getRuntime().availableProcessors() : 4;
    }

    /** The batch sizes to measure. A GPU has room for more rows. */
    List<Integer> batchSizes() {
        return this == CPU ? List.of(1, 2, 4, 8, 16, 32, 64, 128) : List.of(1, 4, 16, 64, 256, 1024);
    }

    void configure(SessionOptions options) throws OrtException {
        if (this == CUDA) {
            try (OrtCUDAProviderOptions settings = new OrtCUDAProviderOptions(0)) {
                options.addCUDA(settings);
            }
        }
    }

    /** The lines of {@code model.yaml} that select this processor. */
    String executionProviders() {
        return this == CPU ? "" : "execution_providers: [cuda: {required: true}, cpu]\n";
    }

    /** The tolerance against the CPU's results. */
    double tolerance(Workload workload) {
        return this == CPU ? workload.tolerance() : Math.max(workload.tolerance(), TF32);
    }
}
