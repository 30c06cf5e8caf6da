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
 * Stores in Redis which request an idempotency key belongs to, for all ingresses. A claim stores the id under a lease before the request is
 * published. If the ingress dies before it publishes, others are blocked only until the lease ends. Thread-safe.
 */
public final class IdempotencyClaims {
    /** Longer than the publisher waits for Kafka. */
    private static final Duration LEASE = Duration.ofSeconds(3);

    /** Uses the clock of Redis, since the clocks of ingresses may differ. */
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

    /** @param ttl how long after the request's deadline a claim is kept */
    public IdempotencyClaims(GuardedRedis redis, Duration ttl) {
        this.redis = redis;
        this.ttl = ttl;
    }

    /**
     * The result of a claim.
     *
     * @param id the id of the request that the key belongs to
     */
    record Claim(State state, String id) {}

    /** Who has to publish the request. */
    enum State {
        /** The key was free. It is now the caller's, who must publish. */
        NEW,
        /** Another call claimed the key, but did not confirm that it published. The caller must publish now. */
        LEFT,
        /** Another call is about to publish. */
        IN_HAND,
        /** Kafka has the request. */
        PUBLISHED,
        /** The key belongs to another request. */
        OTHER_REQUEST
    }

    /** Claims the key for the candidate, unless another request has it. */
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

    /** Records that Kafka has the request. */
    Future<Response> published(IdempotencyKey key, RequestId id) {
        return change(SET_LEASE, key, id, "published");
    }

    /** Records that it is unknown whether the request was published. The next call with the key may publish it at once. */
    Future<Response> leave(IdempotencyKey key, RequestId id) {
        return change(SET_LEASE, key, id, "0");
    }

    /** Frees the key of a request that was not published. */
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
