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
 * One tenant's quota at one ingress. Requests go by tokens leased from the shared bucket; those that find none wait for what Redis
 * answers, unless it has said lately that there are none. Who asks Redis is somebody else: here is no clock and no I/O. Thread-safe.
 */
final class TenantQuota {
    /** What the tenant used in this time is leased ahead, twice. */
    private static final double AHEAD_NANOS = 50e6;

    /** So that a first request counts as a rare one. */
    private static final long LONG_AGO_NANOS = 10_000_000_000L;

    private final Quota quota;
    private final long leaseNanos;
    private final Lease requests = new Lease();
    private final Lease rows = new Lease();
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private final RetryPlaces places;

    /** As Redis told it last. */
    private final QuotaBuckets shared;

    /** This ingress's part, for when Redis is away. */
    private QuotaBuckets own;

    private int parties;
    private boolean asking;
    private long wantedRequests;
    private long wantedRows;
    private long askedNanos;
    private long usedNanos;

    private record Waiting(long rows, CompletableFuture<QuotaDecision> decision) {}

    /** @param leaseNanos how long tokens may be used after they were asked for */
    TenantQuota(Quota quota, long leaseNanos, int ingresses, long now) {
        this.quota = quota;
        this.leaseNanos = leaseNanos;
        this.places = new RetryPlaces(quota);
        this.shared = new QuotaBuckets(quota, 1, now);
        this.own = new QuotaBuckets(quota, ingresses, now);
        this.parties = ingresses;
        this.askedNanos = now - LONG_AGO_NANOS;
    }

    /** What to do after something happened: decisions to tell, and tokens to ask Redis for. */
    record Next(List<Runnable> told, Optional<Ask> ask) {}

    boolean isOf(Quota other) {
        return quota.equals(other);
    }

    synchronized boolean isIdle(long sinceNanos) {
        return waiting.isEmpty() && !asking && usedNanos - sinceNanos < 0;
    }

    /** @param away whether Redis is known to be, so that nobody should wait for it */
    synchronized Next decide(
            long requestRows, CompletableFuture<QuotaDecision> decision, int ingresses, boolean away, long now) {
        usedNanos = now;
        wantedRequests++;
        wantedRows += requestRows;
        List<Runnable> told = new ArrayList<>(1);
        if (away) {
            told.add(tell(decision, ownDecision(requestRows, ingresses, now)));
            return new Next(told, Optional.empty());
        }
        waiting.addLast(new Waiting(requestRows, decision));
        return asking ? new Next(told, Optional.empty()) : settle(told, ingresses, now);
    }

    /** What any request would hear now, if none could go; it takes a place among those who come back, and nothing else. */
    synchronized Optional<QuotaDecision.Refused> usedUp(int ingresses, boolean away, long now) {
        usedNanos = now;
        if (away) {
            QuotaBuckets part = own(ingresses, now);
            return part.waitNanos(1, 0, now) > 0 ? Optional.of(refused(part, 1, ingresses, now)) : Optional.empty();
        }
        return waiting.isEmpty() && sharedWait(0, now) > 0
                ? Optional.of(refused(shared, 1, ingresses, now))
                : Optional.empty();
    }

    /** Redis has answered what was asked at a time. */
    synchronized Next granted(Grant grant, long askedAt, int ingresses, long now) {
        asking = false;
        requests.add(grant.requests(), askedAt + leaseNanos);
        rows.add(grant.rows(), askedAt + leaseNanos);
        shared.fillIn(grant.requestsNanos(), grant.rowsNanos(), now);
        return settle(new ArrayList<>(), ingresses, now);
    }

    /** Redis has not answered. */
    synchronized Next failed(int ingresses, long now) {
        asking = false;
        List<Runnable> told = new ArrayList<>();
        for (Waiting each : waiting) {
            told.add(tell(each.decision, ownDecision(each.rows, ingresses, now)));
        }
        waiting.clear();
        return new Next(told, Optional.empty());
    }

    /** Asks even though nobody waits, to see whether Redis is there. */
    synchronized Optional<Ask> probe(long now) {
        return asking ? Optional.empty() : Optional.of(ask(0, 0, now));
    }

    private Next settle(List<Runnable> told, int ingresses, long now) {
        while (!waiting.isEmpty()) {
            long due = waiting.getFirst().rows;
            if (requests.left(now) >= 1 && rows.left(now) >= due) {
                requests.take(1);
                rows.take(due);
                told.add(tell(waiting.removeFirst().decision, new QuotaDecision.Admitted(left(now))));
            } else if (sharedWait(due, now) > 0) {
                told.add(tell(waiting.removeFirst().decision, refused(shared, due, ingresses, now)));
            } else {
                return new Next(told, Optional.of(ask(1, due, now)));
            }
        }
        boolean more = (requests.isLow(now) || rows.isLow(now)) && shared.waitNanos(1, 1, now) == 0;
        return new Next(told, more ? Optional.of(ask(0, 0, now)) : Optional.empty());
    }

    /** Until Redis would grant what is missing here. */
    private long sharedWait(long due, long now) {
        return shared.waitNanos(1 - Math.min(1, requests.left(now)), Math.max(0, due - rows.left(now)), now);
    }

    private Ask ask(long neededRequests, long neededRows, long now) {
        double part = Math.min(1, AHEAD_NANOS / Math.max(1, now - askedNanos));
        long leastRequests = Math.max(0, neededRequests - requests.left(now));
        long leastRows = Math.max(0, neededRows - rows.left(now));
        long aheadRequests = Math.min((long) (2 * part * wantedRequests), quota.requestBurst()) - requests.left(now);
        long aheadRows = Math.min((long) (2 * part * wantedRows), quota.rowBurst()) - rows.left(now);
        requests.suffices();
        rows.suffices();
        asking = true;
        askedNanos = now;
        wantedRequests = 0;
        wantedRows = 0;
        return new Ask(
                leastRequests, Math.max(leastRequests, aheadRequests), leastRows, Math.max(leastRows, aheadRows));
    }

    private QuotaDecision ownDecision(long requestRows, int ingresses, long now) {
        QuotaBuckets part = own(ingresses, now);
        if (part.waitNanos(1, requestRows, now) > 0) {
            return refused(part, requestRows, ingresses, now);
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

    private QuotaDecision.Refused refused(QuotaBuckets by, long requestRows, int ingresses, long now) {
        int seconds = places.next(requestRows, by.waitNanos(1, requestRows, now), ingresses, now);
        return new QuotaDecision.Refused(by.shorter(requestRows, now), seconds);
    }

    private QuotaLeft left(long now) {
        QuotaLeft there = shared.left(now);
        return new QuotaLeft(there.requests() + requests.left(now), there.rows() + rows.left(now));
    }

    private static Runnable tell(CompletableFuture<QuotaDecision> waiter, QuotaDecision decision) {
        return () -> waiter.complete(decision);
    }
}
