package dev.penstock.local;

/** Signals to a Redis that this JVM has started, to make faults. */
public final class RedisSignals {
    private RedisSignals() {}

    /** Sends SIGSTOP: Redis accepts connections but does not answer until {@link #goOn}. */
    public static void freeze(EmbeddedRedis redis) {
        Signals.freeze(process(redis));
    }

    public static void goOn(EmbeddedRedis redis) {
        Signals.resume(process(redis));
    }

    /** The process of Redis itself. */
    static ProcessHandle process(EmbeddedRedis redis) {
        return redis.processes().stream()
                .filter(process -> process.info().command().orElse("").contains("redis"))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("Redis does not run"));
    }
}
