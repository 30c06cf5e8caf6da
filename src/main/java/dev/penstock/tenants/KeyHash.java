package dev.penstock.tenants;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.protocol.Sha256;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.HexFormat;

/**
 * The SHA-256 of an API key, which is all that is kept of it. A plain hash, since keys are 256 random bits: nobody can try them all, which
 * is what salts and slow hashes are against. Compares in constant time, whatever is presented.
 */
final class KeyHash {
    private static final int BYTES = 32;

    private final byte[] bytes;

    private KeyHash(byte[] bytes) {
        this.bytes = bytes;
    }

    static KeyHash of(String key) {
        return new KeyHash(sha256(key));
    }

    /** @throws IllegalArgumentException when this is no SHA-256 in hex */
    static KeyHash parse(String hex) {
        if (!hex.matches("[0-9a-fA-F]{64}")) {
            throw new IllegalArgumentException("must be a SHA-256 as 64 hexadecimal digits; ./penstock key prints one");
        }
        return new KeyHash(HexFormat.of().parseHex(hex));
    }

    /** The first 32 bits of a name's hash. */
    static int tagOf(String name) {
        return ByteBuffer.wrap(sha256(name)).getInt();
    }

    private static byte[] sha256(String text) {
        return Sha256.hash(text.getBytes(UTF_8));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof KeyHash hash && MessageDigest.isEqual(bytes, hash.bytes);
    }

    @Override
    public int hashCode() {
        return ByteBuffer.wrap(bytes, BYTES - Integer.BYTES, Integer.BYTES).getInt();
    }
}
