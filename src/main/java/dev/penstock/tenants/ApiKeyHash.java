package dev.penstock.tenants;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.protocol.Sha256;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.HexFormat;

/**
 * The SHA-256 of an API key. The key itself is never stored. A plain hash is enough because keys are 256 random bits: salts and slow hashes
 * protect guessable secrets only. Compares in constant time.
 */
final class ApiKeyHash {
    private static final int BYTES = 32;

    private final byte[] bytes;

    private ApiKeyHash(byte[] bytes) {
        this.bytes = bytes;
    }

    static ApiKeyHash of(String key) {
        return new ApiKeyHash(sha256(key));
    }

    /** @throws IllegalArgumentException unless the text is a SHA-256 in hexadecimal */
    static ApiKeyHash parse(String hex) {
        if (!hex.matches("[0-9a-fA-F]{64}")) {
            throw new IllegalArgumentException(
                    "must be SHA-256 hashes of 64 hexadecimal digits; ./penstock key prints one");
        }
        return new ApiKeyHash(HexFormat.of().parseHex(hex));
    }

    /** Returns the first 32 bits of the name's SHA-256. */
    static int tagOf(String name) {
        return ByteBuffer.wrap(sha256(name)).getInt();
    }

    private static byte[] sha256(String text) {
        return Sha256.hash(text.getBytes(UTF_8));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ApiKeyHash hash && MessageDigest.isEqual(bytes, hash.bytes);
    }

    @Override
    public int hashCode() {
        return ByteBuffer.wrap(bytes, BYTES - Integer.BYTES, Integer.BYTES).getInt();
    }
}
