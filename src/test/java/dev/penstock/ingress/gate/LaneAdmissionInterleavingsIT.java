package dev.penstock.ingress.gate;

import static dev.penstock.threads.Interleavings.require;

import dev.penstock.threads.Interleavings;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Event loops ask the {@link LaneAdmission} of a lane while the lag watch reports what Kafka says. */
class LaneAdmissionInterleavingsIT {
    private static final long SECOND = 1_000_000_000L;

    /** The 10.05 s of work that wait fit 1.8 times; with one request more, which is 10 ms, they do not. */
    private static final long LEFT = 18_095_000_000L;

    @Test
    void theLastPlaceIsGivenOnce() {
        Interleavings.check(() -> {
            LaneAdmission admission = new LaneAdmission(1);
            observe(admission, -SECOND, 1100, 0);
            observe(admission, 0, 1110, 100);
            AtomicInteger admitted = new AtomicInteger();
            Interleavings.run(() -> admit(admission, admitted), () -> admit(admission, admitted));
            require(admitted.get() == 1, admitted.get() + " calls have the last place");
        });
    }

    private static void observe(LaneAdmission admission, long now, long end, long committed) {
        admission.asking(now);
        admission.observed(new LaneAdmission.Lag(end, committed, new LaneWork(committed, 0, Map.of()), 1));
    }

    private static void admit(LaneAdmission admission, AtomicInteger admitted) {
        if (admission.admit(0, LEFT, Long.MAX_VALUE).isEmpty()) {
            admitted.incrementAndGet();
        }
    }
}
