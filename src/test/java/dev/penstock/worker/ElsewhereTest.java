package dev.penstock.worker;

import static dev.penstock.worker.CentreOnKafka.REPLIES;
import static dev.penstock.worker.CentreOnKafka.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.Topics;
import dev.penstock.model.OnnxModels;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model that runs in two places, on a real broker: at a centre, and here. */
class ElsewhereTest {
    private static final String INPUT =
            "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[1,3],\"data\":[1,2,3]}]}";

    private static final String SENTENCE = """
            {"inputs":[{"name":"ids","datatype":"INT64","shape":[1,3],"data":[1,2,3]},
            {"name":"mask","datatype":"INT64","shape":[1,3],"data":[1,1,1]}]}""";
    private static final String SEQUENCE = """
            {"name": "ranker", "platform": "onnx",
            "inputs": [{"name": "ids", "datatype": "INT64", "shape": [-1, -1]}, {"name": "mask", "datatype": "INT64", "shape": [-1, -1]}],
            "outputs": [{"name": "masked", "datatype": "INT64", "shape": [-1, -1]}, {"name": "total", "datatype": "INT64", "shape": [-1]}]}
            """;
    private static final String PADDING =
            "shape_buckets: {sequence: {sizes: [4], pad: {ids: 7, mask: 0}, mask: mask}}\n";

    @TempDir
    Path models;

    @TempDir
    Path storage;

    private CentreOnKafka centre;

    @BeforeEach
    void start() throws Exception {
        centre = new CentreOnKafka(models, storage);
    }

    @AfterEach
    void stop() {
        centre.close();
    }

    @Test
    void theFallbackAnswersInItsOwnNameWhileTheCentreIsAway() throws Exception {
        OnnxModels.write(models, "small", 1, OnnxModels.identity(Datatype.FP32));
        remote("fallback: small");
        centre.isAway = true;
        try (WorkerUnderTest worker = worker()) {
            centre.send("away", Topics.REPLIES, INPUT);
            soon().until(() -> centre.replies(Topics.REPLIES).size() == 1);
            assertThat(centre.replies(Topics.REPLIES).getFirst())
                    .contains("away succeeded", "\"fallback\":true", "\"served_by\":\"small\"", "[1.0,2.0,3.0]");
            assertThat(worker.count("inference.fallback.answers", "model", "ranker"))
                    .isEqualTo(1);

            centre.isAway = false;
            int before = centre.asked.size();
            soon().until(() -> {
                centre.send("again", REPLIES, INPUT);
                return centre.asked.size() > before;
            });
            soon().until(() -> centre.replies(REPLIES).stream().anyMatch(reply -> reply.contains("[7.0,7.0,7.0]")));
            assertThat(centre.replies(REPLIES))
                    .filteredOn(reply -> reply.contains("[7.0,7.0,7.0]"))
                    .noneMatch(reply -> reply.contains("fallback"));
        }
    }

    @Test
    void theFallbackStandsInForAModelWhoseCentreWasNeverReached() throws Exception {
        OnnxModels.write(models, "small", 1, OnnxModels.identity(Datatype.FP32));
        remote("fallback: small");
        centre.isSilent = true;
        try (WorkerUnderTest worker = worker()) {
            assertThat(worker.isReady()).isTrue();
            centre.send("before", REPLIES, INPUT);
            soon().until(() -> centre.replies(REPLIES).size() == 1);
            assertThat(centre.replies(REPLIES).getFirst()).contains("before succeeded", "\"served_by\":\"small\"");
            assertThat(centre.lastStatus("ranker/1")).contains("READY", "status 503");

            centre.isSilent = false;
            soon().until(() -> {
                centre.send("after", REPLIES, INPUT);
                return centre.replies(REPLIES).stream().anyMatch(reply -> reply.contains("[7.0,7.0,7.0]"));
            });
            assertThat(centre.lastStatus("ranker/1")).as("deleted").isEmpty();
            assertThat(worker.registry
                            .get("inference.concurrent.runs")
                            .tag("model", "ranker")
                            .gauge()
                            .value())
                    .as("the calls to the centre")
                    .isEqualTo(64);
            assertThat(centre.replies(REPLIES)).allMatch(reply -> reply.contains("succeeded"));
        }
    }

    @Test
    void aFallbackThatHasNotTheInputOfTheFeaturesDoesNotStandIn() throws Exception {
        OnnxModels.write(models, "small", 1, OnnxModels.identity(Datatype.FP32));
        remote(
                "fallback: small\nfeatures: {entity: id, view: v, version: 1, names: [a, b, c, d], input: x, source: s}");
        centre.isSilent = true;
        WorkerUnderTest worker = centre.worker();
        try (ExecutorService starting = Executors.newSingleThreadExecutor();
                worker) {
            Future<?> started = starting.submit(() -> worker.start(() -> false));
            soon().until(() -> worker.missing().contains("status 503"));
            assertThat(worker.isReady()).isFalse();
            centre.isSilent = false;
            started.get();
            assertThat(centre.lastStatus("ranker/1")).contains("UNAVAILABLE", "features.names must fit into");
        }
    }

    @Test
    void whatTheCentreTurnsOutNotToHaveIsServedByNobody() throws Exception {
        OnnxModels.write(models, "small", 1, OnnxModels.identity(Datatype.FP32));
        remote("fallback: small");
        centre.isSilent = true;
        centre.metadata = centre.metadata.replace("FP32", "INT64");
        try (WorkerUnderTest worker = worker()) {
            assertThat(worker.isReady()).isTrue();
            centre.isSilent = false;
            soon().until(() -> centre.lastStatus("ranker/1").contains("UNAVAILABLE"));
            assertThat(centre.lastStatus("ranker/1")).contains("small has input 'x' as FP32");
            assertThat(worker.isReady()).as("small is served").isTrue();
        }
    }

    @Test
    void aFallbackThatPadsAnswersWithoutPadding() throws Exception {
        OnnxModels.write(models, "small", 1, OnnxModels.sequence());
        OnnxModels.writeConfig(models, "small", PADDING);
        remote("fallback: small");
        centre.metadata = SEQUENCE;
        centre.isAway = true;
        try (WorkerUnderTest worker = worker()) {
            centre.send("a", REPLIES, SENTENCE);
            soon().until(() -> centre.replies(REPLIES).size() == 1);
            assertThat(centre.replies(REPLIES).getFirst())
                    .contains(
                            "a succeeded",
                            "\"served_by\":\"small\"",
                            "\"shape\":[1,3],\"datatype\":\"INT64\",\"data\":[1,2,3]",
                            "[6]");
        }
    }

    @Test
    void whatGoesToTheCentreIsPaddedAsItWouldBeHere() throws Exception {
        OnnxModels.write(models, "ranker", 2, OnnxModels.sequence());
        centre.configure(PADDING + "max_batch_size: 1", "use: overflow");
        centre.answer = """
                {"model_name": "ranker", "outputs": [
                {"name": "masked", "datatype": "INT64", "shape": [1, 4], "data": [7, 7, 7, 0]},
                {"name": "total", "datatype": "INT64", "shape": [1], "data": [21]}]}
                """;
        try (WorkerUnderTest worker = worker()) {
            for (int i = 0; i < 300; i++) {
                centre.send(centre.request("r" + i, REPLIES, SENTENCE));
            }
            soon().until(() -> centre.replies(REPLIES).size() == 300);
            assertThat(centre.replies(REPLIES)).allMatch(reply -> reply.contains("succeeded"));
            assertThat(centre.replies(REPLIES))
                    .anyMatch(reply -> reply.contains("\"shape\":[1,3],\"datatype\":\"INT64\",\"data\":[7,7,7]}"));
            assertThat(centre.sent).isNotEmpty().allMatch(body -> body.contains("\"shape\":[1,4]"));
        }
    }

    @Test
    void aModelWhoseCentreIsNeverAskedIsItsFallbacks() throws Exception {
        OnnxModels.write(models, "small", 1, OnnxModels.identity(Datatype.FP32));
        centre.configure("fallback: small", "use: never");
        try (WorkerUnderTest worker = worker()) {
            centre.send("a", REPLIES, INPUT);
            soon().until(() -> centre.replies(REPLIES).size() == 1);
            assertThat(centre.replies(REPLIES).getFirst()).contains("a succeeded", "\"served_by\":\"small\"");
            assertThat(worker.isReady()).isTrue();
        }
        assertThat(centre.asked).isEmpty();
    }

    @Test
    void aFallbackMustBeServedHereAndTakeTheSame() throws Exception {
        remote("fallback: small");
        assertThat(refusal()).contains("its fallback 'small' must be a model with files in the same repository");
        OnnxModels.write(models, "small", 1, OnnxModels.identity(Datatype.INT64));
        assertThat(refusal()).contains("small has input 'x' as INT64 of shape [-1, 3], not FP32 of shape [-1, 3]");
    }

    @Test
    void versionsThatAreMissingAreFetched() throws Exception {
        Path file = OnnxModels.write(storage, "files", 3, OnnxModels.identity(Datatype.FP32));
        Files.writeString(file.resolveSibling("SHA256SUMS"), Sha256.hex(Files.readAllBytes(file)) + "  model.onnx\n");
        centre.configure("", "use: overflow, files: {url: '" + centre.files() + "'}");
        centre.isAway = true;
        WorkerUnderTest worker = centre.worker();
        try (ExecutorService starting = Executors.newSingleThreadExecutor();
                worker) {
            Future<?> started = starting.submit(() -> worker.start(() -> false));
            soon().until(() -> centre.lastStatus("ranker").contains("status 503"));
            assertThat(worker.isReady()).isFalse();
            assertThat(worker.missing()).startsWith("model ranker: ").contains("status 503");
            centre.isAway = false;
            started.get();
            assertThat(worker.isReady()).isTrue();
            assertThat(models.resolve("ranker/3/model.onnx")).hasSameBinaryContentAs(file);
            centre.send("a", REPLIES, INPUT);
            soon().until(() -> centre.replies(REPLIES).size() == 1);
            assertThat(centre.replies(REPLIES).getFirst()).contains("a succeeded", "[1.0,2.0,3.0]");
            assertThat(centre.lastStatus("ranker")).as("deleted").isEmpty();
        }
    }

    @Test
    void whatIsHereServesWhileTheSourceOfNewVersionsIsAway() throws Exception {
        OnnxModels.write(models, "ranker", 2, OnnxModels.identity(Datatype.FP32));
        centre.configure("", "use: overflow, files: {url: '" + centre.files() + "'}");
        centre.isAway = true;
        try (WorkerUnderTest worker = worker()) {
            assertThat(worker.isReady()).isTrue();
        }
    }

    @Test
    void theCentreRunsWhatIsTooMuchHere() throws Exception {
        OnnxModels.write(models, "ranker", 2, OnnxModels.identity(Datatype.FP32));
        centre.configure("max_batch_size: 1", "use: overflow");
        try (WorkerUnderTest worker = worker()) {
            for (int i = 0; i < 300; i++) {
                centre.send(centre.request("r" + i, REPLIES, INPUT));
            }
            soon().until(() -> centre.replies(REPLIES).size() == 300);
            assertThat(centre.replies(REPLIES)).allMatch(reply -> reply.contains("succeeded"));
            assertThat(centre.asked).isNotEmpty().containsOnly("/v2/models/ranker/versions/2/infer");
            assertThat(centre.replies(REPLIES).stream()
                            .filter(reply -> reply.contains("[7.0,7.0,7.0]"))
                            .count())
                    .isPositive()
                    .isEqualTo((long) worker.count("inference.overflow.answers", "model", "ranker"));

            int before = centre.asked.size();
            for (int i = 0; i < 300; i++) {
                ProducerRecord<String, String> request = centre.request("e" + i, REPLIES, INPUT);
                RecordHeaders.set(request.headers(), RecordHeaders.HOPS, "1");
                centre.send(request);
            }
            soon().until(() -> centre.replies(REPLIES).size() == 600);
            assertThat(centre.asked).as("what an edge has sent runs here").hasSize(before);
        }
    }

    private void remote(String yaml) throws IOException {
        centre.configure(yaml, "use: centre");
    }

    private WorkerUnderTest worker() throws Exception {
        return centre.worker().start();
    }

    /** What a worker says of the models that it does not serve. */
    private String refusal() throws Exception {
        try (WorkerUnderTest worker = worker()) {
            soon().until(() -> centre.statuses().stream().anyMatch(status -> status.contains("ranker")));
            return centre.statuses().toString();
        }
    }
}
