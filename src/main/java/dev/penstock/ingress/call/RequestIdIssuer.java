package dev.penstock.ingress.call;

import dev.penstock.messages.RequestId;
import dev.penstock.messages.RequestIds;
import dev.penstock.tenants.Tenant;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/** Issues request ids, verifies them, and distinguishes this ingress's own from others'. Thread-safe. */
public final class RequestIdIssuer {
    /** The lowest bit of a sequence number: the reply goes to the ingress that issued the id, since its caller waits there. */
    private static final int TO_CALLER = 1;

    /** The second lowest bit: the request has one of its tenant's places. */
    private static final int HAS_PLACE = 2;

    private final LongSupplier epochMillis;
    private final RequestIds signed;
    private final int instance = new SecureRandom().nextInt();
    private final AtomicInteger sequence = new AtomicInteger();

    /** @param key signs the ids; the same at all ingresses */
    public RequestIdIssuer(byte[] key, LongSupplier epochMillis) {
        this.epochMillis = epochMillis;
        this.signed = new RequestIds(key);
    }

    /** Issues the id of a request whose outcome goes to {@code penstock.results}. */
    public RequestId issue(Tenant tenant, Duration timeout) {
        return issue(tenant, timeout, tenant.openRequests().isPresent() ? HAS_PLACE : 0);
    }

    /** Issues the id of a synchronous call. Its outcome goes to this ingress's partition of {@code penstock.replies}. */
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
        return signed.issue(epochMillis.getAsLong(), timeout.toMillis(), tenant.tag(), instance, number);
    }

    /** The id, if an ingress with the same key issued it. */
    public Optional<RequestId> verify(String text) {
        return signed.verify(text);
    }

    /**
     * The id, if an ingress with the same key issued it to that tenant. Neither the result nor its timing shows whether an id is forged or
     * another tenant's: both need the HMAC, and nothing else is looked up.
     */
    public Optional<RequestId> verify(String text, Tenant tenant) {
        return signed.verify(text).filter(id -> id.tenantTag() == tenant.tag());
    }

    public Origin originOf(String text) {
        return signed.verify(text)
                .map(id -> isOwn(id) ? Origin.THIS_INGRESS : Origin.ANOTHER_INGRESS)
                .orElse(Origin.NOBODY);
    }

    /** Whether this ingress issued it. */
    public boolean isOwn(RequestId id) {
        return id.instance() == instance;
    }

    /** Where an id was issued. */
    public enum Origin {
        THIS_INGRESS,
        ANOTHER_INGRESS,
        /** The id is forged, or signed with another key. */
        NOBODY
    }

    /** The partition of this ingress's replies, out of that many. */
    public int partitionOf(int partitions) {
        return Math.floorMod(instance, partitions);
    }

    /** The partition of the reply to a synchronous call, out of that many: that of the ingress that issued the id. */
    public static int partitionOf(RequestId id, int partitions) {
        return Math.floorMod(id.instance(), partitions);
    }
}
