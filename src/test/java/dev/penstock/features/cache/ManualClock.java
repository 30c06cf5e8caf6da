package dev.penstock.features.cache;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;

/** A manual clock: it advances only when a test moves it. */
final class ManualClock implements InstantSource {
    private final AtomicLong millis = new AtomicLong(1_800_000_000_000L);

    void pass(Duration time) {
        millis.addAndGet(time.toMillis());
    }

    @Override
    public Instant instant() {
        return Instant.ofEpochMilli(millis.get());
    }
}
