package dev.penstock.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import java.util.function.IntToDoubleFunction;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.assertj.core.data.Percentage;

class CostCurveProperties {
    @Property
    void isMonotoneInRowsWhateverItSaw(@ForAll long seed, @ForAll @IntRange(max = 300) int runs) {
        Random random = new Random(seed);
        CostCurve curve = new CostCurve();
        for (int i = 0; i < runs; i++) {
            curve.observe(1 + random.nextInt(1024), (long) Math.exp(random.nextDouble() * 20));
        }
        double expected = 0;
        double p95 = 0;
        for (int rows = 1; rows <= 1024; rows++) {
            assertThat(curve.expectedNanos(rows)).isGreaterThanOrEqualTo(expected * (1 - 1e-9));
            assertThat(curve.p95Nanos(rows)).isGreaterThanOrEqualTo(p95 * (1 - 1e-9));
            expected = curve.expectedNanos(rows);
            p95 = curve.p95Nanos(rows);
        }
    }

    @Property(tries = 50)
    void convergesOnALinearCurve(@ForAll long seed) {
        assertFollows(CostCurveProperties::linear, learned(CostCurveProperties::linear, seed, 1000), 6);
    }

    @Property(tries = 50)
    void convergesOnAMemoryBoundCurve(@ForAll long seed) {
        assertFollows(CostCurveProperties::memoryBound, learned(CostCurveProperties::memoryBound, seed, 1000), 20);
    }

    /** Linear interpolation cuts the corners of a step function, by less than one step. */
    @Property(tries = 50)
    void convergesOnASteppedCurve(@ForAll long seed) {
        CostCurve curve = learned(CostCurveProperties::stepped, seed, 1000);
        for (int rows = 1; rows <= 256; rows += 5) {
            assertThat(curve.expectedNanos(rows)).isCloseTo(stepped(rows), within(450_000.0));
        }
    }

    @Property(tries = 50)
    void survivesOutliers(@ForAll long seed) {
        Random random = new Random(seed);
        CostCurve curve = learned(CostCurveProperties::linear, seed, 500);
        for (int i = 0; i < 500; i++) {
            int rows = 1 + random.nextInt(256);
            double outlier = random.nextInt(50) == 0 ? 100 : 1;
            curve.observe(rows, (long) (linear(rows) * outlier * noise(random)));
        }
        assertFollows(CostCurveProperties::linear, curve, 15);
    }

    @Property(tries = 50)
    void followsADrift(@ForAll long seed) {
        CostCurve curve = learned(CostCurveProperties::linear, seed, 1000);
        learn(curve, rows -> 2 * linear(rows), new Random(seed), 4000);
        assertFollows(rows -> 2 * linear(rows), curve, 6);
    }

    /** For example, the device is throttled while only small batches run. Old values of large ones must not distort the small ones. */
    @Example
    void followsADriftThatOnlySomeSizesSee() {
        CostCurve curve = learned(CostCurveProperties::linear, 1, 1000);
        for (int i = 0; i < 1500; i++) {
            curve.observe(8, 20_000_000);
        }
        assertThat(curve.expectedNanos(8)).isCloseTo(20_000_000, Percentage.withPercentage(10));
    }

    @Property(tries = 50)
    void exceedsItsP95InAboutOneOfTwentyRuns(@ForAll long seed) {
        Random random = new Random(seed);
        CostCurve curve = learned(CostCurveProperties::linear, seed, 2000);
        int exceeded = 0;
        for (int i = 0; i < 2000; i++) {
            int rows = 1 + random.nextInt(256);
            double nanos = linear(rows) * noise(random);
            exceeded += nanos > curve.p95Nanos(rows) ? 1 : 0;
            curve.observe(rows, (long) nanos);
        }
        assertThat(exceeded / 2000.0).isBetween(0.02, 0.10);
    }

    @Example
    void isSensibleAfterTheWarmUpAlone() {
        CostCurve curve = new CostCurve();
        curve.observe(1, 125_000);
        curve.observe(64, 1_700_000);
        assertThat(curve.expectedNanos(32)).isCloseTo(900_000, Percentage.withPercentage(2));
        assertThat(curve.worthwhileRows(64)).isEqualTo(64);
    }

    @Example
    void triesLargeBatchesAgainNowAndThen() {
        CostCurve curve = new CostCurve();
        curve.observe(1, 100_000);
        curve.observe(2, 150_000);
        curve.observe(4, 50_000_000); // an outlier
        assertThat(curve.worthwhileRows(4)).isEqualTo(2);
        for (int i = 0; i < 300; i++) {
            curve.observe(2, 150_000);
        }
        assertThat(curve.worthwhileRows(4)).isEqualTo(4);
    }

    @Example
    void remembersABoundedNumberOfKeys() {
        CostModel model = new CostModel();
        for (int key = 0; key < 5000; key++) {
            model.observe(key, 1, 100);
        }
        assertThat(model.keys()).isEqualTo(1024);
        assertThat(model.expectedNanos("never seen", 1)).isCloseTo(100, within(1.0));
    }

    @Example
    void remembersTheKeysUsedLast() {
        CostModel model = new CostModel();
        model.observe("in use", 1, 100);
        for (int key = 0; key < 5000; key++) {
            model.observe(key, 1, 1_000_000);
            assertThat(model.expectedNanos("in use", 1)).isEqualTo(100);
        }
    }

    @Example
    void takesRowsForAsDearAsThoseOfTheOnlySizeSeen() {
        CostCurve curve = new CostCurve();
        curve.observe(8, 800);
        assertThat(curve.expectedNanos(64)).isCloseTo(6400, within(1.0));
        assertThat(curve.expectedNanos(1)).isCloseTo(800, within(1.0));
    }

    @Example
    void followsAChangeThoughNothingHasEverVaried() {
        CostCurve curve = new CostCurve();
        for (int i = 0; i < 2000; i++) {
            curve.observe(1, 100_000);
        }
        for (int i = 0; i < 300; i++) {
            curve.observe(1, 200_000);
        }
        assertThat(curve.expectedNanos(1)).isCloseTo(200_000, Percentage.withPercentage(10));
    }

    @Example
    void doubtsUntilTheNextRun() {
        CostCurve curve = new CostCurve();
        curve.observe(1, 100_000);
        double certain = curve.p95Nanos(1);
        for (int i = 0; i < 50; i++) {
            curve.doubt();
        }
        assertThat(curve.p95Nanos(1)).isLessThan(certain / 2);
        curve.observe(1, 100_000);
        assertThat(curve.p95Nanos(1)).isCloseTo(certain, Percentage.withPercentage(5));
    }

    private static double linear(int rows) {
        return 100_000 + 25_000.0 * rows;
    }

    private static double memoryBound(int rows) {
        return Math.max(1_000_000, 20_000.0 * rows);
    }

    private static double stepped(int rows) {
        return 500_000.0 * Math.ceilDiv(rows, 64);
    }

    private static CostCurve learned(IntToDoubleFunction truth, long seed, int runs) {
        CostCurve curve = new CostCurve();
        learn(curve, truth, new Random(seed), runs);
        return curve;
    }

    private static void learn(CostCurve curve, IntToDoubleFunction truth, Random random, int runs) {
        for (int i = 0; i < runs; i++) {
            int rows = i % 2 == 0 ? 1 << random.nextInt(9) : 1 + random.nextInt(256);
            curve.observe(rows, (long) (truth.applyAsDouble(rows) * noise(random)));
        }
    }

    private static double noise(Random random) {
        return 0.9 + 0.2 * random.nextDouble();
    }

    private static void assertFollows(IntToDoubleFunction truth, CostCurve curve, double percent) {
        for (int rows = 1; rows <= 256; rows += 5) {
            assertThat(curve.expectedNanos(rows))
                    .as("of " + rows + " rows")
                    .isCloseTo(truth.applyAsDouble(rows), Percentage.withPercentage(percent));
        }
    }
}
