package dev.penstock.worker.join;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.penstock.batching.BatchPolicy;
import dev.penstock.batching.Batcher;
import dev.penstock.batching.CostModel;
import dev.penstock.batching.Window;
import dev.penstock.features.FeatureCaches;
import dev.penstock.features.FeaturesConfig;
import dev.penstock.features.vector.FeatureView;
import dev.penstock.kafka.BrokerClock;
import dev.penstock.local.RedisUnderTest;
import dev.penstock.messages.Outcome;
import dev.penstock.messages.Timings;
import dev.penstock.model.OnnxModels;
import dev.penstock.model.config.FeaturesSection;
import dev.penstock.model.config.PaddingPlanner;
import dev.penstock.model.repository.ModelDefinition;
import dev.penstock.model.repository.ModelRepository;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Signature;
import dev.penstock.protocol.Tensor;
import dev.penstock.protocol.codec.ReaderLimits;
import dev.penstock.protocol.codec.RequestReader;
import dev.penstock.threads.Time;
import dev.penstock.worker.accepted.AcceptedRecords;
import dev.penstock.worker.intake.RecordDecoder;
import dev.penstock.worker.loop.Accelerator;
import dev.penstock.worker.loop.Replies;
import dev.penstock.worker.loop.Site;
import dev.penstock.worker.loop.Task;
import dev.penstock.worker.loop.WorkerLoop;
import dev.penstock.worker.loop.WorkerMeters;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.quarkus.runtime.configuration.DurationConverter;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tasks of one poll go on as their own features arrive. The feature server is slow for one entity. */
class FeatureStageTest {
    private static final String FEATURES = """
            features: {entity: customer, entity_datatype: INT64, view: customers, names: [age], from_column: 2, source: feast}
            """;
    private static final int SLOW = 7;

    @TempDir
    private Path folder;

    private final CompletableFuture<Void> release = new CompletableFuture<>();
    private final ExecutorService serverThreads = Executors.newVirtualThreadPerTaskExecutor();
    private final RedisUnderTest redis = new RedisUnderTest();
    private final List<Float> ages = new CopyOnWriteArrayList<>();
    private final AtomicInteger wakes = new AtomicInteger();
    private long nowNanos;

    @AfterEach
    void close() {
        serverThreads.shutdownNow();
        redis.close();
    }

    @Test
    void aRequestWhoseFeaturesAreAtHandDoesNotWaitForAnotherOfItsPoll() throws Exception {
        HttpServer feast = feast();
        WorkerLoop loop = loop();
        try (FeatureCaches features = features(feast.getAddress().getPort())) {
            FeatureJoin join = join(features);
            RecordDecoder decoder = decoder(join);
            FeatureStage stage = new FeatureStage(
                    loop,
                    new PaddingPlanner(model().graph(), model().config()),
                    new NoReplies(),
                    Optional.of(join),
                    bug -> {
                        throw new IllegalStateException(bug);
                    },
                    Time.OF_MACHINE);
            stage.offer(task(decoder, 1));
            stage.goOn();
            await().until(() -> served(loop).contains(1f));

            stage.offer(task(decoder, SLOW));
            stage.offer(task(decoder, 1));
            stage.goOn();
            await().until(() -> served(loop).equals(List.of(1f, 1f)));

            release.complete(null);
            await().until(() -> served(loop).size() == 3);
            assertThat(ages).containsExactly(1f, 1f, (float) SLOW);
        } finally {
            feast.stop(0);
        }
    }

    @Test
    void theLoopIsWokenOnceForTasksThatComeTogether() throws Exception {
        try (FeatureCaches features = features(1)) {
            RecordDecoder decoder = decoder(join(features));
            FeatureStage stage = new FeatureStage(
                    loop(),
                    new PaddingPlanner(model().graph(), model().config()),
                    new NoReplies(),
                    Optional.empty(),
                    bug -> {},
                    new VirtualTime());
            stage.goOn();
            assertThat(wakes).as("nothing has come").hasValue(0);

            stage.offer(task(decoder, 1));
            stage.offer(task(decoder, 2));
            assertThat(wakes).hasValue(0);
            stage.goOn();
            assertThat(wakes).hasValue(1);

            stage.offer(task(decoder, 3));
            nowNanos += Duration.ofMillis(1).toNanos();
            stage.offer(task(decoder, 4));
            assertThat(wakes).as("a large poll").hasValue(2);
            stage.goOn();
            assertThat(wakes).hasValue(2);
        }
    }

    private List<Float> served(WorkerLoop loop) {
        loop.step(System.nanoTime());
        return ages;
    }

    /** A feature server on which the age of each entity is its id. */
    private HttpServer feast() throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(serverThreads);
        server.createContext("/get-online-features", exchange -> {
            String question = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
            int id = question.contains("[" + SLOW + "]") ? SLOW : 1;
            if (id == SLOW) {
                release.join();
            }
            byte[] answer = """
                    {"metadata":{"feature_names":["id","age"]},"results":[
                    {"values":[%1$d],"statuses":["PRESENT"]},{"values":[%1$d],"statuses":["PRESENT"]}]}
                    """.formatted(id).getBytes(UTF_8);
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        server.start();
        return server;
    }

    private FeatureCaches features(int port) {
        Map<String, String> settings = Map.of(
                "penstock.features.sources.feast.type", "feast",
                "penstock.features.sources.feast.url", "http://127.0.0.1:" + port,
                "penstock.features.sources.feast.join-key", "id",
                "penstock.features.sources.feast.timeout", "30s");
        FeaturesConfig config = new SmallRyeConfigBuilder()
                .withMapping(FeaturesConfig.class)
                .withConverter(Duration.class, 200, new DurationConverter())
                .withSources(new PropertiesConfigSource(settings, "test", 300))
                .build()
                .getConfigMapping(FeaturesConfig.class);
        return new FeatureCaches(config, redis.client(), new SimpleMeterRegistry());
    }

    private ModelDefinition model() throws Exception {
        OnnxModels.write(folder, "ages", 1, OnnxModels.identity(Datatype.FP32));
        OnnxModels.writeConfig(folder, "ages", FEATURES);
        return new ModelRepository(folder, Integer.MAX_VALUE).scan().found().getFirst();
    }

    private FeatureJoin join(FeatureCaches features) throws Exception {
        ModelDefinition model = model();
        FeaturesSection section = model.config().features().orElseThrow();
        Signature signature = model.graph().signature();
        FeatureView view = new FeatureView("customers", 1, section.names(), List.of(), false);
        return new FeatureJoin(
                section,
                features.open(view, "feast"),
                signature,
                section.announced(signature),
                section.target(signature));
    }

    private RecordDecoder decoder(FeatureJoin join) throws Exception {
        return new RecordDecoder(
                new RequestReader(ReaderLimits.DEFAULT),
                join.announced(),
                model().config(),
                new PaddingPlanner(model().graph(), model().config()),
                Duration.ofMinutes(1),
                new BrokerClock());
    }

    private Task task(RecordDecoder decoder, int id) throws Exception {
        byte[] body = """
                {"inputs":[{"name":"customer","datatype":"INT64","shape":[1],"data":[%d]},
                {"name":"x","datatype":"FP32","shape":[1,2],"data":[0,0]}]}
                """.formatted(id).getBytes(UTF_8);
        ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>(
                "penstock.ages.requests",
                0,
                0,
                System.currentTimeMillis(),
                TimestampType.LOG_APPEND_TIME,
                0,
                body.length,
                new byte[0],
                body,
                new RecordHeaders(),
                Optional.empty());
        return decoder.decode(
                AcceptedRecords.open("id"), record, Lane.INTERACTIVE, System.nanoTime(), System.currentTimeMillis());
    }

    private WorkerLoop loop() {
        return new WorkerLoop(
                List.of(Site.home(
                        new Batcher<>(new BatchPolicy(8, Window.adaptive(), List.of(), 0.05), new CostModel()),
                        List.of(List.of(new Noting())))),
                Optional.empty(),
                new NoReplies(),
                new WorkerMeters(new SimpleMeterRegistry(), "ages"),
                reason -> {},
                wakes::incrementAndGet);
    }

    /** Records the last column of each row, and finishes at once. */
    private final class Noting implements Accelerator {
        @Override
        public void start(Batch batch, Consumer<Result> done) {
            for (List<Tensor> inputs : batch.requests()) {
                ages.add(inputs.getFirst()
                        .data()
                        .duplicate()
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .getFloat(2 * Float.BYTES));
            }
            done.accept(new Ran(batch.requests().getFirst(), 0, 1, 1));
        }
    }

    private final class VirtualTime implements Time {
        @Override
        public long nanos() {
            return nowNanos;
        }

        @Override
        public long millis() {
            return 0;
        }

        @Override
        public void park(Object blocker, long nanos) {
            nowNanos += nanos;
        }
    }

    private static final class NoReplies implements Replies {
        @Override
        public Outcome outcome(Task task, List<Tensor> batchOutputs, int fromRow, Map<String, Object> remarks) {
            return new Outcome.Expired();
        }

        @Override
        public void send(Task task, Outcome outcome, Timings timings) {}
    }
}
