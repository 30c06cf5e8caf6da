package dev.penstock.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;

/** An API key of 256 random bits, so that a plain hash keeps it secret. */
record NewKey(String key, String hash) {
    private static final int BYTES = 32;

    static NewKey random() {
        byte[] bits = new byte[BYTES];
        new SecureRandom().nextBytes(bits);
        String key = "penstock_" + Base64.getUrlEncoder().withoutPadding().encodeToString(bits);
        return new NewKey(key, sha256(key));
    }

    int print() {
        System.out.printf("key   %s%nhash  %s%n", key, hash);
        System.err.println(
                "Give the key to the tenant: it is stored nowhere. Add the hash to the tenant's keys in the tenants file.");
        return ExitCode.OK.code();
    }

    private static String sha256(String text) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8)));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java runtime has SHA-256", impossible);
        }
    }
}
