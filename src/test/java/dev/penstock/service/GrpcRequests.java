package dev.penstock.service;

import com.google.protobuf.ByteString;
import dev.penstock.protocol.Tensor;
import dev.penstock.samples.DigitsTable;
import inference.GrpcService.InferTensorContents;
import inference.GrpcService.ModelInferRequest;
import inference.GrpcService.ModelInferRequest.InferInputTensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Requests over gRPC. */
final class GrpcRequests {
    private GrpcRequests() {}

    static ModelInferRequest raw(String model, Tensor input) {
        InferInputTensor.Builder tensor = InferInputTensor.newBuilder()
                .setName(input.name())
                .setDatatype(input.datatype().name());
        for (long dimension : input.shape().toArray()) {
            tensor.addShape(dimension);
        }
        return ModelInferRequest.newBuilder()
                .setModelName(model)
                .addInputs(tensor)
                .addRawInputContents(ByteString.copyFrom(input.data().duplicate()))
                .build();
    }

    static ModelInferRequest digits(DigitsTable.Row row) {
        ByteBuffer pixels =
                ByteBuffer.allocate(row.pixels().length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (float pixel : row.pixels()) {
            pixels.putFloat(pixel);
        }
        return ModelInferRequest.newBuilder()
                .setModelName("digits")
                .addInputs(pixels())
                .addRawInputContents(ByteString.copyFrom(pixels.flip()))
                .build();
    }

    static ModelInferRequest typedDigits(DigitsTable.Row row) {
        InferTensorContents.Builder contents = InferTensorContents.newBuilder();
        for (float pixel : row.pixels()) {
            contents.addFp32Contents(pixel);
        }
        return ModelInferRequest.newBuilder()
                .setModelName("digits")
                .addInputs(pixels().setContents(contents))
                .build();
    }

    private static InferInputTensor.Builder pixels() {
        return InferInputTensor.newBuilder()
                .setName("pixels")
                .setDatatype("FP32")
                .addShape(1)
                .addShape(64);
    }

    /** One request of the model that takes as long as it is told. */
    static ModelInferRequest turns(long turns) {
        return ModelInferRequest.newBuilder()
                .setModelName(TestModels.PATIENCE)
                .addInputs(InferInputTensor.newBuilder()
                        .setName("turns")
                        .setDatatype("INT64")
                        .addShape(1)
                        .setContents(InferTensorContents.newBuilder().addInt64Contents(turns)))
                .build();
    }

    /** The first element of an output of INT64. */
    static long firstLong(ByteString raw) {
        return raw.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN).getLong();
    }
}
