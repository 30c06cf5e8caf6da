package dev.penstock.tenants.quota;

import io.vertx.core.Future;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.util.function.Function;

/**
 * The buckets in Redis that all ingresses share, on Redis's clock. Redis holds two times per tenant: when each bucket is full again, as in
 * {@link TokenBucket}. Thread-safe.
 */
final class SharedBuckets {
    /** Clamps a time that is further ahead than the largest debt: it comes from another clock or an earlier quota. */
    private static final String LEASE = """
            local time = redis.call('TIME')
            local now = time[1] * 1000000 + time[2]
            local full = redis.call('HMGET', KEYS[1], 'requests', 'rows')
            local left, granted, fits = {}, {0, 0}, true
            for i = 1, 2 do
                local interval, burst = tonumber(ARGV[4 * i - 3]), tonumber(ARGV[4 * i - 2])
                full[i] = math.min(math.max(tonumber(full[i] or now), now), now + math.ceil(burst * interval))
                left[i] = math.max(0, math.floor(burst - (full[i] - now) / interval))
                if left[i] < tonumber(ARGV[4 * i - 1]) then fits = false end
            end
            if fits then
                for i = 1, 2 do
                    granted[i] = math.min(left[i], tonumber(ARGV[4 * i]))
                    full[i] = math.ceil(full[i] + granted[i] * tonumber(ARGV[4 * i - 3]))
                end
                redis.call('HSET', KEYS[1], 'requests', full[1], 'rows', full[2])
                redis.call('PEXPIRE', KEYS[1], math.ceil((math.max(full[1], full[2]) - now) / 1000) + 1000)
            end
            return {granted[1], granted[2], full[1] - now, full[2] - now}""";

    private final Function<Request, Future<Response>> redis;

    /** @param redis sends a command, with a timeout */
    SharedBuckets(Function<Request, Future<Response>> redis) {
        this.redis = redis;
    }

    /** A request for tokens. Grants the least to the most of each bucket, or none if either bucket has fewer than its least. */
    record Ask(long leastRequests, long mostRequests, long leastRows, long mostRows) {}

    /**
     * @param requestsNanos until the request bucket is full
     * @param rowsNanos until the row bucket is full
     */
    record Grant(long requests, long rows, long requestsNanos, long rowsNanos) {}

    Future<Grant> lease(String tenant, Quota quota, Ask ask) {
        return redis.apply(Request.cmd(Command.EVAL)
                        .arg(LEASE)
                        .arg(1)
                        .arg("penstock:quota:" + tenant)
                        .arg(Double.toString(1e6 / quota.requestsPerSecond()))
                        .arg(quota.requestBurst())
                        .arg(ask.leastRequests)
                        .arg(ask.mostRequests)
                        .arg(Double.toString(1e6 / quota.rowsPerSecond()))
                        .arg(quota.rowBurst())
                        .arg(ask.leastRows)
                        .arg(ask.mostRows))
                .map(answer -> new Grant(
                        answer.get(0).toLong(),
                        answer.get(1).toLong(),
                        answer.get(2).toLong() * 1000,
                        answer.get(3).toLong() * 1000));
    }
}
