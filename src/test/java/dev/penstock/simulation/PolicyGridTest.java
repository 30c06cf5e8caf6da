package dev.penstock.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.OutputStream;
import java.io.PrintStream;
import org.junit.jupiter.api.Test;

class PolicyGridTest {

    /** The bounds are a third wider than the table in docs/batching.md, since these runs have fewer requests. */
    @Test
    void needsNoTuning() {
        PolicyGrid.Verdict verdict = PolicyGrid.print(3000, new PrintStream(OutputStream.nullOutputStream()));
        assertThat(verdict.worstP99()).isLessThan(1.6);
        assertThat(verdict.worstThroughput()).isGreaterThan(0.9);
    }
}
