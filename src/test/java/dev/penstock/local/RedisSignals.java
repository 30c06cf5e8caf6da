package dev.penstock.local;

import java.io.IOException;

/** Does to a Redis, that the test started, what networks and operators do. */
public final class RedisSignals {
    private RedisSignals() {}

    /** It takes connections and answers nothing, until it is told to go on. */
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
