package dev.penstock.tenants.quota;

import dev.penstock.messages.RequestId;
import io.vertx.core.Future;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import org.jboss.logging.Logger;

/**
 * Limits the open requests of a tenant, over all ingresses together. A request is open from its acceptance until its outcome, or until its
 * deadline at the latest. Redis holds one place per open request: a sorted set of ids, scored by deadline. While Redis is unavailable, each
 * ingress enforces its share of the limit. Thread-safe.
 */
public final class OpenRequests {
    private static final Logger LOG = Logger.getLogger(OpenRequests.class);

    /** Returns 0 if the id has a place or gets one; otherwise the milliseconds until the first deadline frees a place. */
    private static final String TAKE = """
            local time = redis.call('TIME')
            local now = time[1] * 1000 + math.floor(time[2] / 1000)
            redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
            if redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
            if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then
                return redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2] - now
            end
            redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
            redis.call('PEXPIREAT', KEYS[1], redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2])
            return 0""";

    private final Function<Request, Future<Response>> redis;
    private final IntSupplier ingresses;
    private final LongSupplier epochMillis;

    /** Deadlines by id and tenant, of requests admitted here while Redis was unavailable. Cleared when Redis answers. */
    private final Map<Integer, Map<String, Long>> own = new ConcurrentHashMap<>();

    /**
     * @param redis sends a command, with a timeout
     * @param ingresses the number of ingresses, this one included
     */
    public OpenRequests(Function<Request, Future<Response>> redis, IntSupplier ingresses, LongSupplier epochMillis) {
        this.redis = redis;
        this.ingresses = ingresses;
        this.epochMillis = epochMillis;
    }

    /**
     * Takes a place for a request. Never fails.
     *
     * @param most the tenant's limit
     * @return empty when the request has a place; otherwise the milliseconds until a place is free at the latest
     */
    public CompletionStage<OptionalLong> take(RequestId id, int most) {
        long leftMillis = Math.max(1, id.deadlineMillis() - epochMillis.getAsLong());
        return redis.apply(Request.cmd(Command.EVAL)
                        .arg(TAKE)
                        .arg(1)
                        .arg(key(id))
                        .arg(id.toString())
                        .arg(leftMillis)
                        .arg(most))
                .map(full -> {
                    own.remove(id.tenantTag());
                    return full.toLong() == 0 ? OptionalLong.empty() : OptionalLong.of(full.toLong());
                })
                .otherwise(away -> takeOwn(id, Math.max(1, most / ingresses.getAsInt())))
                .toCompletionStage();
    }

    /** Frees the place of a request that was not accepted. If Redis is unavailable, the deadline frees it. */
    public void leave(RequestId id) {
        redis.apply(settled(id))
                .onFailure(away ->
                        LOG.debugf(away, "Redis is unavailable: the place of request %s is freed at its deadline", id));
    }

    /** Frees the place of a request with an outcome. Frees it here at once; the returned command frees it in Redis. */
    public Request settled(RequestId id) {
        Map<String, Long> places = own.get(id.tenantTag());
        if (places != null) {
            places.remove(id.toString());
        }
        return Request.cmd(Command.ZREM).arg(key(id)).arg(id.toString());
    }

    private OptionalLong takeOwn(RequestId id, int most) {
        long now = epochMillis.getAsLong();
        long[] fullMillis = {0};
        own.compute(id.tenantTag(), (tenant, known) -> {
            Map<String, Long> places = known == null ? new ConcurrentHashMap<>() : known;
            if (places.size() >= most) {
                places.values().removeIf(deadline -> deadline <= now);
            }
            if (places.size() < most || places.containsKey(id.toString())) {
                places.put(id.toString(), id.deadlineMillis());
            } else {
                fullMillis[0] = places.values().stream()
                                .mapToLong(Long::longValue)
                                .min()
                                .orElse(now)
                        - now;
            }
            return places;
        });
        return fullMillis[0] == 0 ? OptionalLong.empty() : OptionalLong.of(fullMillis[0]);
    }

    private static String key(RequestId id) {
        return "penstock:open:" + Integer.toHexString(id.tenantTag());
    }
}
