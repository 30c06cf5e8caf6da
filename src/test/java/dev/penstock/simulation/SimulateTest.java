package dev.penstock.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.cli.command.SimulateCommand;
import dev.penstock.cli.option.OneOf;
import java.util.Arrays;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class SimulateTest {
    @Test
    void takesEachTraceOnTheCommandLine() throws NoSuchMethodException {
        OneOf traces = SimulateCommand.class.getDeclaredMethod("trace").getAnnotation(OneOf.class);

        assertThat(traces.value())
                .containsExactlyElementsOf(Arrays.stream(Trace.values())
                        .map(trace -> trace.name().toLowerCase(Locale.ROOT))
                        .toList());
    }
}
