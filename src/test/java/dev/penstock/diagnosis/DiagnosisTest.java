package dev.penstock.diagnosis;

import static dev.penstock.diagnosis.Exported.busy;
import static dev.penstock.diagnosis.Exported.diagnosis;
import static dev.penstock.diagnosis.Exported.healthy;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Each rule just below its border and on it. */
class DiagnosisTest {
    @Test
    void nothingIsABottleneckOfAHealthyService() {
        Diagnosis healthy = diagnosis(healthy());

        assertThat(healthy.part()).isEqualTo(Part.NOTHING);
        assertThat(healthy.text())
                .isEqualTo(
                        "Nothing is a bottleneck. The busiest model is 'm': 100 requests/s were answered after 8.0 ms on average."
                                + " There is nothing to turn.");
    }

    @Test
    void nothingIsABottleneckWhereNothingComes() {
        assertThat(diagnosis(new Exported()).text())
                .isEqualTo("Nothing is a bottleneck. No requests came. There is nothing to turn.");
    }

    @Test
    void aBusyAcceleratorThatSlowsNobodyIsWellUsed() {
        assertThat(part(busy(0.99, 0.02).latency(0.0999).queue(0.07))).isEqualTo(Part.NOTHING);
        assertThat(part(busy(0.99, 0.02).latency(0.1).queue(0.07))).isEqualTo(Part.WORKERS);
    }

    @Test
    void refusalsBeyondOnePercentAreTrouble() {
        assertThat(part(busy(0.9, 0.02).latency(0.05).refused("capacity", 10))).isEqualTo(Part.NOTHING);
        assertThat(part(busy(0.9, 0.02).latency(0.05).refused("capacity", 11))).isEqualTo(Part.WORKERS);
    }

    @Test
    void refusalsByQuotaAreNone() {
        assertThat(part(busy(0.9, 0.02).latency(0.05).refused("quota-requests", 5000)))
                .isEqualTo(Part.NOTHING);
    }

    @Test
    void expiredRequestsAreTrouble() {
        Exported late = busy(0.9, 0.02).latency(0.05);

        assertThat(part(late.count("inference_requests_total{model=\"m\",outcome=\"expired\"}", 11)))
                .isEqualTo(Part.WORKERS);
    }

    @Test
    void namesTheBrokersThatAreAway() {
        assertThat(part(healthy().count("inference_kafka_up", 0))).isEqualTo(Part.KAFKA);
    }

    @Test
    void namesTheRedisThatIsAway() {
        assertThat(part(healthy().count("inference_redis_up", 0))).isEqualTo(Part.RESULTS);
    }

    @Test
    void namesTheIngressWhoseEventLoopsRunLate() {
        assertThat(part(healthy().late(0.0499))).isEqualTo(Part.NOTHING);
        assertThat(part(healthy().late(0.05))).isEqualTo(Part.INGRESS_CPU);
        assertThat(part(healthy().refused("ingress", 1))).isEqualTo(Part.INGRESS_CPU);
    }

    /** Its classes are still being loaded. */
    @Test
    void theFirstCallsOfAProcessAreNoVerdict() {
        assertThat(part(healthy().late(0.3, 19))).isEqualTo(Part.NOTHING);
        assertThat(part(healthy().late(0.3, 20))).isEqualTo(Part.INGRESS_CPU);
    }

    @Test
    void namesTheRedisThatIsSlowOrFails() {
        assertThat(part(healthy().timer("inference_redis_call_seconds", "{result=\"ok\"}", 90, 0.049)))
                .isEqualTo(Part.NOTHING);
        assertThat(part(healthy().timer("inference_redis_call_seconds", "{result=\"ok\"}", 90, 0.05)))
                .isEqualTo(Part.RESULTS);
        assertThat(part(healthy()
                        .timer("inference_redis_call_seconds", "{result=\"ok\"}", 91, 0.001)
                        .timer("inference_redis_call_seconds", "{result=\"failed\"}", 9, 0.001)))
                .isEqualTo(Part.NOTHING);
        assertThat(part(healthy()
                        .timer("inference_redis_call_seconds", "{result=\"ok\"}", 90, 0.001)
                        .timer("inference_redis_call_seconds", "{result=\"failed\"}", 10, 0.001)))
                .isEqualTo(Part.RESULTS);
    }

    @Test
    void namesTheMemoryOfAnAcceleratorThatRanOut() {
        assertThat(part(healthy().count("inference_out_of_memory_total{model=\"m\"}", 1)))
                .isEqualTo(Part.ACCELERATOR_MEMORY);
    }

    @Test
    void namesAFullGpuWhereBatchesAreCut() {
        Exported cut = busy(0.9, 0.1).latency(0.3).queue(0.2).count("inference_target_batch_size{model=\"m\"}", 16);

        assertThat(part(cut.count("gpu_memory_used_ratio{gpu=\"0\"}", 0.89))).isEqualTo(Part.WORKERS);
        assertThat(part(cut.count("gpu_memory_used_ratio{gpu=\"0\"}", 0.9))).isEqualTo(Part.ACCELERATOR_MEMORY);
        assertThat(part(cut.count("inference_target_batch_size{model=\"m\"}", 64)))
                .isEqualTo(Part.WORKERS);
    }

    @Test
    void namesTheWorkersWhereBusySessionsMakeRequestsWait() {
        assertThat(part(busy(0.84, 0.05).latency(0.2).queue(0.1).count("process_cpu_usage", 0.9)))
                .isEqualTo(Part.WORKERS); // by their CPU
        assertThat(part(busy(0.85, 0.05).latency(0.2).queue(0.1))).isEqualTo(Part.WORKERS);
        assertThat(part(busy(0.85, 0.12).latency(0.2).queue(0.099))).isEqualTo(Part.ACCELERATOR_COMPUTE);
        assertThat(part(busy(0.85, 0.12)
                        .latency(0.2)
                        .queue(0)
                        .count("inference_predicted_wait_seconds{model=\"m\"}", 1)))
                .isEqualTo(Part.WORKERS);
    }

    /** A run counts when it ends. So of ten seconds, two runs of four seconds and most of a third are eight. */
    @Test
    void sessionsMayBeBusyForOneMoreRun() {
        assertThat(part(busy(0.8, 4).latency(20).queue(15))).isEqualTo(Part.WORKERS);
        assertThat(part(busy(0.4, 4).latency(20).queue(15))).isEqualTo(Part.WINDOW);
    }

    /** What all models share says nothing about one that nobody calls. */
    @Test
    void aModelThatNobodyCallsIsNotInTrouble() {
        assertThat(part(healthy()
                        .timer("inference_kafka_write_seconds", "", 2000, 0.3)
                        .count("inference_concurrent_runs{model=\"idle\"}", 1)))
                .isEqualTo(Part.NOTHING);
    }

    @Test
    void saysHowManyWorkersTheLoadNeeds() {
        Exported overloaded = busy(0.99, 0.1).latency(0.9).queue(0.7).refused("capacity", 1500);

        assertThat(diagnosis(overloaded).knob()).contains("about 3 workers", "20 can share the model");
    }

    @Test
    void namesTheWorkersWhereThereAreNone() {
        assertThat(part(new Exported().refused("capacity", 5).count("inference_ready_workers{model=\"m\"}", 0)))
                .isEqualTo(Part.WORKERS);
    }

    @Test
    void namesThePartitionsWhereAWorkerHasNone() {
        Exported busy = busy(0.9, 0.1).latency(0.4).queue(0.3);
        Exported idle = new Exported()
                .count("inference_session_busy_seconds_total{model=\"m\"}", 0)
                .count("inference_partitions{model=\"m\",lane=\"interactive\"}", 0);

        assertThat(diagnosis(busy, idle).part()).isEqualTo(Part.PARTITIONS);
        assertThat(diagnosis(busy, idle.count("inference_partitions{model=\"m\",lane=\"interactive\"}", 1))
                        .part())
                .isNotEqualTo(Part.PARTITIONS);
        assertThat(diagnosis(busy.latency(0.09), idle).part()).isEqualTo(Part.NOTHING);
    }

    @Test
    void namesTheWindowWhereSmallBatchesAreFull() {
        assertThat(part(busy(0.9, 0.1).latency(0.4).queue(0.3).full(90, 8))).isEqualTo(Part.WINDOW);
        assertThat(part(busy(0.9, 0.1).latency(0.4).queue(0.3).full(90, 9))).isEqualTo(Part.WORKERS);
        assertThat(part(busy(0.9, 0.1).latency(0.4).queue(0.3).full(44, 8))).isEqualTo(Part.WORKERS);
        assertThat(part(busy(0.9, 0.3).latency(0.4).queue(0).full(30, 8))).isEqualTo(Part.ACCELERATOR_COMPUTE);
    }

    @Test
    void namesTheWindowWhereRequestsWaitForAnIdleSession() {
        assertThat(part(healthy().latency(0.3).queue(0.15))).isEqualTo(Part.WINDOW);
        assertThat(part(healthy().latency(0.3).queue(0.149))).isEqualTo(Part.UNKNOWN);
    }

    @Test
    void namesTheComputeWhereARunIsMostOfTheLatency() {
        assertThat(part(healthy().latency(0.3).batches(10, 0.15, 1))).isEqualTo(Part.ACCELERATOR_COMPUTE);
        assertThat(part(healthy().latency(0.3).batches(10, 0.149, 1))).isEqualTo(Part.UNKNOWN);
    }

    @Test
    void namesTheFeaturesWhereTheyAreMostOfTheLatency() {
        Exported slow = healthy()
                .latency(0.3)
                .features(0.15)
                .timer("feature_lookup_seconds", "{view=\"v\",tier=\"source\"}", 100, 0.14);

        assertThat(diagnosis(slow).part()).isEqualTo(Part.FEATURES);
        assertThat(diagnosis(slow).text())
                .contains("150 ms (50 %)", "view 'v'", "140 ms a call", "Make the source faster");
        assertThat(diagnosis(slow.timer("feature_lookup_seconds", "{view=\"v\",tier=\"source\"}", 100, 0.07))
                        .knob())
                .startsWith("Calls wait for each other");
        assertThat(part(slow.features(0.149))).isEqualTo(Part.UNKNOWN);
    }

    @Test
    void namesKafkaWhereItsAcknowledgementsAreMostOfTheLatency() {
        assertThat(part(healthy().latency(0.3).timer("inference_kafka_write_seconds", "", 2000, 0.075)))
                .isEqualTo(Part.KAFKA);
        assertThat(part(healthy().latency(0.3).timer("inference_kafka_write_seconds", "", 2000, 0.074)))
                .isEqualTo(Part.UNKNOWN);
        assertThat(part(healthy().refused("kafka", 20))).isEqualTo(Part.KAFKA);
    }

    @Test
    void saysThatItDoesNotKnow() {
        assertThat(diagnosis(healthy().latency(1)).text())
                .startsWith(
                        "No single part stands out (model 'm'). 100 requests/s were answered after 1,000 ms on average");
    }

    /** A part that takes most of a short latency is not what gets requests refused. */
    @Test
    void blamesNoPartOfAShortLatencyForRefusals() {
        assertThat(diagnosis(healthy().refused("capacity", 20)).text())
                .startsWith("No single part stands out")
                .contains("20 requests were refused");
    }

    @Test
    void judgesTheModelThatLosesMostTimeFirst() {
        Exported two = healthy()
                .latency(0.3)
                .queue(0.2)
                .timer("inference_latency_seconds", "{model=\"n\"}", 5000, 0.3)
                .timer("model_inference_latency_seconds", "{model=\"n\"}", 5000, 0.2);

        assertThat(diagnosis(two).model()).contains("n");
    }

    @Test
    void aCounterThatWentBackWasStartedAgain() {
        String before = new Exported().refused("ingress", 50).text();
        String after = new Exported().refused("ingress", 1).text();

        assertThat(Diagnosis.of(
                                Snapshot.of(Duration.ZERO, List.of(before)),
                                Snapshot.of(Exported.BETWEEN, List.of(after)))
                        .part())
                .isEqualTo(Part.INGRESS_CPU);
        assertThat(Diagnosis.of(
                                Snapshot.of(Duration.ZERO, List.of(before)),
                                Snapshot.of(Exported.BETWEEN, List.of(before)))
                        .part())
                .isEqualTo(Part.NOTHING);
    }

    @Test
    void refusesSnapshotsThatDoNotBelongTogether() {
        Snapshot one = Snapshot.of(Duration.ofSeconds(1), List.of(""));
        Snapshot two = Snapshot.of(Duration.ofSeconds(2), List.of("", ""));

        assertThatIllegalArgumentException().isThrownBy(() -> Diagnosis.of(one, two));
        assertThatIllegalArgumentException().isThrownBy(() -> Diagnosis.of(one, one));
    }

    private static Part part(Exported process) {
        return diagnosis(process).part();
    }
}
