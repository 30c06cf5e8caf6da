package dev.penstock.simulation.capacity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.penstock.cli.command.CapacityCommand;
import dev.penstock.cli.command.UsageException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** Each formula by hand, for the recipe's load: 4,200 requests/s of 2 KiB with replies of 1 KiB, on workers of 284 rows/s. */
class PlanTest {
    private final Plan plan = plan("--rate 4200 --kept 50");

    @Test
    void workersRunAtTheirLoad() {
        assertThat(plan.workers()).isEqualTo(18); // 4200 / (0.85 × 284) = 17.4
        assertThat(plan.gpusPerThousandRequests()).isCloseTo(4.14, within(0.01));
        assertThat(plan("--rate 4200 --rows 2").workers()).isEqualTo(35);
        assertThat(plan("--rate 241.4").workers()).isEqualTo(1); // 0.85 × 284 exactly
        assertThat(plan("--rate 1").workers()).isEqualTo(1);
    }

    @Test
    void partitionsAreSixPerWorker() {
        assertThat(plan.partitions()).isEqualTo(108);
    }

    @Test
    void eachRecordIsWrittenAndReadByEachReplicaAndOneReader() {
        double written = 4200 * (2048 + 1024 + 2 * 400.0);
        assertThat(plan.writtenBytesPerSecond()).isEqualTo(written);
        assertThat(plan.brokerBytesInPerSecond()).isEqualTo(3 * written);
        assertThat(plan.brokerBytesOutPerSecond()).isEqualTo(3 * written);
        assertThat(plan("--rate 4200 --replicas 1").brokerBytesOutPerSecond()).isEqualTo(written);
    }

    @Test
    void brokersAreAtLeastAsManyAsReplicas() {
        // 4200/s × (32 + 3 KiB × 6) µs × 2 for three replicas, at half of the cores
        assertThat(plan.brokerCores()).isCloseTo(4200 * 50e-6 * 2 / 0.5, within(1e-9));
        assertThat(plan.brokers()).isEqualTo(3);
        assertThat(plan("--rate 100000 --broker-cores 4").brokers()).isEqualTo(5); // 20 cores by CPU
        assertThat(plan("--rate 420000 --broker-cores 1024").brokers()).isEqualTo(8); // 10,440 partitions × 3 / 4,000
    }

    @Test
    void disksKeepWhatRetentionSays() {
        double perHour = 4200 * 3600 * 3 / 0.6;
        assertThat(plan.diskBytes()).isCloseTo(perHour * 24 * (2048 + 400 + 1024 + 400), within(1e6));
        assertThat(plan("--rate 4200 --request-hours 1 --result-hours 2").diskBytes())
                .isCloseTo(perHour * (2448 + 2 * 1424), within(1e6));
    }

    @Test
    void redisKeepsTheOutcomesThatCanBePolled() {
        assertThat(plan.redisBytes()).isEqualTo(4200 * 0.5 * 3600 * (1024 + 450));
        assertThat(plan("--rate 4200").redisBytes()).isZero();
    }

    @Test
    void ingressesTakeHttpAndHalfOfTheClients() {
        // (35 + 3 × 1.1) + (27 + 3 × 3.2) / 2 µs, at half of the cores
        assertThat(plan.ingressCores()).isCloseTo(4200 * 56.6e-6 / 0.5, within(1e-9));
        assertThat(plan.ingresses()).isEqualTo(2);
        assertThat(plan("--rate 100000").ingresses()).isEqualTo(6);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            --rate 0               | requests per second must be above 0 and at most 1e12, was 0.0
            --rate 1 --worker 0    | rows per second of a worker must be above 0 and at most 1e12, was 0.0
            --rate 1 --rows 0      | rows per request must be above 0 and at most 1e12, was 0.0
            --rate 1 --result-hours 0 | hours that replies are kept must be above 0 and at most 1e12, was 0.0
            """)
    void namesTheValueThatCannotBePlannedFor(String line, String complaint) {
        assertThatThrownBy(() -> plan(line)).isInstanceOf(UsageException.class).hasMessage(complaint);
    }

    /** The page shows the command's own output. */
    @Test
    void thePageShowsThePlanOfItsExample() throws Exception {
        assertThat(Path.of("docs/capacity.md"))
                .content()
                .contains(String.join("\n", plan("--rate 4200 --kept 10").lines()));
    }

    private static Plan plan(String line) {
        CommandLine command = new CommandLine(CapacityCommand.class);
        command.parseArgs(line.split(" ", -1));
        return SimulateCapacity.plan(command.getCommand());
    }
}
