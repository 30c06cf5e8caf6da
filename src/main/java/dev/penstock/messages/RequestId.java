package dev.penstock.messages;

import java.time.Instant;

/**
 * The id that Penstock gives an accepted request, signed by {@link RequestIds}: whoever has the key can tell it from a forged one,
 * and knows when it was issued, until when it is worth an answer, whose it is, and which instance waits for it.
 *
 * @param tenantTag a hash of the tenant's name, so that ids do not work for others
 * @param text what travels: 43 characters, safe in URLs and headers
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
