package dev.penstock.bench;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.providers.OrtCUDAProviderOptions;
import java.util.List;

/** What a benchmark's models run on. */
enum Processor {
    CPU,
    CUDA;

    static final List<String> NAMES = List.of("cpu", "cuda");

    /** CUDA multiplies FP32 in TF32, which keeps 10 bits of each factor. */
    private static final double TF32 = 0.01;

    static Processor named(String name) {
        return values()[NAMES.indexOf(name)];
    }

    /** Runs at a time that leave none of it idle: a GPU has the next one's inputs copied while it runs one. */
    int callers() {
        return this == CPU ? Runtime.getRuntime().availableProcessors() : 4;
    }

    /** Worth measuring; a GPU has room for more rows. */
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

    /** Of model.yaml. */
    String executionProviders() {
        return this == CPU ? "" : "execution_providers: [cuda: {required: true}, cpu]\n";
    }

    /** How far its answers may be from the CPU's. */
    double tolerance(Workload workload) {
        return this == CPU ? workload.tolerance() : Math.max(workload.tolerance(), TF32);
    }
}
