package dev.penstock.simulation;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.cli.command.SimulateCommand;
import dev.penstock.cli.option.OneOf;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class SimulateTest {
    @Test
    void takesEachTraceOnTheCommandLine() throws NoSuchMethodException {
        OneOf traces = SimulateCommand.class.getDeclaredMethod("trace").getAnnotation(OneOf.class);

        assertThat(traces.value())
                .containsExactlyElementsOf(Arrays.stream(Trace.values())
                        .map(trace -> trace.name().toLowerCase(Locale.ROOT))
                        .toList());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"--seed 7", "--seed 5 --workers 3", "--rate 8000 --requests 200 --seed 3", "--faults --seed 42"})
    void printsTheSameBytesForTheSameSeed(String line) throws IOException {
        // The address of an object is the same within a process, and another in the next.
        assertThat(printed(line)).isEqualTo(printed(line)).doesNotContainPattern("Lambda|@[0-9a-f]{6,}");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void describesTheScenarioInLinesForPeople(long seed) {
        assertThat(Scenario.random(seed, 200).text().lines().toList())
                .hasSizeBetween(4, 5)
                .noneMatch(line -> line.contains("$") || line.contains("@") || line.contains("="))
                .first()
                .asString()
                .startsWith("seed " + seed + ": 200 requests, ");
    }

    private static String printed(String line) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CommandLine command = new CommandLine(SimulateCommand.class);
        command.parseArgs(line.split(" ", -1));
        Simulate.run(command.getCommand(), new PrintStream(bytes, true, UTF_8));
        return bytes.toString(UTF_8);
    }
}
