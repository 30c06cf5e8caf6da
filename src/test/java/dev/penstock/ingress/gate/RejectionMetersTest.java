package dev.penstock.ingress.gate;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;

class RejectionMetersTest {
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final RejectionMeters meters = new RejectionMeters(registry);

    @Test
    void aModelHasACounterForEachReasonBeforeAnythingIsRejected() {
        meters.announced("m");
        assertThat(registry.find("inference.rejected").tag("model", "m").counters())
                .extracting(counter -> counter.getId().getTag("reason"))
                .containsExactlyInAnyOrder(
                        "capacity",
                        "kafka",
                        "ingress",
                        "pending",
                        "sleeping",
                        "quota-requests",
                        "quota-rows",
                        "quota-row-burst",
                        "quota-open-requests");
        assertThat(registry.find("inference.quota.rejected").counters())
                .extracting(counter -> counter.getId().getTag("limit"))
                .containsExactlyInAnyOrder("requests", "rows", "row-burst", "open-requests");
        assertThat(registry.find("inference.rejected").counters()).allMatch(counter -> counter.count() == 0);
    }

    @Test
    void aRefusalByAQuotaIsCountedByItsLimitToo() {
        meters.rejected("m", RejectionMeters.Reason.QUOTA_ROWS);
        meters.rejected("m", RejectionMeters.Reason.CAPACITY);
        assertThat(quota("rows")).isEqualTo(1);
        assertThat(quota("requests")).isZero();
        assertThat(registry.get("inference.rejected")
                        .tags("model", "m", "reason", "quota-rows")
                        .counter()
                        .count())
                .isEqualTo(1);
    }

    private double quota(String limit) {
        return registry.get("inference.quota.rejected")
                .tag("limit", limit)
                .counter()
                .count();
    }
}
