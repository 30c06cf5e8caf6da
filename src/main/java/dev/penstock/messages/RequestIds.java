package dev.penstock.messages;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Issues and verifies request ids. An id is 32 bytes in base64url: issue time (48 bits, epoch ms), timeout (32 bits, ms), tenant tag,
 * instance and sequence (32 bits each), and the first 80 bits of the HMAC-SHA256 of these fields. Thread-safe.
 */
public final class RequestIds {
    private static final String ALGORITHM = "HmacSHA256";
    private static final int MIN_KEY_BYTES = 16;
    private static final int BYTES = 32;
    private static final int TENANT_OFFSET = Short.BYTES + 2 * Integer.BYTES;
    private static final int SIGNED_BYTES = 22;
    private static final int TEXT_LENGTH = 43;
    private static final long MAX_MILLIS = (1L << 48) - 1;
    private static final long MAX_TIMEOUT_MILLIS = (1L << 32) - 1;

    private final ThreadLocal<Mac> mac;

    /** @param key the secret that all instances share, at least 16 bytes */
    public RequestIds(byte[] key) {
        if (key.length < MIN_KEY_BYTES) {
            throw new IllegalArgumentException("key must have " + MIN_KEY_BYTES + " bytes or more, had " + key.length);
        }
        SecretKeySpec secret = new SecretKeySpec(key, ALGORITHM);
        this.mac = ThreadLocal.withInitial(() -> macOf(secret));
    }

    /** @param timeoutMillis from issue to deadline, at most 49 days */
    public RequestId issue(long nowMillis, long timeoutMillis, int tenantTag, int instance, int sequence) {
        requireInRange("nowMillis", nowMillis, MAX_MILLIS);
        requireInRange("timeoutMillis", timeoutMillis, MAX_TIMEOUT_MILLIS);
        ByteBuffer id = ByteBuffer.allocate(BYTES)
                .putShort((short) (nowMillis >>> 32))
                .putInt((int) nowMillis)
                .putInt((int) timeoutMillis)
                .putInt(tenantTag)
                .putInt(instance)
                .putInt(sequence);
        id.put(tag(id.array()));
        String text = Base64.getUrlEncoder().withoutPadding().encodeToString(id.array());
        return new RequestId(nowMillis, timeoutMillis, tenantTag, instance, sequence, text);
    }

    /** Decodes an id. Empty if the text is not an id issued with this key. */
    public Optional<RequestId> verify(String text) {
        if (text.length() != TEXT_LENGTH) {
            return Optional.empty();
        }
        byte[] id;
        try {
            id = Base64.getUrlDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
        if (id.length != BYTES
                || !MessageDigest.isEqual(tag(id), Arrays.copyOfRange(id, SIGNED_BYTES, BYTES))
                || !isCanonical(text)) {
            return Optional.empty();
        }
        ByteBuffer fields = ByteBuffer.wrap(id);
        long issuedMillis = issuedMillis(fields);
        long timeoutMillis = Integer.toUnsignedLong(fields.getInt());
        return Optional.of(
                new RequestId(issuedMillis, timeoutMillis, fields.getInt(), fields.getInt(), fields.getInt(), text));
    }

    /** The time of issue that an id carries, unverified: for measuring, not for deciding. Empty for other systems' ids. */
    public static OptionalLong issuedMillis(CorrelationId id) {
        if (id.bytes().length != TEXT_LENGTH) {
            return OptionalLong.empty();
        }
        try {
            return OptionalLong.of(
                    issuedMillis(ByteBuffer.wrap(Base64.getUrlDecoder().decode(id.bytes()))));
        } catch (IllegalArgumentException notOurs) {
            return OptionalLong.empty();
        }
    }

    /** The tag of the tenant that an id carries, unverified. Empty for other systems' ids. */
    public static OptionalInt tenantTag(CorrelationId id) {
        if (id.bytes().length != TEXT_LENGTH) {
            return OptionalInt.empty();
        }
        try {
            return OptionalInt.of(
                    ByteBuffer.wrap(Base64.getUrlDecoder().decode(id.bytes())).getInt(TENANT_OFFSET));
        } catch (IllegalArgumentException notOurs) {
            return OptionalInt.empty();
        }
    }

    private static long issuedMillis(ByteBuffer fields) {
        return Short.toUnsignedLong(fields.getShort()) << 32 | Integer.toUnsignedLong(fields.getInt());
    }

    /** 43 characters carry two bits more than 32 bytes. These bits must be zero, so that each id has exactly one text. */
    private static boolean isCanonical(String text) {
        return "AEIMQUYcgkosw048".indexOf(text.charAt(TEXT_LENGTH - 1)) >= 0;
    }

    private byte[] tag(byte[] id) {
        Mac mac = this.mac.get();
        mac.update(id, 0, SIGNED_BYTES);
        return Arrays.copyOf(mac.doFinal(), BYTES - SIGNED_BYTES);
    }

    private static Mac macOf(SecretKeySpec key) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            return mac;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java runtime has " + ALGORITHM, e);
        }
    }

    private static void requireInRange(String name, long value, long max) {
        if (value < 0 || value > max) {
            throw new IllegalArgumentException(name + " must be in 0.." + max + ", was " + value);
        }
    }
}
