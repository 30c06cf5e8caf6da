package dev.penstock.local;

import java.io.IOException;

/** Signals to a Redis that the test started, to simulate faults. */
public final class RedisSignals {
    private RedisSignals() {}

    /** Sends SIGSTOP: Redis accepts connections but does not answer until {@link #goOn}. */
    public static void freeze(EmbeddedRedis redis) throws IOException, InterruptedException {
        signal(redis, "-STOP");
    }

    public static void goOn(EmbeddedRedis redis) throws IOException, InterruptedException {
        signal(redis, "-CONT");
    }

    private static void signal(EmbeddedRedis redis, String signal) throws IOException, InterruptedException {
        for (ProcessHandle process : redis.processes()) {
            if (process.info().command().orElse("").contains("redis")) {
                new ProcessBuilder("kill", signal, Long.toString(process.pid()))
                        .start()
                        .waitFor();
            }
        }
    }
}
