package dev.penstock.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.cli.command.FuzzCommand;
import dev.penstock.cli.option.OneOf;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Parameters;

class FuzzTest {
    @Test
    void takesEachTargetOnTheCommandLineAndAllByDefault() throws NoSuchMethodException {
        var parameter = FuzzCommand.class.getDeclaredMethod("targets");
        var labels = Arrays.stream(Target.values()).map(Target::label).toList();

        assertThat(parameter.getAnnotation(OneOf.class).value()).containsExactlyElementsOf(labels);
        assertThat(parameter.getAnnotation(Parameters.class).defaultValue()).isEqualTo(String.join(",", labels));
    }
}
