package dev.penstock.simulation.autoscale;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.penstock.simulation.RequestByRequest;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Holds the fluid model to the production rules, request by request, on short windows; and to the gate's bounds. */
class FluidServiceTest {
    private static final double FIXED_SECONDS = 0.002;
    private static final double ROW_SECONDS = 0.0036;
    private static final int BATCH = 16;
    private static final int WORKERS = 4;
    private static final GpuCurve CURVE = GpuCurve.linear(FIXED_SECONDS, ROW_SECONDS, BATCH);
    private static final double CAPACITY = WORKERS * BATCH / (FIXED_SECONDS + BATCH * ROW_SECONDS);
    private static final double NEVER = 3600;
    private static final int REQUESTS = 8000;

    private final Totals totals = new Totals();

    @ParameterizedTest
    @ValueSource(doubles = {0.2, 0.5, 0.7, 0.85, 0.93})
    void isAsBusyAndAsFastAsTheWorkersRequestByRequest(double load) {
        double perSecond = load * CAPACITY;
        RequestByRequest real = RequestByRequest.run(perSecond, REQUESTS, WORKERS, FIXED_SECONDS, ROW_SECONDS, BATCH);

        double latency = meanLatency(service(CURVE, NEVER, WORKERS), perSecond, REQUESTS / perSecond, 0);

        assertThat(totals.busySeconds / (WORKERS * REQUESTS / perSecond)).isCloseTo(real.busyShare(), within(0.05));
        assertThat(latency).isCloseTo(real.meanLatencySeconds(), within(0.3 * real.meanLatencySeconds()));
    }

    /**
     * In a slight overload the backlog is the small difference of two large rates, and the fluid, which begins with full batches, is over a
     * quarter too fast. The overload lasts until the last request has arrived. What waits then is answered after it, in both models. */
    @ParameterizedTest
    @CsvSource({"1.1, 8, 0.3", "1.5, 4, 0.1", "3, 2, 0.1"})
    void buildsTheBacklogOfAnOverloadAsFast(double load, double seconds, double tolerance) {
        double perSecond = load * CAPACITY;
        RequestByRequest real = RequestByRequest.run(
                perSecond, (int) (perSecond * seconds), WORKERS, FIXED_SECONDS, ROW_SECONDS, BATCH);

        double latency = meanLatency(service(CURVE, NEVER, WORKERS), perSecond, seconds, seconds * load);

        assertThat(latency).isCloseTo(real.meanLatencySeconds(), within(tolerance * real.meanLatencySeconds()));
    }

    @Test
    void theGateKeepsTheWaitOfTheAdmittedBelowTheirDeadline() {
        FluidService service = service(CURVE, 0.5, WORKERS);

        run(service, 3 * CAPACITY, 30, WORKERS);

        assertThat(service.predictedWaitSeconds()).isLessThan(0.5 / FluidService.CAUTION + 0.1);
        assertThat(totals.expired).isZero();
        assertThat(totals.ran / 30).isCloseTo(CAPACITY, within(0.03 * CAPACITY));
        assertThat(totals.refused / totals.offered).isCloseTo(2.0 / 3, within(0.03));
        assertThat(totals.shareWithin(0.5) * totals.offered / totals.ran).isGreaterThan(0.97);
    }

    /** With 4 partitions and 3 workers, one has half of the load. */
    @Test
    void theWorkerWithMorePartitionsFallsBehindFirst() {
        FluidService even = service(CURVE, NEVER, 120);
        run(even, 0.6 * CAPACITY, 60, 3);
        assertThat(even.backlogRows()).isLessThan(50);

        FluidService uneven = service(CURVE, NEVER, 4);
        run(uneven, 0.6 * CAPACITY, 60, 3);
        assertThat(uneven.backlogRows()).isGreaterThan(1000);
    }

    @Test
    void aPublishedCurveGivesTheBatchThatIsWorthIt() {
        assertThat(GpuCurve.T4_BERT_LARGE.targetRows()).isEqualTo(8);
        assertThat(GpuCurve.T4_BERT_LARGE.rowsPerSecond()).isCloseTo(284, within(1.0));
        assertThat(GpuCurve.T4_BERT_LARGE.seconds(3)).isCloseTo((0.00822 + 0.01547) / 2, within(1e-9));
    }

    private FluidService service(GpuCurve curve, double deadlineSeconds, int partitions) {
        return new FluidService(curve, deadlineSeconds, 0, 1, partitions, new Random(1), totals);
    }

    /** Little's law: the mean of what is held is the mean latency times the rate. */
    private double meanLatency(FluidService service, double perSecond, double seconds, double afterwards) {
        double held = 0;
        for (double at = 0; at < seconds + afterwards; at += FluidService.STEP_SECONDS) {
            double before = service.unansweredRows();
            service.step(at < seconds ? perSecond : 0, WORKERS);
            held += (before + service.unansweredRows()) / 2 * FluidService.STEP_SECONDS;
        }
        return held / totals.offered;
    }

    private static void run(FluidService service, double perSecond, double seconds, int workers) {
        for (int i = 0; i < Math.round(seconds / FluidService.STEP_SECONDS); i++) {
            service.step(perSecond, workers);
        }
    }
}
