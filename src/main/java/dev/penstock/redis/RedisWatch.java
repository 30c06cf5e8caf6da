package dev.penstock.redis;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;

/** Asks Redis every two seconds whether it answers, for {@code inference.redis.up}. Thread-safe; never blocks. */
public final class RedisWatch implements AutoCloseable {
    private static final long INTERVAL_MILLIS = 2000;

    private final Redis redis;
    private final Vertx vertx;
    private final long timer;
    private volatile boolean answers;
    private volatile Future<Response> question = Future.failedFuture("not asked yet");

    /** @param vertx runs the timer */
    public RedisWatch(Redis redis, Vertx vertx, MeterRegistry registry) {
        this.redis = redis;
        this.vertx = vertx;
        Gauge.builder("inference.redis.up", this, watch -> watch.answers ? 1 : 0)
                .description("Whether Redis answered the last question")
                .register(registry);
        ask();
        this.timer = vertx.setPeriodic(INTERVAL_MILLIS, again -> ask());
    }

    /** Asks nothing more while the last question waits: a Redis that hangs must not gather questions. */
    private void ask() {
        if (!question.isComplete()) {
            answers = false;
            return;
        }
        question = redis.send(Request.cmd(Command.PING)).onComplete(asked -> answers = asked.succeeded());
    }

    @Override
    public void close() {
        vertx.cancelTimer(timer);
    }
}
