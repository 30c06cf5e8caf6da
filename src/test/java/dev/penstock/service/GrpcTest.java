package dev.penstock.service;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import dev.penstock.messages.RecordHeaders;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Tensor;
import dev.penstock.samples.DigitsTable;
import grpc.health.v1.HealthGrpc;
import grpc.health.v1.HealthOuterClass.HealthCheckRequest;
import grpc.health.v1.HealthOuterClass.HealthCheckResponse.ServingStatus;
import grpc.reflection.v1alpha.Reflection.ServerReflectionRequest;
import grpc.reflection.v1alpha.Reflection.ServerReflectionResponse;
import grpc.reflection.v1alpha.ServerReflectionGrpc;
import inference.GRPCInferenceServiceGrpc;
import inference.GrpcService.InferParameter;
import inference.GrpcService.InferTensorContents;
import inference.GrpcService.ModelConfigRequest;
import inference.GrpcService.ModelInferRequest;
import inference.GrpcService.ModelInferRequest.InferInputTensor;
import inference.GrpcService.ModelInferResponse;
import inference.GrpcService.ModelMetadataRequest;
import inference.GrpcService.ModelMetadataResponse;
import inference.GrpcService.ModelReadyRequest;
import inference.GrpcService.ModelStatisticsRequest;
import inference.GrpcService.ModelStreamInferResponse;
import inference.GrpcService.RepositoryIndexRequest;
import inference.GrpcService.ServerLiveRequest;
import inference.GrpcService.ServerMetadataRequest;
import inference.GrpcService.ServerReadyRequest;
import inference.GrpcService.SystemSharedMemoryStatusRequest;
import inference.ModelConfigOuterClass.ModelConfig;
import io.grpc.CallOptions;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.inject.Inject;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The protocol over gRPC, with gRPC's own client. */
@WholeService
class GrpcTest {
    private static final DigitsTable.Row ROW = DigitsTable.load().heldOut().getFirst();

    @Inject
    MeterRegistry meters;

    private Service service;
    private Grpc grpc;

    @BeforeEach
    void connect() {
        service = Service.underTest().awaitModel("digits");
        grpc = Grpc.underTest();
    }

    @AfterEach
    void disconnect() {
        grpc.close();
    }

    @Test
    void tellsOfTheServer() {
        assertThat(grpc.stub()
                        .serverLive(ServerLiveRequest.getDefaultInstance())
                        .getLive())
                .isTrue();
        await().until(() ->
                grpc.stub().serverReady(ServerReadyRequest.getDefaultInstance()).getReady()
                        == (service.get("/v2/health/ready").status() == 200));
        var server = grpc.stub().serverMetadata(ServerMetadataRequest.getDefaultInstance());
        assertThat(server.getName()).isEqualTo("penstock");
        assertThat(server.getExtensionsList()).contains("binary_tensor_data");
    }

    @Test
    void tellsOfModels() {
        ModelMetadataResponse digits = grpc.stub()
                .modelMetadata(
                        ModelMetadataRequest.newBuilder().setName("digits").build());
        assertThat(digits.getVersionsList()).containsExactly("1");
        assertThat(digits.getInputs(0).getName()).isEqualTo("pixels");
        assertThat(digits.getInputs(0).getDatatype()).isEqualTo("FP32");
        assertThat(digits.getInputs(0).getShapeList()).containsExactly(-1L, 64L);

        ModelConfig config = grpc.stub()
                .modelConfig(ModelConfigRequest.newBuilder().setName("digits").build())
                .getConfig();
        assertThat(config.getMaxBatchSize()).isPositive();
        assertThat(config.getInput(0).getDimsList()).containsExactly(64L);
        assertThat(config.getInput(0).getDataType().name()).isEqualTo("TYPE_FP32");

        assertThat(isReady("digits", "1")).isTrue();
        assertThat(isReady("digits", "")).isTrue();
        assertThat(isReady("digits", "7")).isFalse();
        assertThat(isReady("nothing", "")).isFalse();

        assertThat(grpc.stub()
                        .repositoryIndex(RepositoryIndexRequest.newBuilder()
                                .setReady(true)
                                .build())
                        .getModelsList())
                .anySatisfy(model -> {
                    assertThat(model.getName()).isEqualTo("digits");
                    assertThat(model.getState()).isEqualTo("READY");
                });
    }

    private boolean isReady(String model, String version) {
        return grpc.stub()
                .modelReady(ModelReadyRequest.newBuilder()
                        .setName(model)
                        .setVersion(version)
                        .build())
                .getReady();
    }

    @ParameterizedTest
    @EnumSource(Datatype.class)
    void echoesEveryDatatype(Datatype datatype) {
        String model = TestModels.echo(datatype);
        service.awaitModel(model);
        Tensor input = SynchronousTest.random(datatype);

        ModelInferResponse answer = grpc.stub().modelInfer(GrpcRequests.raw(model, input));

        assertThat(answer.getOutputs(0).getDatatype()).isEqualTo(datatype.name());
        assertThat(answer.getOutputs(0).getShapeList()).containsExactly(2L, 3L);
        assertThat(answer.getRawOutputContents(0).asReadOnlyByteBuffer()).isEqualTo(input.data());
    }

    @Test
    void takesTypedContents() {
        ModelInferResponse typed = grpc.stub().modelInfer(GrpcRequests.typedDigits(ROW));
        ModelInferResponse raw = grpc.stub().modelInfer(GrpcRequests.digits(ROW));

        assertThat(typed.getRawOutputContentsList()).isEqualTo(raw.getRawOutputContentsList());
    }

    /** The same image in four ways: a synchronous call, an asynchronous one, a record of another system, and gRPC. */
    @Test
    void allDoorsGiveTheSameAnswer() throws Exception {
        String json = Digits.request(ROW);
        JsonNode sync = service.post("/v2/models/digits/infer", json).json();
        String location = service.post("/v2/models/digits/infer", json, "Prefer", "respond-async")
                .header("Location");
        JsonNode async = service.get(location, "Prefer", "wait=20").json().path("response");
        JsonNode kafka = Service.JSON.readTree(throughKafka(json));
        ModelInferResponse rpc = grpc.stub().modelInfer(GrpcRequests.digits(ROW));

        assertThat(async.path("outputs")).isEqualTo(sync.path("outputs"));
        assertThat(kafka.path("outputs")).isEqualTo(sync.path("outputs"));
        assertThat(rpc.getModelName()).isEqualTo("digits");
        assertThat(rpc.getModelVersion()).isEqualTo("1");
        assertThat(GrpcRequests.firstLong(rpc.getRawOutputContents(0)))
                .isEqualTo(sync.at("/outputs/0/data/0").asLong());
        ByteBuffer probabilities =
                rpc.getRawOutputContents(1).asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        for (JsonNode probability : sync.at("/outputs/1/data")) {
            assertThat(probabilities.getFloat()).isEqualTo((float) probability.asDouble());
        }
    }

    private static byte[] throughKafka(String json) {
        Map<String, Object> kafka = Map.of("bootstrap.servers", ServiceStack.bootstrapServers());
        try (KafkaConsumer<byte[], byte[]> replies =
                        new KafkaConsumer<>(kafka, new ByteArrayDeserializer(), new ByteArrayDeserializer());
                KafkaProducer<byte[], byte[]> requests =
                        new KafkaProducer<>(kafka, new ByteArraySerializer(), new ByteArraySerializer())) {
            List<TopicPartition> partitions = replies.partitionsFor(ServiceStack.REPLIES).stream()
                    .map(partition -> new TopicPartition(partition.topic(), partition.partition()))
                    .toList();
            replies.assign(partitions);
            replies.seekToEnd(partitions);
            partitions.forEach(replies::position);
            ProducerRecord<byte[], byte[]> request =
                    new ProducerRecord<>("penstock.digits.requests", json.getBytes(UTF_8));
            RecordHeaders.set(request.headers(), RecordHeaders.REPLY_TOPIC, ServiceStack.REPLIES);
            RecordHeaders.set(request.headers(), RecordHeaders.CORRELATION_ID, "four-doors");
            requests.send(request);
            return await().until(
                            () -> {
                                for (ConsumerRecord<byte[], byte[]> reply : replies.poll(Duration.ofMillis(200))) {
                                    if (RecordHeaders.text(reply.headers(), RecordHeaders.CORRELATION_ID)
                                            .equals(Optional.of("four-doors"))) {
                                        return reply.value();
                                    }
                                }
                                return new byte[0];
                            },
                            value -> value.length > 0);
        }
    }

    @Test
    void passesOnTheIdAndTheRequestedOutputs() {
        ModelInferRequest request = GrpcRequests.digits(ROW).toBuilder()
                .setId("42")
                .addOutputs(ModelInferRequest.InferRequestedOutputTensor.newBuilder()
                        .setName("digit"))
                .build();

        ModelInferResponse answer = grpc.stub().modelInfer(request);

        assertThat(answer.getId()).isEqualTo("42");
        assertThat(answer.getOutputsList()).hasSize(1);
        assertThat(answer.getRawOutputContentsList()).hasSize(1);
    }

    @Test
    void countsCallsOfBothDoorsTogether() {
        long before = statistics();
        grpc.stub().modelInfer(GrpcRequests.digits(ROW));
        service.post("/v2/models/digits/infer", Digits.request(ROW));

        await().until(this::statistics, now -> now >= before + 2);
        assertThatThrownBy(() -> grpc.stub()
                        .modelStatistics(ModelStatisticsRequest.newBuilder()
                                .setName("nothing")
                                .build()))
                .satisfies(failure ->
                        assertThat(Status.fromThrowable(failure).getCode()).isEqualTo(Status.Code.NOT_FOUND));
    }

    private long statistics() {
        return grpc.stub()
                .modelStatistics(
                        ModelStatisticsRequest.newBuilder().setName("digits").build())
                .getModelStats(0)
                .getInferenceStats()
                .getSuccess()
                .getCount();
    }

    @Test
    void refusesBadRequestsWithTheReasonThatRestGives() {
        assertThat(refused(digits().setModelName("nothing"))).isEqualTo(Status.Code.NOT_FOUND);
        assertThat(refused(digits().setModelVersion("7"))).isEqualTo(Status.Code.NOT_FOUND);
        assertThat(refused(digits().clearRawInputContents())).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(refused(digits().addRawInputContents(ByteString.EMPTY))).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThat(refused(digits().putParameters("priority", text("fast")))).isEqualTo(Status.Code.INVALID_ARGUMENT);
        assertThatThrownBy(() -> grpc.stub()
                        .modelInfer(digits().setInputs(
                                        0, digits().getInputs(0).toBuilder().setShape(0, -1))
                                .build()))
                .hasMessageContaining("inputs[0].shape[0]: must be a non-negative integer, was -1");
        assertThatThrownBy(() ->
                        grpc.stub().systemSharedMemoryStatus(SystemSharedMemoryStatusRequest.getDefaultInstance()))
                .satisfies(failure ->
                        assertThat(Status.fromThrowable(failure).getCode()).isEqualTo(Status.Code.UNIMPLEMENTED));
    }

    private static ModelInferRequest.Builder digits() {
        return GrpcRequests.digits(ROW).toBuilder();
    }

    private static InferParameter text(String value) {
        return InferParameter.newBuilder().setStringParam(value).build();
    }

    private Status.Code refused(ModelInferRequest.Builder request) {
        try {
            grpc.stub().modelInfer(request.build());
            return Status.Code.OK;
        } catch (StatusRuntimeException refused) {
            return refused.getStatus().getCode();
        }
    }

    @Test
    void refusesTypedValuesOutOfRange() {
        String model = TestModels.echo(Datatype.INT8);
        service.awaitModel(model);
        InferInputTensor.Builder input = InferInputTensor.newBuilder()
                .setName("x")
                .setDatatype("INT8")
                .addShape(1)
                .addShape(1)
                .setContents(InferTensorContents.newBuilder().addIntContents(128));

        assertThatThrownBy(() -> grpc.stub()
                        .modelInfer(ModelInferRequest.newBuilder()
                                .setModelName(model)
                                .addInputs(input)
                                .build()))
                .hasMessageContaining("inputs[0].contents.int_contents: must be in -128..127 for INT8, was 128");
    }

    /** The service under test takes at most 1 MiB. What is too large only once it is unpacked is refused as a message that cannot be read. */
    @ParameterizedTest
    @CsvSource({"false, 2097152, RESOURCE_EXHAUSTED", "true, 4194304, INTERNAL"})
    void refusesMessagesThatAreTooLargeEvenWhenPacked(boolean packed, int bytes, Status.Code code) {
        ModelInferRequest large = digits().setRawInputContents(0, ByteString.copyFrom(new byte[bytes]))
                .build();

        assertThatThrownBy(() -> (packed ? grpc.stub().withCompression("gzip") : grpc.stub()).modelInfer(large))
                .satisfies(failure ->
                        assertThat(Status.fromThrowable(failure).getCode()).isEqualTo(code));

        assertThat(grpc.stub().modelInfer(GrpcRequests.digits(ROW)).getModelName())
                .as("the connection goes on")
                .isEqualTo("digits");
    }

    @Test
    void takesPackedMessages() {
        assertThat(grpc.stub()
                        .withCompression("gzip")
                        .modelInfer(GrpcRequests.digits(ROW))
                        .getModelName())
                .isEqualTo("digits");
    }

    @Test
    void refusesWhatIsNoMessage() {
        MethodDescriptor<byte[], ModelInferResponse> method = GRPCInferenceServiceGrpc.getModelInferMethod().toBuilder(
                        Bytes.MARSHALLER,
                        GRPCInferenceServiceGrpc.getModelInferMethod().getResponseMarshaller())
                .build();

        assertThatThrownBy(() -> ClientCalls.blockingUnaryCall(
                        grpc.channel(),
                        method,
                        CallOptions.DEFAULT.withDeadlineAfter(20, TimeUnit.SECONDS),
                        "no protobuf \377\377".getBytes(UTF_8)))
                .satisfies(failure -> assertThat(Status.fromThrowable(failure).getCode())
                        .isIn(Status.Code.INVALID_ARGUMENT, Status.Code.INTERNAL));
    }

    private record Bytes() implements MethodDescriptor.Marshaller<byte[]> {
        private static final Bytes MARSHALLER = new Bytes();

        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            throw new UnsupportedOperationException();
        }
    }

    @Test
    void theDeadlineOfTheCallIsThatOfTheRequest() {
        service.awaitModel(TestModels.PATIENCE);
        double before = answers(TestModels.PATIENCE, 503) + answers(TestModels.PATIENCE, 504);

        assertThatThrownBy(() -> grpc.stub("grpc-timeout", "5m").modelInfer(GrpcRequests.turns(1_000_000)))
                .satisfies(failure -> assertThat(Status.fromThrowable(failure).getCode())
                        .isIn(Status.Code.DEADLINE_EXCEEDED, Status.Code.UNAVAILABLE));

        await().until(() -> answers(TestModels.PATIENCE, 503) + answers(TestModels.PATIENCE, 504) == before + 1);
    }

    @Test
    void countsAnswersByTheStatusOfRest() {
        double right = answers("digits", 200);
        double wrong = answers("digits", 400);

        grpc.stub().modelInfer(GrpcRequests.digits(ROW));
        refused(digits().clearRawInputContents());

        await().until(() -> answers("digits", 200) == right + 1 && answers("digits", 400) == wrong + 1);
    }

    private double answers(String model, int status) {
        return meters.get("inference.http.responses")
                .tag("model", model)
                .tag("status", Integer.toString(status))
                .counter()
                .count();
    }

    @Test
    void aRequestWithAKeyIsRunOnce() {
        String key = "grpc-" + System.nanoTime();
        ModelInferRequest request = GrpcRequests.digits(ROW);
        assertThat(grpc.stub("idempotency-key", key).modelInfer(request))
                .isEqualTo(grpc.stub("idempotency-key", key).modelInfer(request));
        assertThatThrownBy(() -> grpc.stub("idempotency-key", key)
                        .modelInfer(request.toBuilder().setId("other").build()))
                .satisfies(failure ->
                        assertThat(Status.fromThrowable(failure).getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION));
    }

    @Test
    void aStreamGoesOnAfterARequestThatFails() {
        Answers<ModelStreamInferResponse> answers = new Answers<>();
        StreamObserver<ModelInferRequest> requests =
                GRPCInferenceServiceGrpc.newStub(grpc.channel()).modelStreamInfer(answers);
        for (int i = 0; i < 200; i++) {
            ModelInferRequest.Builder request = digits().setId(Integer.toString(i));
            requests.onNext(i == 100 ? request.clearInputs().build() : request.build());
        }
        requests.onCompleted();

        assertThat(answers.ended.orTimeout(30, TimeUnit.SECONDS).join()).isEqualTo(200);
        // The gate of a service that is not warm may refuse some of the others.
        assertThat(answers.received)
                .filteredOn(answer -> answer.getErrorMessage().contains("raw_input_contents"))
                .singleElement()
                .satisfies(
                        failed -> assertThat(failed.getInferResponse().getId()).isEqualTo("100"));
        assertThat(answers.received)
                .extracting(answer -> answer.getInferResponse().getId())
                .doesNotHaveDuplicates()
                .hasSize(200);
    }

    private static final class Answers<A> implements StreamObserver<A> {
        private final Queue<A> received = new ConcurrentLinkedQueue<>();
        private final CompletableFuture<Integer> ended = new CompletableFuture<>();

        @Override
        public void onNext(A answer) {
            received.add(answer);
        }

        @Override
        public void onError(Throwable failure) {
            ended.completeExceptionally(failure);
        }

        @Override
        public void onCompleted() {
            ended.complete(received.size());
        }
    }

    /** What grpcurl asks before it makes a call. */
    @Test
    void describesItself() {
        Answers<ServerReflectionResponse> answers = new Answers<>();
        StreamObserver<ServerReflectionRequest> requests =
                ServerReflectionGrpc.newStub(grpc.channel()).serverReflectionInfo(answers);
        requests.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
        requests.onNext(ServerReflectionRequest.newBuilder()
                .setFileContainingSymbol("inference.GRPCInferenceService")
                .build());
        requests.onCompleted();

        assertThat(answers.ended.orTimeout(20, TimeUnit.SECONDS).join()).isEqualTo(2);
        assertThat(answers.received)
                .anySatisfy(
                        answer -> assertThat(answer.getListServicesResponse().getServiceList())
                                .extracting(each -> each.getName())
                                .contains("inference.GRPCInferenceService", "grpc.health.v1.Health"))
                .anySatisfy(answer -> assertThat(
                                answer.getFileDescriptorResponse().getFileDescriptorProtoList())
                        .anySatisfy(file -> assertThat(file.toStringUtf8()).contains("ModelInferRequest")));
    }

    @Test
    void tellsItsHealth() {
        assertThat(HealthGrpc.newBlockingStub(grpc.channel())
                        .check(HealthCheckRequest.newBuilder()
                                .setService("inference.GRPCInferenceService")
                                .build())
                        .getStatus())
                .isIn(ServingStatus.SERVING, ServingStatus.NOT_SERVING);
        assertThatThrownBy(() -> HealthGrpc.newBlockingStub(grpc.channel())
                        .check(HealthCheckRequest.newBuilder()
                                .setService("other")
                                .build()))
                .hasMessageStartingWith("NOT_FOUND");
    }
}
