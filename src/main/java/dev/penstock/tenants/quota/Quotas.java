package dev.penstock.tenants.quota;

import dev.penstock.tenants.quota.SharedBuckets.Ask;
import io.vertx.core.Future;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;
import org.jboss.logging.Logger;

/**
 * Enforces each tenant's quota over all ingresses together. Ingresses lease tokens from buckets in Redis ahead of need, so that few
 * requests wait for Redis. While Redis is unavailable, each ingress enforces its share of the quota. docs/quotas.md gives the bounds.
 * Thread-safe.
 */
public final class Quotas {
    private static final Logger LOG = Logger.getLogger(Quotas.class);
    private static final long FORGET_NANOS = Duration.ofMinutes(1).toNanos();

    /** Each tenant that comes would have to look at all others otherwise. */
    private static final long SWEEP_NANOS = Duration.ofSeconds(1).toNanos();

    private final SharedBuckets shared;
    private final Settings settings;
    private final IntSupplier ingresses;
    private final LongSupplier nanoClock;
    private final Map<String, TenantQuota> tenants = new ConcurrentHashMap<>();
    private volatile boolean away;
    private volatile long triedNanos;
    private volatile long sweptNanos;

    /**
     * Timing of Redis calls.
     *
     * @param lease how long leased tokens are valid; longer than the Redis timeout
     * @param lookAgain how often Redis is probed while it is unavailable
     */
    public record Settings(Duration lease, Duration lookAgain) {
        /** @param timeout of one Redis call */
        public static Settings of(Duration timeout, Duration lookAgain) {
            return new Settings(timeout.multipliedBy(2).plusMillis(100), lookAgain);
        }
    }

    /**
     * @param redis sends a command, with a timeout
     * @param ingresses the number of ingresses, this one included
     */
    public Quotas(
            Function<Request, Future<Response>> redis,
            Settings settings,
            IntSupplier ingresses,
            LongSupplier nanoClock) {
        this.shared = new SharedBuckets(redis);
        this.settings = settings;
        this.ingresses = ingresses;
        this.nanoClock = nanoClock;
        this.sweptNanos = nanoClock.getAsLong();
    }

    /** Decides about a request of this many rows, and counts it if admitted. Never fails. Completes at once unless tokens must be leased. */
    public CompletionStage<QuotaDecision> decide(String tenant, Quota quota, long rows) {
        if (rows > quota.rowBurst()) {
            return CompletableFuture.completedFuture(new QuotaDecision.TooManyRows(quota.rowBurst()));
        }
        long now = nanoClock.getAsLong();
        TenantQuota held = held(tenant, quota, now);
        CompletableFuture<QuotaDecision> decision = new CompletableFuture<>();
        act(tenant, quota, held, held.decide(rows, decision, ingresses.getAsInt(), away, now));
        probeIfAway(tenant, quota, held, now);
        return decision;
    }

    /** The decision for any request, if the quota is known to be used up; takes no tokens. */
    public Optional<QuotaDecision.Exceeded> usedUp(String tenant, Quota quota) {
        TenantQuota held = tenants.get(tenant);
        if (held == null || !held.isOf(quota)) {
            return Optional.empty();
        }
        long now = nanoClock.getAsLong();
        Optional<QuotaDecision.Exceeded> refused = held.usedUp(ingresses.getAsInt(), away, now);
        probeIfAway(tenant, quota, held, now);
        return refused;
    }

    private void probeIfAway(String tenant, Quota quota, TenantQuota held, long now) {
        if (away && now - triedNanos >= settings.lookAgain.toNanos()) {
            triedNanos = now;
            held.probe(now).ifPresent(ask -> send(tenant, quota, held, ask, now));
        }
    }

    private TenantQuota held(String tenant, Quota quota, long now) {
        TenantQuota known = tenants.get(tenant);
        if (known != null && known.isOf(quota)) {
            return known;
        }
        if (now - sweptNanos >= SWEEP_NANOS) {
            sweptNanos = now;
            tenants.values().removeIf(other -> other.isIdle(now - FORGET_NANOS));
        }
        return tenants.compute(
                tenant,
                (name, other) -> other != null && other.isOf(quota)
                        ? other
                        : new TenantQuota(quota, settings.lease.toNanos(), ingresses.getAsInt(), now));
    }

    private void act(String tenant, Quota quota, TenantQuota held, TenantQuota.Actions actions) {
        actions.ask().ifPresent(ask -> send(tenant, quota, held, ask, nanoClock.getAsLong()));
        actions.decisions().forEach(Runnable::run);
    }

    private void send(String tenant, Quota quota, TenantQuota held, Ask ask, long askedAt) {
        shared.lease(tenant, quota, ask).onComplete(answer -> {
            long now = nanoClock.getAsLong();
            if (answer.succeeded()) {
                if (away) {
                    away = false;
                    LOG.info("Redis is available again: quotas hold over all ingresses together");
                }
                act(tenant, quota, held, held.granted(answer.result(), askedAt, ingresses.getAsInt(), now));
            } else {
                triedNanos = now;
                if (!away) {
                    away = true;
                    LOG.warnf(
                            "Redis is unavailable: each ingress enforces its share of each quota: %s", answer.cause());
                }
                act(tenant, quota, held, held.failed(ingresses.getAsInt(), now));
            }
        });
    }
}
