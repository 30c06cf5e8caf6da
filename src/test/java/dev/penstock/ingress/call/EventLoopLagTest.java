package dev.penstock.ingress.call;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;

class EventLoopLagTest {
    private static final long MILLI = 1_000_000L;

    private final EventLoopLag lag = new EventLoopLag();

    @Test
    void knowsNoLagBeforeATimerWasDue() {
        assertThat(lag.nanos(0)).isZero();
        lag.set(0);
        assertThat(lag.nanos(9 * MILLI)).isZero();
    }

    @Test
    void anOverdueTimerShowsTheLagWhileTheLoopIsBusy() {
        lag.set(0);
        assertThat(lag.nanos(110 * MILLI)).isEqualTo(100 * MILLI);
    }

    @Test
    void aTimerThatFiredLateShowsTheLagOfCallsThatArrivedMeanwhile() {
        lag.set(0);
        lag.fired(110 * MILLI);
        assertThat(lag.nanos(111 * MILLI)).isEqualTo(100 * MILLI);
        lag.set(111 * MILLI);
        assertThat(lag.nanos(200 * MILLI)).isEqualTo(100 * MILLI);
    }

    /** Even without a call, since the next call did not wait in that stall. */
    @Test
    void aLoopThatWasLateIsWatchedUntilItIsInTime() {
        lag.set(0);
        assertThat(lag.fired(110 * MILLI)).isTrue();
        lag.set(110 * MILLI);
        assertThat(lag.fired(120 * MILLI)).isFalse();
        assertThat(lag.nanos(121 * MILLI)).isZero();
    }

    @Test
    void anOldMeasurementDoesNotCount() {
        lag.set(0);
        lag.fired(110 * MILLI);
        assertThat(lag.nanos(300 * MILLI)).isZero();
    }

    /** The mean between two readings says whether a loop was late all the time, or once. */
    @Test
    void countsHowLateLoopsRun() {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        EventLoopLag.registerMeter(registry);
        FunctionCounter late = registry.get("inference.event.loop.late").functionCounter();
        FunctionCounter looks = registry.get("inference.event.loop.looks").functionCounter();
        double secondsBefore = late.count();
        double looksBefore = looks.count();

        lag.set(0);
        lag.fired(110 * MILLI);
        lag.set(110 * MILLI);
        lag.fired(120 * MILLI);

        assertThat(looks.count() - looksBefore).isEqualTo(2);
        assertThat(late.count() - secondsBefore).isCloseTo(0.1, offset(1e-6));
    }
}
