package dev.penstock.protocol;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 (FIPS 180-4). Every Java platform must provide it, so no caller handles its absence. */
public final class Sha256 {
    private Sha256() {}

    /** A new digest, for input in several parts. Confined to one thread. */
    public static MessageDigest newDigest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform provides SHA-256", e);
        }
    }

    /** The hash as 32 bytes. */
    public static byte[] hash(byte[] input) {
        return newDigest().digest(input);
    }

    /** The hash as 64 lower-case hex digits. */
    public static String hex(byte[] input) {
        return HexFormat.of().formatHex(hash(input));
    }

    /** The hash of the remaining bytes as 64 lower-case hex digits. The position of the buffer is left unchanged. */
    public static String hex(ByteBuffer input) {
        MessageDigest digest = newDigest();
        digest.update(input.duplicate());
        return HexFormat.of().formatHex(digest.digest());
    }
}
