package dev.penstock.simulation.autoscale;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.cli.command.AutoscaleCommand;
import dev.penstock.cli.command.UsageException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** Holds what docs/autoscaling.md says of the default policy, over several seeds. */
class AutoscalePoliciesTest {
    private static final Setting SETTING = Setting.RECIPE;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void theDefaultServesMoreInTimeWithFewerGpuHoursThanTheScriptAndThanAnyFixedNumber(long seed) {
        Day ours = PolicyName.PREDICTIVE.day(SETTING, SETTING.least(), seed);
        Day script = PolicyName.SCRIPT.day(SETTING, SETTING.least(), seed);
        // So many workers, day and night, take no fewer GPU hours than ours.
        int asDear = (int) Math.ceil(ours.gpuHours() / 24);
        Day fixed = PolicyName.FIXED.day(SETTING, asDear, seed);

        assertThat(ours.all().shareWithin(0.38)).isGreaterThanOrEqualTo(FixedWorkers.GOAL);
        assertThat(ours.peakUse()).isGreaterThanOrEqualTo(0.78);
        assertThat(ours.all().shareWithin(0.38)).isGreaterThan(script.all().shareWithin(0.38));
        assertThat(ours.gpuHours()).isLessThan(script.gpuHours());
        assertThat(fixed.all().shareWithin(0.38)).isLessThan(FixedWorkers.GOAL);
    }

    @Test
    void thousandsOfWorkersAreNoDifferent() {
        Setting large = new Setting(
                1_000_000, 600, 500, 5000, 30_000, SETTING.start(), SETTING.deadlineSeconds(), SETTING.curve());

        Day day = PolicyName.PREDICTIVE.day(large, large.least(), 1);

        assertThat(day.all().shareWithin(0.38)).isGreaterThanOrEqualTo(FixedWorkers.GOAL);
        assertThat(day.mostWorkers()).isBetween(3500, 5000);
    }

    @Test
    void printsTheSameBytesForTheSameSeed() throws IOException {
        String once = printed("--policy predictive --seed 7");

        assertThat(printed("--policy predictive --seed 7")).isEqualTo(once);
        assertThat(printed("--policy predictive --seed 8")).isNotEqualTo(once);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            --start 60,20                          | --start must be the seconds of image, load and warm-up, as in 60,20,10
            --min 21                               | --min must be at most --max
            --max 200                              | --max must be at most --partitions: further workers read nothing
            --policy script --replicas 5           | --replicas needs --policy fixed
            """)
    void refusesWhatContradictsItself(String line, String complaint) {
        assertThatThrownBy(() -> printed(line))
                .isInstanceOf(UsageException.class)
                .hasMessage(complaint);
    }

    private static String printed(String line) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CommandLine command = new CommandLine(AutoscaleCommand.class);
        command.parseArgs(line.split(" ", -1));
        SimulateAutoscale.run(command.getCommand(), new PrintStream(bytes, true, UTF_8));
        return bytes.toString(UTF_8);
    }
}
