package dev.penstock.service;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.diagnosis.Diagnosis;
import dev.penstock.diagnosis.Part;
import dev.penstock.diagnosis.Snapshot;
import dev.penstock.local.RedisSignals;
import io.quarkus.test.common.http.TestHTTPResource;
import java.net.URI;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.quota.ClientQuotaAlteration;
import org.apache.kafka.common.quota.ClientQuotaEntity;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The service is made slow in one place after the other, and each time the diagnosis names that place. */
@WholeService
class DiagnoseTest {
    /** Between the two looks. */
    private static final Duration BETWEEN = Duration.ofSeconds(3);

    private static final int MAX_TRIES = 5;
    private static final Duration PAUSE = Duration.ofMillis(20);
    private static final String DIGIT =
            "{\"inputs\":[{\"name\":\"pixels\",\"shape\":[1,64],\"datatype\":\"FP32\",\"data\":[%s]}]}"
                    .formatted(repeated("1", 64));

    /** More producers than the service has. */
    private static final int PRODUCERS = 20;

    private static final AtomicInteger numbers = new AtomicInteger();

    @TestHTTPResource(value = "metrics", management = true)
    URI metrics = URI.create("http://localhost"); // injected

    private Service service;

    @BeforeEach
    void connect() {
        service = Service.underTest();
    }

    @Test
    void nothingIsABottleneckUnderLightLoad() {
        assertNames(Part.NOTHING, 1, "digits", DIGIT);
    }

    @Test
    void namesTheSlowFeatureSource() {
        Diagnosis diagnosis = assertNames(
                Part.FEATURES,
                4,
                TestModels.LOOKED_UP_SLOWLY,
                () -> service.post(
                        infer(TestModels.LOOKED_UP_SLOWLY),
                        "{\"inputs\":[{\"name\":\"customer\",\"datatype\":\"BYTES\",\"shape\":[1],\"data\":[\"%d\"]},"
                                        .formatted(1 + numbers.incrementAndGet() % 1000)
                                + "{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[1,1],\"data\":[1]}]}"));

        assertThat(diagnosis.text()).contains("view 'numbers'", "Make the source faster");
    }

    @Test
    void namesTheHeavyModel() {
        assertNames(Part.ACCELERATOR_COMPUTE, 1, TestModels.HEAVY, turns(1, turnsOf(Duration.ofMillis(200))));
    }

    @Test
    void namesTheWorkersThatHaveMoreWorkThanTheyCanDo() {
        // Each request fills a batch.
        assertNames(Part.WORKERS, 8, TestModels.HEAVY, turns(64, turnsOf(Duration.ofMillis(100))));
    }

    @Test
    void namesTheWindowThatIsTooSmall() {
        assertNames(Part.WINDOW, 12, TestModels.HEAVY_IN_SMALL_BATCHES, turns(1, turnsOf(Duration.ofMillis(100))));
    }

    @Test
    void namesTheWindowThatIsTooLong() {
        assertNames(
                Part.WINDOW,
                2,
                TestModels.HELD_BACK,
                "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[1,3],\"data\":[1,2,3]}]}");
    }

    @Test
    void namesTheMemory() {
        assertNames(
                Part.ACCELERATOR_MEMORY,
                1,
                TestModels.MEMORY_HOG,
                "{\"inputs\":[{\"name\":\"size\",\"datatype\":\"INT64\",\"shape\":[1],\"data\":[%d]}]}"
                        .formatted(1L << 45));
    }

    /** Bodies that are found to be wrong at their last byte cost the ingress alone. */
    @Test
    void namesTheBusyIngress() {
        byte[] broken = ("{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[30000,3],\"data\":["
                        + repeated("0.123456", 90_000) + "]}],}")
                .getBytes(UTF_8);

        assertNames(Part.INGRESS_CPU, 48, "echo-fp32", () -> service.post(infer("echo-fp32"), broken));
    }

    /** A quota lets the broker take up to a second for each record. */
    @Test
    void namesTheSlowBroker() throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", ServiceStack.bootstrapServers()))) {
            throttle(admin, 0.0001);
            try {
                assertNames(Part.KAFKA, 2, "digits", DIGIT);
            } finally {
                throttle(admin, null);
            }
        }
    }

    @Test
    void namesTheFrozenRedis() {
        RedisSignals.freeze(ServiceStack.redis());
        try {
            await().until(() -> exported().contains("inference_redis_up 0.0"));
            assertNames(Part.RESULTS, 1, "digits", DIGIT);
        } finally {
            RedisSignals.goOn(ServiceStack.redis());
        }
        await().until(() -> exported().contains("inference_redis_up 1.0"));
    }

    private void assertNames(Part part, int callers, String model, String body) {
        assertNames(part, callers, model, () -> service.post(infer(model), body));
    }

    private Diagnosis assertNames(Part part, int callers, String model, Runnable call) {
        Diagnosis diagnosis = whileCalling(part, callers, model, call);
        assertThat(diagnosis.part()).as(diagnosis.text()).isEqualTo(part);
        return diagnosis;
    }

    /** @return the last diagnosis. While the JVM compiles, its processors are the bottleneck, so that it is asked again. */
    private Diagnosis whileCalling(Part expected, int callers, String model, Runnable call) {
        service.awaitModel(model);
        AtomicBoolean enough = new AtomicBoolean();
        AtomicInteger answers = new AtomicInteger();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            try {
                for (int caller = 0; caller < callers; caller++) {
                    threads.execute(() -> {
                        while (!enough.get()) {
                            call.run();
                            answers.incrementAndGet();
                            LockSupport.parkNanos(callers == 1 ? PAUSE.toNanos() : 1);
                        }
                    });
                }
                await().until(() -> answers.get() > callers);
                Diagnosis diagnosis = diagnosis();
                for (int tries = 1; diagnosis.part() != expected && tries < MAX_TRIES; tries++) {
                    diagnosis = diagnosis();
                }
                return diagnosis;
            } finally {
                enough.set(true);
            }
        }
    }

    private Diagnosis diagnosis() {
        Snapshot earlier = snapshot();
        await().pollDelay(BETWEEN).until(() -> true);
        return Diagnosis.of(earlier, snapshot());
    }

    private Snapshot snapshot() {
        return Snapshot.of(Duration.ofNanos(System.nanoTime()), List.of(exported()));
    }

    private String exported() {
        return new String(new Service(metrics).get(metrics.getPath()).body(), UTF_8);
    }

    /** The speed of a machine decides how many turns of the loop that are. */
    private long turnsOf(Duration run) {
        service.awaitModel(TestModels.HEAVY);
        for (long turns = 10_000; ; turns *= 2) {
            long start = System.nanoTime();
            service.post(infer(TestModels.HEAVY), turns(1, turns));
            if (System.nanoTime() - start > run.toNanos()) {
                return turns;
            }
        }
    }

    private static String turns(int rows, long each) {
        return "{\"inputs\":[{\"name\":\"turns\",\"datatype\":\"INT64\",\"shape\":[%d],\"data\":[%s]}]}"
                .formatted(rows, repeated(Long.toString(each), rows));
    }

    private static String repeated(String number, int times) {
        return String.join(",", Collections.nCopies(times, number));
    }

    private static String infer(String model) {
        return "/v2/models/" + model + "/infer";
    }

    /** @param percent of a broker's threads that each producer may use; null for as much as it likes */
    private static void throttle(Admin admin, @Nullable Double percent) throws Exception {
        admin.alterClientQuotas(IntStream.rangeClosed(1, PRODUCERS)
                        .mapToObj(number -> new ClientQuotaAlteration(
                                new ClientQuotaEntity(Map.of(ClientQuotaEntity.CLIENT_ID, "producer-" + number)),
                                List.of(new ClientQuotaAlteration.Op("request_percentage", percent))))
                        .toList())
                .all()
                .get();
    }
}
