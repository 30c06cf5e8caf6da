package dev.penstock.ingress.submit;

import dev.penstock.ingress.call.IdempotencyKey;
import dev.penstock.messages.RequestId;
import dev.penstock.redis.GuardedRedis;
import io.vertx.core.Future;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.time.Duration;

/**
 * Which request an idempotency key belongs to, in Redis, for all ingresses alike. A claim holds the id before anything is published,
 * under a lease: an ingress that dies in between blocks its successors no longer than that. Thread-safe.
 */
public final class IdempotencyClaims {
    /** Longer than the publisher waits for the broker. */
    private static final Duration LEASE = Duration.ofSeconds(3);

    /** Redis's own clock, so that ingresses need not agree on the time. */
    private static final String CLAIM = """
            local held = redis.call('HMGET', KEYS[1], 'id', 'request', 'deadline', 'lease')
            local time = redis.call('TIME')
            local now = time[1] * 1000 + math.floor(time[2] / 1000)
            if held[1] then
                if held[2] ~= ARGV[2] then return {'OTHER_REQUEST', held[1]} end
                if held[4] == 'published' then return {'PUBLISHED', held[1]} end
                if tonumber(held[4]) > now then return {'IN_HAND', held[1]} end
                if tonumber(held[3]) > now then
                    redis.call('HSET', KEYS[1], 'lease', now + ARGV[4])
                    return {'LEFT', held[1]}
                end
            end
            redis.call('HSET', KEYS[1], 'id', ARGV[1], 'request', ARGV[2], 'deadline', ARGV[3], 'lease', now + ARGV[4])
            redis.call('PEXPIRE', KEYS[1], ARGV[5])
            return {'NEW', ARGV[1]}""";

    private static final String SET_LEASE = """
            if redis.call('HGET', KEYS[1], 'id') == ARGV[1] then redis.call('HSET', KEYS[1], 'lease', ARGV[2]) end
            return 1""";

    private static final String RELEASE = """
            if redis.call('HGET', KEYS[1], 'id') == ARGV[1] then redis.call('DEL', KEYS[1]) end
            return 1""";

    private final GuardedRedis redis;
    private final Duration ttl;

    /** @param ttl how long a claim is held, from the request's deadline on */
    public IdempotencyClaims(GuardedRedis redis, Duration ttl) {
        this.redis = redis;
        this.ttl = ttl;
    }

    /** @param id of the request that the key belongs to */
    record Claim(State state, String id) {}

    /** How a claim went. */
    enum State {
        /** The key was free and is the caller's now, and so is the duty to publish. */
        NEW,
        /** Somebody claimed it and did not publish in time, or could not say so: the duty is the caller's now. */
        LEFT,
        /** Somebody is about to publish. */
        IN_HAND,
        PUBLISHED,
        /** Of something else. */
        OTHER_REQUEST
    }

    Future<Claim> claim(IdempotencyKey key, RequestId candidate) {
        Request claim = Request.cmd(Command.EVAL)
                .arg(CLAIM)
                .arg(1)
                .arg(name(key))
                .arg(candidate.toString())
                .arg(key.request())
                .arg(candidate.deadlineMillis())
                .arg(LEASE.toMillis())
                .arg(candidate.timeoutMillis() + ttl.toMillis());
        return redis.send(claim)
                .map(held -> new Claim(
                        State.valueOf(held.get(0).toString()), held.get(1).toString()));
    }

    Future<Response> published(IdempotencyKey key, RequestId id) {
        return change(SET_LEASE, key, id, "published");
    }

    /** Whether it was published is not known: whoever comes next may see to it at once. */
    Future<Response> leave(IdempotencyKey key, RequestId id) {
        return change(SET_LEASE, key, id, "0");
    }

    /** It was not published: the key is free. */
    Future<Response> release(IdempotencyKey key, RequestId id) {
        return change(RELEASE, key, id, "");
    }

    private Future<Response> change(String script, IdempotencyKey key, RequestId id, String lease) {
        return redis.send(Request.cmd(Command.EVAL)
                .arg(script)
                .arg(1)
                .arg(name(key))
                .arg(id.toString())
                .arg(lease));
    }

    private static String name(IdempotencyKey key) {
        return "penstock:idempotency:" + key.name();
    }
}
