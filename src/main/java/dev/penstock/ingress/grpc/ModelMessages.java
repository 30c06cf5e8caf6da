package dev.penstock.ingress.grpc;

import dev.penstock.ingress.call.RepositoryIndex;
import dev.penstock.messages.Announcement;
import dev.penstock.messages.ModelStatus.State;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Signature;
import dev.penstock.protocol.TensorSpec;
import inference.GrpcService.ModelMetadataResponse;
import inference.GrpcService.RepositoryIndexResponse;
import inference.ModelConfigOuterClass.DataType;
import inference.ModelConfigOuterClass.ModelConfig;
import inference.ModelConfigOuterClass.ModelDynamicBatching;
import inference.ModelConfigOuterClass.ModelInput;
import inference.ModelConfigOuterClass.ModelOutput;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Stream;

/** What is said of models, as messages of gRPC. */
final class ModelMessages {
    private static final OptionalInt FIRST = OptionalInt.of(0);

    private ModelMessages() {}

    static ModelMetadataResponse metadata(Announcement model, Collection<String> versions) {
        ModelMetadataResponse.Builder metadata = ModelMetadataResponse.newBuilder()
                .setName(model.model())
                .addAllVersions(versions)
                .setPlatform("onnx_onnxv1");
        model.signature().inputs().forEach(input -> metadata.addInputs(metadata(input)));
        model.signature().outputs().forEach(output -> metadata.addOutputs(metadata(output)));
        return metadata.build();
    }

    private static ModelMetadataResponse.TensorMetadata metadata(TensorSpec spec) {
        ModelMetadataResponse.TensorMetadata.Builder tensor = ModelMetadataResponse.TensorMetadata.newBuilder()
                .setName(spec.name())
                .setDatatype(spec.datatype().name());
        for (int i = 0; i < spec.shape().rank(); i++) {
            tensor.addShape(spec.shape().dimension(i));
        }
        return tensor.build();
    }

    /**
     * The configuration in Triton's terms. Its batches have rows in the first dimension of every tensor, which {@code dims} leaves out. A
     * model with rows anywhere else, or without, has {@code max_batch_size} 0 and full shapes there.
     */
    static ModelConfig config(Announcement model) {
        boolean isBatched = isBatched(model.signature());
        ModelConfig.Builder config = ModelConfig.newBuilder()
                .setName(model.model())
                .setPlatform("onnxruntime_onnx")
                .setBackend("onnxruntime")
                .setMaxBatchSize(isBatched ? model.maxRequestRows() : 0)
                .setDefaultModelFilename("model.onnx");
        if (isBatched) {
            config.setDynamicBatching(ModelDynamicBatching.getDefaultInstance());
        }
        for (TensorSpec input : model.signature().inputs()) {
            config.addInput(ModelInput.newBuilder()
                    .setName(input.name())
                    .setDataType(type(input.datatype()))
                    .addAllDims(dims(input, isBatched)));
        }
        for (TensorSpec output : model.signature().outputs()) {
            config.addOutput(ModelOutput.newBuilder()
                    .setName(output.name())
                    .setDataType(type(output.datatype()))
                    .addAllDims(dims(output, isBatched)));
        }
        return config.build();
    }

    private static boolean isBatched(Signature signature) {
        return !signature.mode().isOneByOne()
                && Stream.of(signature.inputs(), signature.outputs())
                        .flatMap(List::stream)
                        .allMatch(tensor -> tensor.rowAxis().equals(FIRST));
    }

    private static List<Long> dims(TensorSpec spec, boolean isBatched) {
        return Arrays.stream(spec.shape().toArray())
                .skip(isBatched ? 1 : 0)
                .boxed()
                .toList();
    }

    private static DataType type(Datatype datatype) {
        return DataType.valueOf("TYPE_" + (datatype == Datatype.BYTES ? "STRING" : datatype.name()));
    }

    static RepositoryIndexResponse index(List<RepositoryIndex.Entry> entries, boolean readyOnly) {
        RepositoryIndexResponse.Builder index = RepositoryIndexResponse.newBuilder();
        for (RepositoryIndex.Entry entry : entries) {
            if (!readyOnly || entry.state() == State.READY) {
                index.addModelsBuilder()
                        .setName(entry.model())
                        .setVersion(entry.version().orElse(""))
                        .setState(entry.state().name())
                        .setReason(entry.reason());
            }
        }
        return index.build();
    }
}
