package dev.penstock.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.diagnosis.Exposition.Series;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ExpositionTest {
    @Test
    void readsSamplesWithAndWithoutLabels() {
        assertThat(Exposition.parse("""
                        # HELP a What it is
                        # TYPE a counter
                        a 1.0
                        b_total{model="m",} 2
                        c{x="a} \\"b\\" , c=",y=""} 3.5E-4 1395066363000
                        d_count{x="1"} 4 # {trace_id="KOO5S4vxi0o"} 0.67
                        e{gpu="0"} +Inf
                        """).samples())
                .containsOnly(
                        Map.entry(new Series("a", Map.of()), 1.0),
                        Map.entry(new Series("b_total", Map.of("model", "m")), 2.0),
                        Map.entry(new Series("c", Map.of("x", "a} \"b\" , c=", "y", "")), 3.5e-4),
                        Map.entry(new Series("d_count", Map.of("x", "1")), 4.0),
                        Map.entry(new Series("e", Map.of("gpu", "0")), Double.POSITIVE_INFINITY));
    }

    @Test
    void leavesOutBucketsAndWhatIsNoSample() {
        assertThat(Exposition.parse("a_bucket{le=\"0.5\"} 1\nb NaN\nc\n<html>\nd one\n\n# EOF\n")
                        .samples())
                .isEmpty();
    }
}
