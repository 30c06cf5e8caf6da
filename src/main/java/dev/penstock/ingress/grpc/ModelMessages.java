package dev.penstock.ingress.grpc;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import dev.penstock.ingress.call.RepositoryIndex;
import dev.penstock.ingress.submit.CallStatistics;
import dev.penstock.ingress.triton.ModelConfigDocument;
import dev.penstock.ingress.triton.StatisticsDocument;
import dev.penstock.messages.Announcement;
import dev.penstock.messages.ModelStatus.State;
import dev.penstock.protocol.TensorSpec;
import inference.GrpcService.ModelMetadataResponse;
import inference.GrpcService.ModelStatistics;
import inference.GrpcService.RepositoryIndexResponse;
import inference.ModelConfigOuterClass.ModelConfig;
import java.util.Collection;
import java.util.List;

/** What is said of models, as messages of gRPC. */
final class ModelMessages {
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

    /** The configuration, as over REST. */
    static ModelConfig config(Announcement model) {
        return merged(ModelConfigDocument.of(model), ModelConfig.newBuilder()).build();
    }

    /** The statistics of a version, as over REST. */
    static ModelStatistics statistics(String model, String version, CallStatistics.Counts counts) {
        return merged(StatisticsDocument.of(model, version, counts), ModelStatistics.newBuilder())
                .build();
    }

    private static <B extends Message.Builder> B merged(ObjectNode document, B message) {
        try {
            JsonFormat.parser().merge(document.toString(), message);
            return message;
        } catch (InvalidProtocolBufferException impossible) {
            throw new IllegalStateException(impossible); // both have Triton's members
        }
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
