package dev.penstock.soak;

import dev.penstock.local.RedisUnderTest;
import dev.penstock.local.Signals;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.time.Duration;
import java.util.concurrent.CompletionException;

/** A Redis that is gone, empty, silent or full. */
final class RedisFaults {
    private static final Duration AWAY = Duration.ofSeconds(2);
    private static final Duration FROZEN = Duration.ofSeconds(10);
    private static final Duration FULL = Duration.ofSeconds(10);

    /** One step for Redis: no client writes between. */
    private static final String FLUSH =
            "local before = redis.call('DBSIZE') redis.call('FLUSHALL') return {before, redis.call('DBSIZE')}";

    private RedisFaults() {}

    static Struck killed(Scene scene) throws InterruptedException {
        RedisUnderTest redis = scene.deployment().redis();
        ProcessHandle process = redis.process();
        redis.kill();
        NotStruckException.unless(!process.isAlive(), "Redis ended");
        Thread.sleep(AWAY);
        return Struck.of("process %d of Redis ended".formatted(process.pid()), redis::startAgain);
    }

    static Struck flushed(Scene scene) {
        Response sizes = scene.deployment()
                .redis()
                .send(Request.cmd(Command.EVAL).arg(FLUSH).arg(0));
        long before = sizes.get(0).toLong();
        long after = sizes.get(1).toLong();
        NotStruckException.unless(before > 0 && after == 0, "of %d keys Redis has %d".formatted(before, after));
        return Struck.of("of %d keys Redis has %d".formatted(before, after), () -> {});
    }

    static Struck frozen(Scene scene) throws InterruptedException {
        RedisUnderTest redis = scene.deployment().redis();
        redis.freeze();
        NotStruckException.unless(Signals.isFrozen(redis.process()), "Redis is in state T");
        Thread.sleep(FROZEN);
        return Struck.of("Redis in state T for %d s".formatted(FROZEN.toSeconds()), redis::goOn);
    }

    static Struck full(Scene scene) throws InterruptedException {
        RedisUnderTest redis = scene.deployment().redis();
        set(redis, "maxmemory-policy", "noeviction");
        redis.fill();
        String refusal = refusal(redis);
        NotStruckException.unless(refusal.startsWith("OOM"), "Redis refuses to write, says " + refusal);
        Thread.sleep(FULL);
        return Struck.of("Redis says " + refusal, () -> {
            redis.makeRoom();
            set(redis, "maxmemory-policy", "volatile-ttl");
        });
    }

    private static void set(RedisUnderTest redis, String key, String value) {
        redis.send(Request.cmd(Command.CONFIG).arg("SET").arg(key).arg(value));
    }

    private static String refusal(RedisUnderTest redis) {
        try {
            return redis.send(Request.cmd(Command.SET).arg("soak").arg("1")).toString();
        } catch (CompletionException refused) {
            String message =
                    refused.getCause() == null ? null : refused.getCause().getMessage();
            return message == null ? refused.toString() : message;
        }
    }
}
