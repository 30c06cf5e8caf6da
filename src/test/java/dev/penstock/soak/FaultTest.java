package dev.penstock.soak;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FaultTest {
    @ParameterizedTest
    @EnumSource
    void isFoundByItsLabel(Fault fault) {
        assertThat(Fault.labelled(fault.label())).contains(fault);
    }

    @ParameterizedTest
    @EnumSource
    void isDescribed(Fault fault) throws IOException {
        assertThat(Path.of("docs/reliability.md"))
                .content()
                .contains("| `%s` | %s | %s |".formatted(fault.label(), fault.making(), fault.rule()));
    }

    @Test
    void oneBrokerHasNoMajorityToLose() {
        assertThat(Fault.possible(1))
                .doesNotContain(Fault.LEADER_KILLED, Fault.CONTROLLER_KILLED, Fault.MAJORITY_KILLED);
        assertThat(Arrays.asList(Fault.values())).containsAll(Fault.possible(3));
    }
}
