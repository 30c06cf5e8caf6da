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
 * Holds each tenant to its quota, over all ingresses together: they lease tokens from buckets in Redis, ahead of need, so that few
 * requests wait for it. While Redis is away each ingress goes by its part of the quota. docs/quotas.md has the bounds. Thread-safe.
 */
public final class Quotas {
    private static final Logger LOG = Logger.getLogger(Quotas.class);
    private static final long FORGET_NANOS = Duration.ofMinutes(1).toNanos();

    private final SharedBuckets shared;
    private final Settings settings;
    private final IntSupplier ingresses;
    private final LongSupplier nanoClock;
    private final Map<String, TenantQuota> tenants = new ConcurrentHashMap<>();
    private volatile boolean away;
    private volatile long triedNanos;

    /**
     * How Redis is used.
     *
     * @param lease how long leased tokens may be used; longer than Redis may take for an answer
     * @param lookAgain how often Redis is tried while it is away
     */
    public record Settings(Duration lease, Duration lookAgain) {
        /** @param timeout that Redis is given */
        public static Settings of(Duration timeout, Duration lookAgain) {
            return new Settings(timeout.multipliedBy(2).plusMillis(100), lookAgain);
        }
    }

    /**
     * @param redis with its own limit on time
     * @param ingresses how many there are, this one included
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
    }

    /** Whether that many rows may go now, which is then counted. Never fails; complete at once, unless Redis has to be asked first. */
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

    /** What any request would hear now, if it is known already that none can go, however few rows it has; nothing is counted. */
    public Optional<QuotaDecision.Refused> usedUp(String tenant, Quota quota) {
        TenantQuota held = tenants.get(tenant);
        if (held == null || !held.isOf(quota)) {
            return Optional.empty();
        }
        long now = nanoClock.getAsLong();
        Optional<QuotaDecision.Refused> refused = held.usedUp(ingresses.getAsInt(), away, now);
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
        tenants.values().removeIf(other -> other.isIdle(now - FORGET_NANOS));
        return tenants.compute(
                tenant,
                (name, other) -> other != null && other.isOf(quota)
                        ? other
                        : new TenantQuota(quota, settings.lease.toNanos(), ingresses.getAsInt(), now));
    }

    private void act(String tenant, Quota quota, TenantQuota held, TenantQuota.Next next) {
        next.ask().ifPresent(ask -> send(tenant, quota, held, ask, nanoClock.getAsLong()));
        next.told().forEach(Runnable::run);
    }

    private void send(String tenant, Quota quota, TenantQuota held, Ask ask, long askedAt) {
        shared.lease(tenant, quota, ask).onComplete(answer -> {
            long now = nanoClock.getAsLong();
            if (answer.succeeded()) {
                if (away) {
                    away = false;
                    LOG.info("Redis answers again: quotas are shared");
                }
                act(tenant, quota, held, held.granted(answer.result(), askedAt, ingresses.getAsInt(), now));
            } else {
                triedNanos = now;
                if (!away) {
                    away = true;
                    LOG.warnf("Redis is away, each ingress goes by its part of each quota: %s", answer.cause());
                }
                act(tenant, quota, held, held.failed(ingresses.getAsInt(), now));
            }
        });
    }
}
