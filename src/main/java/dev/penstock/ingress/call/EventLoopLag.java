package dev.penstock.ingress.call;

import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.distribution.TimeWindowMax;
import io.vertx.core.Vertx;
import io.vertx.ext.web.RoutingContext;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * Estimates how late an event loop runs: how long current work has queued, and how long new work will. Nothing else shows when a call that
 * is read now arrived. So a timer runs while there are calls; when it fires late, calls are read late. Written by its loop, read by any
 * thread.
 */
public final class EventLoopLag {
    private static final long PERIOD_MILLIS = 10;
    private static final long PERIOD_NANOS = PERIOD_MILLIS * 1_000_000;
    private static final double NANOS_PER_SECOND = 1e9;

    /** The worst of all loops in the last 10 to 20 seconds. */
    private static final TimeWindowMax WORST = new TimeWindowMax(Clock.SYSTEM, 10_000, 2);

    /** The lateness of all looks, in nanoseconds, and their number. */
    private static final LongAdder LATE = new LongAdder();

    private static final LongAdder LOOKS = new LongAdder();

    private static final ThreadLocal<EventLoopLag> OF_THIS_LOOP = ThreadLocal.withInitial(EventLoopLag::new);

    private volatile Timer timer = new Timer(false, 0);
    private volatile Late late = new Late(0, 0);

    private record Timer(boolean isSet, long dueNanos) {}

    private record Late(long byNanos, long firedNanos) {}

    /** The lag of the event loop that handles this call. */
    public static EventLoopLag of(RoutingContext call) {
        EventLoopLag lag = OF_THIS_LOOP.get();
        if (!lag.timer.isSet) {
            lag.watch(call.vertx());
        }
        return lag;
    }

    /** Registers {@code inference.event.loop.lag}, {@code inference.event.loop.late} and {@code inference.event.loop.looks}. */
    public static void registerMeter(MeterRegistry registry) {
        TimeGauge.builder("inference.event.loop.lag", WORST, TimeUnit.NANOSECONDS, TimeWindowMax::poll)
                .description("How late an event loop ran, at worst, in the last 10 to 20 s in which there were calls")
                .register(registry);
        FunctionCounter.builder("inference.event.loop.late", LATE, nanos -> nanos.sum() / NANOS_PER_SECOND)
                .description("How late event loops ran, over all looks")
                .baseUnit("seconds")
                .register(registry);
        FunctionCounter.builder("inference.event.loop.looks", LOOKS, LongAdder::sum)
                .description("Looks at event loops, every 10 ms while there are calls")
                .register(registry);
    }

    /** Repeats until the loop is in time again, since a call that arrives after a stall did not wait in it. */
    private void watch(Vertx vertx) {
        set(System.nanoTime());
        vertx.setTimer(PERIOD_MILLIS, due -> {
            if (fired(System.nanoTime())) {
                watch(vertx);
            }
        });
    }

    void set(long now) {
        timer = new Timer(true, now + PERIOD_NANOS);
    }

    /** Whether the loop is behind, so that the timer must be set again even without a call. */
    boolean fired(long now) {
        long by = Math.max(0, now - timer.dueNanos);
        late = new Late(by, now);
        WORST.record((double) by);
        LATE.add(by);
        LOOKS.increment();
        timer = new Timer(false, 0);
        return by > PERIOD_NANOS;
    }

    /** The estimated lag; 0 when nothing is known. */
    public long nanos(long now) {
        Timer pending = timer;
        Late last = late;
        long overdue = pending.isSet ? now - pending.dueNanos : 0;
        boolean isFresh = now - last.firedNanos < 2 * PERIOD_NANOS + last.byNanos;
        return Math.max(overdue, isFresh ? last.byNanos : 0);
    }
}
