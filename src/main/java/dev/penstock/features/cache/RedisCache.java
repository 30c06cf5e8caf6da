package dev.penstock.features.cache;

import dev.penstock.features.vector.EntityKey;
import dev.penstock.features.vector.FeatureView;
import dev.penstock.redis.GuardedRedis;
import io.vertx.core.buffer.Buffer;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jboss.logging.Logger;

/**
 * The entries of one view in Redis. A batch is read by one MGET and written by pipelined conditional SETs with a TTL. Every round trip has
 * a timeout, and an open circuit breaker skips it. Thread-safe.
 */
public final class RedisCache implements SharedCache {
    private static final Logger LOG = Logger.getLogger(RedisCache.class);

    /**
     * Implements the order of {@link CacheEntry#over} in Lua. Two entries with values compare by version (byte 1); any other pair compares by
     * time (byte 9), see {@link CacheEntryCodec}. The int64 is compared in two halves because Lua numbers are exact only up to 2^53.
     */
    private static final String SET_UNLESS_NEWER = """
            local held = redis.call('GETRANGE', KEYS[1], 0, 16)
            local form, news = string.byte(held, 1), ARGV[1]
            if #held == 17 and (form == 1 or form == 2) then
                local at = (form == 1 and string.byte(news, 1) == 1) and 2 or 10
                local low, high = struct.unpack('<I4I4', news, at)
                local heldLow, heldHigh = struct.unpack('<I4I4', held, at)
                if heldHigh > high or (heldHigh == high and heldLow > low) then return 0 end
            end
            redis.call('SET', KEYS[1], news, 'PX', ARGV[2])
            return 1""";

    private final Guards guards;
    private final FeatureView view;
    private final String keyPrefix;
    private final CachePolicy policy;
    private final InstantSource clock;
    private final FeatureMeters.Tier meters;

    /** The circuit breakers that all views share. Writes have their own, since a Redis that is out of memory still answers reads. */
    public record Guards(GuardedRedis reads, GuardedRedis writes) {
        public static Guards of(Redis redis, Duration timeout, Duration openFor) {
            return new Guards(
                    new GuardedRedis("features", redis, timeout, openFor),
                    new GuardedRedis("feature writes", redis, timeout, openFor));
        }
    }

    public RedisCache(
            Guards guards, FeatureView view, CachePolicy policy, InstantSource clock, FeatureMeters.Tier meters) {
        this.guards = guards;
        this.view = view;
        this.keyPrefix = view.keyPrefix();
        this.policy = policy;
        this.clock = clock;
        this.meters = meters;
    }

    @Override
    public CompletionStage<Map<EntityKey, CacheEntry>> read(Collection<EntityKey> entities) {
        List<EntityKey> order = List.copyOf(entities);
        Request request = Request.cmd(Command.MGET);
        order.forEach(entity -> request.arg(key(entity)));
        return guards.reads.send(request).map(values -> read(order, values)).toCompletionStage();
    }

    @Override
    public CompletionStage<?> write(Map<EntityKey, CacheEntry> held) {
        long now = clock.millis();
        List<Request> requests = new ArrayList<>(held.size());
        held.forEach((entity, each) -> {
            long ttlMillis = policy.ttlMillis(entity, each, now);
            if (ttlMillis > 0) {
                requests.add(Request.cmd(Command.EVAL)
                        .arg(SET_UNLESS_NEWER)
                        .arg(1)
                        .arg(key(entity))
                        .arg(Buffer.buffer(CacheEntryCodec.encode(each)))
                        .arg(ttlMillis));
            }
        });
        if (requests.isEmpty()) {
            return CompletableFuture.completedFuture(List.of());
        }
        return guards.writes.batch(requests).toCompletionStage().whenComplete((written, failure) -> {
            if (failure != null) {
                meters.errors.increment(requests.size());
                LOG.debugf("View %s: %d entries were not written to Redis: %s", view.name(), requests.size(), failure);
            }
        });
    }

    private String key(EntityKey entity) {
        return keyPrefix + entity.text();
    }

    private Map<EntityKey, CacheEntry> read(List<EntityKey> order, Response values) {
        Map<EntityKey, CacheEntry> found = new HashMap<>();
        for (int i = 0; i < order.size(); i++) {
            Response value = values.get(i);
            if (value != null) {
                try {
                    found.put(
                            order.get(i),
                            CacheEntryCodec.decode(
                                    value.toBytes(), view.features().size()));
                } catch (CacheEntryCodec.InvalidEntryException broken) {
                    meters.errors.increment();
                    LOG.debugf("View %s: an entry in Redis is invalid: %s", view.name(), broken.getMessage());
                }
            }
        }
        return found;
    }
}
