package dev.penstock.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.OutputStream;
import java.io.PrintStream;
import org.junit.jupiter.api.Test;

class PolicyGridTest {

    /** With a third more leeway than the table in docs/batching.md, since these are fewer requests. */
    @Test
    void needsNoTuning() {
        PolicyGrid.Verdict verdict = PolicyGrid.print(3000, new PrintStream(OutputStream.nullOutputStream()));
        assertThat(verdict.worstP99()).isLessThan(1.6);
        assertThat(verdict.worstThroughput()).isGreaterThan(0.9);
    }
}
