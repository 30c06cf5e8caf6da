package dev.penstock.service;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.RequestIds;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.Lane;
import inference.GRPCInferenceServiceGrpc;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.inject.Inject;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.eclipse.microprofile.config.ConfigProvider;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Requests are cancelled while the only accelerator is busy with earlier ones. */
@WholeService
class CancelTest {
    private static final String INFER = "/v2/models/" + TestModels.PATIENCE + "/infer";
    private static final int BUSY_REQUESTS = 3;

    /** Iterations of the model's loop: about a second, so that a cold service hears of a cancellation before the last of them ends. */
    private static final int BUSY_TURNS = 3_000_000;

    // Earlier deadlines run first: the long runs, then the call whose client disconnects, then all others.
    private static final int BUSY_TIMEOUT_MILLIS = 60_000;
    private static final int CALL_TIMEOUT_MILLIS = 120_000;
    private static final int ASYNC_TIMEOUT_MILLIS = 240_000;

    @Inject
    MeterRegistry meters;

    private Service service;
    private List<String> busy = List.of();
    private long runsBefore;
    private double cancelledBefore;

    @BeforeEach
    void keepTheAcceleratorBusy() {
        service = Service.underTest().awaitModel(TestModels.PATIENCE);
        runsBefore = runs();
        cancelledBefore = cancelled();
        busy = new ArrayList<>();
        for (int i = 0; i < BUSY_REQUESTS; i++) {
            busy.add(submit(body(BUSY_TURNS), BUSY_TIMEOUT_MILLIS));
        }
    }

    @AfterEach
    void awaitTheLongRuns() {
        busy.forEach(this::status);
    }

    @Test
    void neverRunsADeletedRequest() {
        List<String> taken = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            taken.add(submit(body(1)));
        }
        for (String location : taken) {
            assertThat(service.send("DELETE", location, BodyPublishers.noBody()).status())
                    .isEqualTo(202);
        }
        for (String location : taken) {
            assertThat(status(location)).isEqualTo("cancelled");
        }
        assertThatOnlyTheLongRunsRan();
        assertThat(cancelled() - cancelledBefore).isEqualTo(5);
        for (String location : taken) {
            assertThat(status(location)).isEqualTo("cancelled");
        }
    }

    @Test
    void neverRunsACallWhoseClientDisconnected() throws IOException {
        URI url = ConfigProvider.getConfig().getValue("test.url", URI.class);
        byte[] body = body(1).getBytes(UTF_8);
        String headers = "POST " + INFER + " HTTP/1.1\r\nHost: test\r\nPenstock-Timeout-Ms: " + CALL_TIMEOUT_MILLIS
                + "\r\nContent-Length: " + body.length + "\r\n\r\n";
        try (Socket client = new Socket(url.getHost(), url.getPort())) {
            client.getOutputStream().write(headers.getBytes(UTF_8));
            client.getOutputStream().write(body);
            client.getOutputStream().flush();
            InputStream answer = client.getInputStream();
            await().until(() -> waitingCalls() == 1 || answer.available() > 0);
            assertThat(new String(answer.readNBytes(answer.available()), UTF_8)).isEmpty();
        }
        await().until(() -> waitingCalls() == 0);
        assertThatOnlyTheLongRunsRan();
        await().until(() -> cancelled() - cancelledBefore == 1);
    }

    @Test
    void neverRunsACallOverGrpcThatItsClientCancelled() {
        try (Grpc grpc = Grpc.underTest()) {
            var call = GRPCInferenceServiceGrpc.newFutureStub(grpc.channel())
                    .withDeadlineAfter(CALL_TIMEOUT_MILLIS, TimeUnit.MILLISECONDS)
                    .modelInfer(GrpcRequests.turns(1));
            await().until(() -> waitingCalls() == 1 || call.isDone());
            assertThat(call.cancel(true)).isTrue();
            await().until(() -> waitingCalls() == 0);
        }
        assertThatOnlyTheLongRunsRan();
        await().until(() -> cancelled() - cancelledBefore == 1);
    }

    @Test
    void neverRunsARequestThatWouldBeLate() {
        String late = publish(body(1), 100); // published directly, since the gate would refuse it
        assertThatOnlyTheLongRunsRan();
        assertThat(status("/v2/requests/" + late)).isEqualTo("expired");
    }

    /** Awaits the last request in the queue. Earlier requests have run by then, or never will. */
    private void assertThatOnlyTheLongRunsRan() {
        String last = submit(body(1));
        busy.forEach(location -> assertThat(status(location)).isEqualTo("succeeded"));
        assertThat(status(last)).isEqualTo("succeeded");
        assertThat(runs() - runsBefore).isEqualTo(BUSY_REQUESTS + 1);
    }

    private String submit(String body) {
        return submit(body, ASYNC_TIMEOUT_MILLIS);
    }

    private String submit(String body, int timeoutMillis) {
        Service.Answer accepted = service.post(
                INFER, body, "Prefer", "respond-async", "Penstock-Timeout-Ms", Integer.toString(timeoutMillis));
        assertThat(accepted.status()).isEqualTo(202);
        return accepted.header("Location");
    }

    private static String publish(String body, long timeoutMillis) {
        String id = new RequestIds(ServiceStack.REQUEST_ID_KEY.getBytes(UTF_8))
                .issue(System.currentTimeMillis(), timeoutMillis, 0, 1, 2 * (int) (System.nanoTime() >>> 2))
                .toString();
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", ServiceStack.bootstrapServers()),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            ProducerRecord<byte[], byte[]> record =
                    new ProducerRecord<>(Topics.requests(TestModels.PATIENCE, Lane.INTERACTIVE), body.getBytes(UTF_8));
            RecordHeaders.set(record.headers(), RecordHeaders.CORRELATION_ID, id);
            RecordHeaders.set(record.headers(), RecordHeaders.REPLY_TOPIC, Topics.RESULTS);
            RecordHeaders.set(record.headers(), RecordHeaders.TIMEOUT_MS, Long.toString(timeoutMillis));
            producer.send(record);
        }
        return id;
    }

    private String status(String location) {
        return service.get(location, "Prefer", "wait=30").json().path("status").asText();
    }

    private static String body(int turns) {
        return "{\"inputs\":[{\"name\":\"turns\",\"datatype\":\"INT64\",\"shape\":[1],\"data\":[" + turns + "]}]}";
    }

    private long runs() {
        return meters.get("model.inference.latency")
                .tag("model", TestModels.PATIENCE)
                .timer()
                .count();
    }

    private double cancelled() {
        return meters.get("inference.requests")
                .tag("model", TestModels.PATIENCE)
                .tag("outcome", "cancelled")
                .counter()
                .count();
    }

    private double waitingCalls() {
        return meters.get("inference.pending.calls").gauge().value();
    }
}
