package dev.penstock.ingress.call;

import dev.penstock.messages.RequestId;
import dev.penstock.messages.RequestIds;
import dev.penstock.tenants.Tenant;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** Issues this ingress's request ids and tells its own from others'. Thread-safe. */
public final class Ids {
    /** The last bit of an id's sequence number says who gets the outcome. */
    private static final int TO_CALLER = 1;

    /** The last but one says whether it has one of its tenant's places. */
    private static final int HAS_PLACE = 2;

    private final RequestIds signed;
    private final int instance = new SecureRandom().nextInt();
    private final AtomicInteger sequence = new AtomicInteger();

    public Ids(byte[] key) {
        this.signed = new RequestIds(key);
    }

    /** Of a request whose outcome will be kept for polling. */
    public RequestId issue(Tenant tenant, Duration timeout) {
        return issue(tenant, timeout, tenant.openRequests().isPresent() ? HAS_PLACE : 0);
    }

    /** Of a call that waits here for its outcome: it is kept only if it comes late. */
    public RequestId issueToCaller(Tenant tenant, Duration timeout) {
        return issue(tenant, timeout, TO_CALLER);
    }

    public static boolean isToCaller(RequestId id) {
        return (id.sequence() & TO_CALLER) != 0;
    }

    public static boolean hasPlace(RequestId id) {
        return (id.sequence() & HAS_PLACE) != 0;
    }

    private RequestId issue(Tenant tenant, Duration timeout, int kind) {
        int number = sequence.getAndIncrement() << 2 | kind;
        return signed.issue(System.currentTimeMillis(), timeout.toMillis(), tenant.tag(), instance, number);
    }

    /** The id, if an ingress with our key issued it. */
    public Optional<RequestId> verify(String text) {
        return signed.verify(text);
    }

    /** The same, if it was issued to that tenant. */
    public Optional<RequestId> verify(String text, Tenant tenant) {
        return signed.verify(text).filter(id -> id.tenantTag() == tenant.tag());
    }

    public Issuer issuerOf(String text) {
        return signed.verify(text)
                .map(id -> id.instance() == instance ? Issuer.THIS_INGRESS : Issuer.ANOTHER_INGRESS)
                .orElse(Issuer.NOBODY);
    }

    /** Who issued an id. */
    public enum Issuer {
        THIS_INGRESS,
        ANOTHER_INGRESS,
        /** It is forged, or of another key. */
        NOBODY
    }

    /** One of {@code partitions}, for this instance's replies. */
    public int partitionOf(int partitions) {
        return Math.floorMod(instance, partitions);
    }
}
