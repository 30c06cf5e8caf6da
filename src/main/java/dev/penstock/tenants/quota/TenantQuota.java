package dev.penstock.tenants.quota;

import dev.penstock.tenants.quota.SharedBuckets.Ask;
import dev.penstock.tenants.quota.SharedBuckets.Grant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * One tenant's quota at one ingress. Requests use tokens leased from the shared buckets. A request that finds none waits for Redis, unless
 * Redis has reported lately that the buckets are empty. Has no clock and no I/O: {@link Quotas} sends the calls. Thread-safe.
 */
final class TenantQuota {
    /** Twice the tenant's use in this time is leased ahead. */
    private static final double AHEAD_NANOS = 50e6;

    /**
     * A tenant that calls seldom leases a few tokens for longer, so that not each of its calls waits for Redis. All ingresses together have
     * no more of them than the bucket refills in half of a lease, and than a quarter of the burst.
     */
    private static final long RESERVE_NANOS = 30_000_000_000L;

    private static final long MOST_RESERVED_CALLS = 16;

    /** The assumed time since the last lease before the first request, so that one request is not taken for many in a short time. */
    private static final long LONG_AGO_NANOS = 10_000_000_000L;

    private final Quota quota;
    private final long leaseNanos;
    private final LeasedTokens requests = new LeasedTokens();
    private final LeasedTokens rows = new LeasedTokens();
    private final Deque<QueuedRequest> waiting = new ArrayDeque<>();
    private final RetryAfterSchedule retries;

    /** The shared buckets, as Redis last reported them. */
    private final QuotaBuckets shared;

    /** This ingress's share, used while Redis is unavailable. */
    private QuotaBuckets own;

    private int parties;
    private boolean asking;
    private long wantedRequests;
    private long wantedRows;
    private long askedNanos;
    /** How long the tokens that are being leased are valid. */
    private long requestsForNanos;

    private long rowsForNanos;
    private long usedNanos;

    private record QueuedRequest(long rows, CompletableFuture<QuotaDecision> decision) {}

    /** @param leaseNanos how long tokens are valid, counted from the call that leased them */
    TenantQuota(Quota quota, long leaseNanos, int ingresses, long now) {
        this.quota = quota;
        this.leaseNanos = leaseNanos;
        this.retries = new RetryAfterSchedule(quota);
        this.shared = new QuotaBuckets(quota, 1, now);
        this.own = new QuotaBuckets(quota, ingresses, now);
        this.parties = ingresses;
        this.askedNanos = now - LONG_AGO_NANOS;
    }

    /** The caller's next actions: complete these decisions, and lease these tokens. */
    record Actions(List<Runnable> decisions, Optional<Ask> ask) {}

    boolean isOf(Quota other) {
        return quota.equals(other);
    }

    synchronized boolean isIdle(long sinceNanos) {
        return waiting.isEmpty() && !asking && usedNanos - sinceNanos < 0;
    }

    /** @param away whether Redis is known to be unavailable, so that no request should wait for it */
    synchronized Actions decide(
            long requestRows, CompletableFuture<QuotaDecision> decision, int ingresses, boolean away, long now) {
        usedNanos = now;
        wantedRequests++;
        wantedRows += requestRows;
        List<Runnable> decisions = new ArrayList<>(1);
        if (away) {
            decisions.add(completion(decision, ownDecision(requestRows, ingresses, now)));
            return new Actions(decisions, Optional.empty());
        }
        waiting.addLast(new QueuedRequest(requestRows, decision));
        return asking ? new Actions(decisions, Optional.empty()) : settle(decisions, ingresses, now);
    }

    /** The decision for any request, if the quota is used up. Takes a place in the retry queue, but no tokens. */
    synchronized Optional<QuotaDecision.Exceeded> usedUp(int ingresses, boolean away, long now) {
        usedNanos = now;
        if (away) {
            QuotaBuckets part = own(ingresses, now);
            return part.waitNanos(1, 0, now) > 0 ? Optional.of(exceeded(part, 1, ingresses, now)) : Optional.empty();
        }
        return waiting.isEmpty() && sharedWait(0, now) > 0
                ? Optional.of(exceeded(shared, 1, ingresses, now))
                : Optional.empty();
    }

    /** Redis has answered the call that was sent at {@code askedAt}. */
    synchronized Actions granted(Grant grant, long askedAt, int ingresses, long now) {
        asking = false;
        requests.add(grant.requests(), askedAt + requestsForNanos);
        rows.add(grant.rows(), askedAt + rowsForNanos);
        shared.fillIn(grant.requestsNanos(), grant.rowsNanos(), now);
        return settle(new ArrayList<>(), ingresses, now);
    }

    /** The call to Redis has failed. */
    synchronized Actions failed(int ingresses, long now) {
        asking = false;
        List<Runnable> decisions = new ArrayList<>();
        for (QueuedRequest each : waiting) {
            decisions.add(completion(each.decision, ownDecision(each.rows, ingresses, now)));
        }
        waiting.clear();
        return new Actions(decisions, Optional.empty());
    }

    /** Leases without a waiting request, to see whether Redis is available. */
    synchronized Optional<Ask> probe(long now) {
        return asking ? Optional.empty() : Optional.of(ask(0, 0, parties, now));
    }

    private Actions settle(List<Runnable> decisions, int ingresses, long now) {
        while (!waiting.isEmpty()) {
            long due = waiting.getFirst().rows;
            if (requests.left(now) >= 1 && rows.left(now) >= due) {
                requests.take(1);
                rows.take(due);
                decisions.add(completion(waiting.removeFirst().decision, new QuotaDecision.Admitted(left(now))));
            } else if (sharedWait(due, now) > 0) {
                decisions.add(completion(waiting.removeFirst().decision, exceeded(shared, due, ingresses, now)));
            } else {
                return new Actions(decisions, Optional.of(ask(1, due, ingresses, now)));
            }
        }
        boolean more = (requests.isLow(now) || rows.isLow(now)) && shared.waitNanos(1, 1, now) == 0;
        return new Actions(decisions, more ? Optional.of(ask(0, 0, ingresses, now)) : Optional.empty());
    }

    /** Returns how long until the shared buckets have the tokens that are missing here. */
    private long sharedWait(long due, long now) {
        return shared.waitNanos(1 - Math.min(1, requests.left(now)), Math.max(0, due - rows.left(now)), now);
    }

    private Ask ask(long neededRequests, long neededRows, int ingresses, long now) {
        double part = Math.min(1, AHEAD_NANOS / Math.max(1, now - askedNanos));
        long soonRequests = Math.min((long) (2 * part * wantedRequests), quota.requestBurst());
        long soonRows = Math.min((long) (2 * part * wantedRows), quota.rowBurst());
        long reserveRequests = reserve(quota.requestsPerSecond(), quota.requestBurst(), wantedRequests, ingresses);
        long reserveRows = reserve(quota.rowsPerSecond(), quota.rowBurst(), wantedRows, ingresses);
        requestsForNanos = reserveRequests > soonRequests ? RESERVE_NANOS : leaseNanos;
        rowsForNanos = reserveRows > soonRows ? RESERVE_NANOS : leaseNanos;
        long leastRequests = Math.max(0, neededRequests - requests.left(now));
        long leastRows = Math.max(0, neededRows - rows.left(now));
        long mostRequests = Math.max(leastRequests, Math.max(soonRequests, reserveRequests) - requests.left(now));
        long mostRows = Math.max(leastRows, Math.max(soonRows, reserveRows) - rows.left(now));
        requests.refillRequested();
        rows.refillRequested();
        asking = true;
        askedNanos = now;
        wantedRequests = 0;
        wantedRows = 0;
        return new Ask(leastRequests, mostRequests, leastRows, mostRows);
    }

    /** @param wanted since tokens were leased before */
    private long reserve(double perSecond, long burst, long wanted, int ingresses) {
        double refilled = perSecond * leaseNanos / 2e9;
        double ofAll = Math.min(refilled, burst / 4.0) / ingresses;
        return (long) Math.min(ofAll, (double) MOST_RESERVED_CALLS * wanted / Math.max(1, wantedRequests));
    }

    private QuotaDecision ownDecision(long requestRows, int ingresses, long now) {
        QuotaBuckets part = own(ingresses, now);
        if (part.waitNanos(1, requestRows, now) > 0) {
            return exceeded(part, requestRows, ingresses, now);
        }
        part.take(requestRows, now);
        return new QuotaDecision.Admitted(part.left(now));
    }

    private QuotaBuckets own(int ingresses, long now) {
        if (parties != ingresses) {
            parties = ingresses;
            own = new QuotaBuckets(quota, ingresses, now);
        }
        return own;
    }

    private QuotaDecision.Exceeded exceeded(QuotaBuckets by, long requestRows, int ingresses, long now) {
        int seconds = retries.next(requestRows, by.waitNanos(1, requestRows, now), ingresses, now);
        return new QuotaDecision.Exceeded(by.limiting(requestRows, now), seconds);
    }

    private RemainingQuota left(long now) {
        RemainingQuota there = shared.left(now);
        return new RemainingQuota(there.requests() + requests.left(now), there.rows() + rows.left(now));
    }

    private static Runnable completion(CompletableFuture<QuotaDecision> waiter, QuotaDecision decision) {
        return () -> waiter.complete(decision);
    }
}
