package dev.penstock.model.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtException;
import dev.penstock.model.InferenceException.Kind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OrtFailuresTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "CUDA failure 700: an illegal memory access was encountered ; GPU=0 ; hostname=w ; file=cuda_call.cc",
                "CUDA failure 714: an exception occurred ; GPU=0",
                "CUDA failure 718: invalid program counter ; GPU=0",
                "CUDA failure 719: unspecified launch failure ; GPU=0",
            })
    void classifiesALostDevice(String message) {
        assertThat(OrtFailures.kindOf(message)).isEqualTo(Kind.DEVICE_LOST);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "CUDA failure 2: out of memory ; GPU=0",
                "bfc_arena.cc:359 Failed to allocate memory for requested buffer of size 140737488355328",
                "Available memory of 1024 is smaller than requested bytes of 4096",
                "CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED",
                "std::bad_alloc",
            })
    void classifiesExhaustedMemory(String message) {
        assertThat(OrtFailures.kindOf(message)).isEqualTo(Kind.OUT_OF_MEMORY);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "indices element out of data bounds, idx=99 must be within the inclusive range [-3,2]",
                "CUDA failure 9: invalid configuration argument",
                "CUDA failure 7000: no such error",
            })
    void classifiesEverythingElseAsAFailedBatch(String message) {
        assertThat(OrtFailures.kindOf(message)).isEqualTo(Kind.FAILED);
    }

    @Test
    void removesThePreambleOfTheRuntime() {
        OrtException cause = new OrtException(OrtException.OrtErrorCode.ORT_FAIL, "no such row\n");

        assertThat(OrtFailures.classify(cause)).hasMessage("no such row").hasCause(cause);
    }
}
