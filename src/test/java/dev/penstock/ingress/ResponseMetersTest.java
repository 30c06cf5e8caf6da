package dev.penstock.ingress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.protocol.Problem;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ResponseMetersTest {
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final ResponseMeters meters = new ResponseMeters(registry);

    @Test
    void aModelHasACounterForEachStatusOfOursBeforeAnyCall() {
        meters.announced("m");
        assertThat(Arrays.stream(Problem.Kind.values()).map(Problem.Kind::status))
                .allSatisfy(status -> assertThat(count("m", status)).isZero());
        assertThat(count("m", 200) + count("m", 202)).isZero();
    }

    @Test
    void countsByModelAndStatus() {
        meters.announced("m");
        meters.answered("m", 504);
        meters.answered("m", 504);
        meters.answered("m", 299);
        assertThat(count("m", 504)).isEqualTo(2);
        assertThat(count("m", 299)).isEqualTo(1);
        assertThat(count("m", 200)).isZero();
    }

    /** Otherwise anybody could fill the memory with meters. */
    @Test
    void aNameThatNobodyAnnouncedHasNoCounterOfItsOwn() {
        meters.answered("no-such-model", 404);
        meters.answered("", 404);
        assertThat(registry.find("inference.http.responses")
                        .tag("model", "no-such-model")
                        .counters())
                .isEmpty();
        assertThat(count("none", 404)).isEqualTo(2);
    }

    private double count(String model, int status) {
        return registry.get("inference.http.responses")
                .tags("model", model, "status", Integer.toString(status))
                .counter()
                .count();
    }
}
