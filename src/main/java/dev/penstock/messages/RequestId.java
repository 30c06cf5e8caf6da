package dev.penstock.messages;

import java.time.Instant;

/**
 * The id that Penstock issues to an accepted request. {@link RequestIds} signs it, so forged ids are detected without a lookup. The id
 * itself carries its issue time, timeout, tenant, and the instance that waits for the reply.
 *
 * @param timeoutMillis from issue to deadline
 * @param tenantTag a hash of the tenant's name; an id is valid for its own tenant only
 * @param text the encoded id: 43 characters, safe in URLs and headers
 */
public record RequestId(long issuedMillis, long timeoutMillis, int tenantTag, int instance, int sequence, String text) {

    public Instant issuedAt() {
        return Instant.ofEpochMilli(issuedMillis);
    }

    public long deadlineMillis() {
        return issuedMillis + timeoutMillis;
    }

    public Instant deadline() {
        return Instant.ofEpochMilli(deadlineMillis());
    }

    @Override
    public String toString() {
        return text;
    }
}
