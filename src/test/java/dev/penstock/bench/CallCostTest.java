package dev.penstock.bench;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.penstock.local.BrokerCluster;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CallCostTest {

    @Test
    void measuresWhatCallsCostAnEndpointInAProcessOfItsOwn(@TempDir Path folder) throws Exception {
        Workload digits = Workload.named("digits");
        WorkloadCorpus corpus = WorkloadCorpus.inJson(digits);
        try (Contender endpoint = Contenders.inPlace("in-place", Path.of("src/main/models"), "digits")) {
            PostTemplate post = new PostTemplate(endpoint.target().infer("digits"), List.of());
            HttpLoad load = HttpLoad.of(endpoint.target().http(), i -> post.with(corpus.body(i)))
                    .withConnections(4)
                    .withExtent(new HttpLoad.Counting(500))
                    .withCheck((i, status, body) -> corpus.check(i, body));

            CallCost measured = endpoint.measure("calls", load::run);

            assertThat(measured.result().succeeded()).isEqualTo(500);
            assertThat(measured.result().errors()).isZero();
            assertThat(measured.roles()).extracting(RoleCost::role).containsExactly("all");
            assertThat(measured.cpuMicros()).isPositive();
            assertThat(measured.switches()).isPositive();
            // The inputs alone are 64 floats.
            assertThat(measured.allocatedBytes()).isBetween(256.0, 1e6);
            assertThat(measured.roles().getFirst().threadMicros()).containsKeys("run", "vert.x-eventloo");
            assertThat(measured.kafka()).isEmpty();

            Map<String, CpuProfile> profiles = endpoint.profile(
                    load.withExtent(new HttpLoad.Lasting(Duration.ofSeconds(2)))::run, folder, "profile");

            CpuProfile profile = profiles.values().iterator().next();
            assertThat(profiles).containsOnlyKeys("all");
            assertThat(folder.resolve("profile-all.jfr")).isNotEmptyFile();
            assertThat(profile.samples())
                    .isNotEmpty()
                    .allSatisfy((part, samples) -> assertThat(part)
                            .matches("(io|com|dev|ai|org)\\.[a-z]+(\\.[a-z]+)?.*|the JVM and the JDK alone"));
            assertThat(profile.samples().keySet().stream()
                            .mapToDouble(profile::share)
                            .sum())
                    .isCloseTo(1, within(1e-9));
        }
    }

    @Test
    void theBenchmarkTellsTheCostOfEachLoad() throws Exception {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        CostBench.Settings settings = new CostBench.Settings(
                List.of("digits"),
                List.of("in-place"),
                Optional.empty(),
                List.of(),
                List.of("sync"),
                List.of(1, 2),
                100,
                1,
                0,
                1,
                false);

        long errors = new CostBench(settings, new PrintStream(printed, true, UTF_8)).run();

        assertThat(errors).isZero();
        assertThat(printed.toString(UTF_8).lines())
                .anyMatch(line -> line.matches("sync, 1 +in-place +[0-9,]+ +[0-9.]+ +[0-9.]+ +[0-9,]+ +0"))
                .anyMatch(line -> line.matches("sync, 100/s +in-place +[0-9,]+ +[0-9.]+ +[0-9.]+ +[0-9,]+ +0"))
                .anyMatch(line -> line.matches("in-place +all +run +[0-9.]+"))
                .contains("wrote target/bench/cost.json");
    }

    @Test
    void aCostIsComparedWithTheOtherBuildIfThereIsOne() {
        List<CallCost> costs = List.of(cost("apart", 300), cost("apart, beside", 200), cost("in-place", 100));

        assertThat(CostTables.of("m", costs).getFirst().toString().lines())
                .anyMatch(line -> line.matches("sync, 4 +apart .* 300 +1.50 +0"))
                .anyMatch(line -> line.matches("sync, 4 +apart, beside .* 200 +0"));
        assertThat(CostTables.of("m", List.of(costs.getFirst(), costs.getLast()))
                        .getFirst()
                        .toString()
                        .lines())
                .anyMatch(line -> line.matches("sync, 4 +apart .* 300 +3.00 +0"));
    }

    private static CallCost cost(String contender, long micros) {
        Latency latency = Latency.NONE;
        LoadResult result = new LoadResult(1, 1, 0, Map.of(), 0, 0, 0, 0, latency, latency);
        RoleCost role = new RoleCost("all", micros, 0, 0, 0, Map.of());
        return new CallCost("sync, 4", contender, result, List.of(role), Optional.empty());
    }

    @Test
    void countsTheRequestsAndRecordsOfABroker() throws Exception {
        try (BrokerCluster brokers = BrokerCluster.start(1);
                JvmProbe probe = JvmProbe.attach(brokers.processOf(1));
                KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                        Map.of(
                                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                                brokers.bootstrapServers(),
                                ProducerConfig.LINGER_MS_CONFIG,
                                "0"),
                        new ByteArraySerializer(),
                        new ByteArraySerializer())) {
            brokers.createTopic("counted", 1);
            Map<String, Long> before = probe.kafkaRequests();
            long recordsBefore = probe.kafkaRecords();
            for (int i = 0; i < 10; i++) {
                producer.send(new ProducerRecord<>("counted", new byte[] {1})).get();
            }

            KafkaCost cost = KafkaCost.of(before, probe.kafkaRequests(), probe.kafkaRecords() - recordsBefore);

            assertThat(cost.produces()).isEqualTo(10);
            assertThat(cost.records()).isEqualTo(10);
            assertThat(cost.fetches()).isZero();
            assertThat(cost.commits()).isZero();
            assertThat(cost.all()).isGreaterThan(10);
        }
    }

    /** The broker counts a fetch of a consumer under two names. */
    @Test
    void countsAFetchOnce() {
        KafkaCost cost = KafkaCost.of(
                Map.of("Fetch", 2L, "FetchConsumer", 2L), Map.of("Fetch", 5L, "FetchConsumer", 5L, "Produce", 1L), 4);

        assertThat(cost).isEqualTo(new KafkaCost(1, 3, 0, 4, 4));
    }

    @Test
    void countsAThreadFromItsStartAndTheThreadsOfAPoolTogether() {
        ProcessUse before = new ProcessUse(100, 10, 5, Map.of(1L, thread(50, 5), 2L, thread(50, 0)));
        ProcessUse now = new ProcessUse(190, 30, 9, Map.of(1L, thread(70, 6), 3L, thread(40, 3)));

        ProcessUse used = now.since(before);

        assertThat(used.cpuMicros()).isEqualTo(90);
        assertThat(used.systemMicros()).isEqualTo(20);
        assertThat(used.switches()).isEqualTo(4);
        assertThat(used.byThreadName()).containsExactly(Map.entry("pool", 60L));
    }

    private static ProcessUse.OfThread thread(long cpuMicros, long switches) {
        return new ProcessUse.OfThread("pool", cpuMicros, switches);
    }
}
