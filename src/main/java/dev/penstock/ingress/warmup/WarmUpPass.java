package dev.penstock.ingress.warmup;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.penstock.messages.WarmUpModels;
import dev.penstock.protocol.Lane;
import dev.penstock.tenants.Tenant;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The credential of the calls that an ingress makes to itself, and their tenant. Both exist in this process alone; the tenant may use the
 * model of the warm-up and no other, and has no quota. The credential is valid while the warm-up goes on. Thread-safe.
 */
public final class WarmUpPass {
    /** The header that has the credential. */
    public static final String HEADER = "Penstock-Warm-Up";

    private static final int SECRET_BYTES = 16;

    private final String secret;
    private final Tenant tenant;
    private volatile boolean isValid;

    public WarmUpPass() {
        SecureRandom random = new SecureRandom();
        byte[] bytes = new byte[SECRET_BYTES];
        random.nextBytes(bytes);
        this.secret = HexFormat.of().formatHex(bytes);
        this.tenant = new Tenant(
                WarmUpModels.OF_INGRESS,
                random.nextInt(),
                Optional.of(Set.of(WarmUpModels.OF_INGRESS)),
                Set.of(Lane.values()),
                Optional.empty(),
                1);
    }

    public boolean isValid() {
        return isValid;
    }

    /** The tenant of a call with that credential; empty for the calls of others. */
    public Optional<Tenant> tenant(@Nullable String credential) {
        boolean isOurs = isValid
                && credential != null
                && MessageDigest.isEqual(secret.getBytes(US_ASCII), credential.getBytes(US_ASCII));
        return isOurs ? Optional.of(tenant) : Optional.empty();
    }

    public Tenant tenant() {
        return tenant;
    }

    String secret() {
        return secret;
    }

    void valid(boolean from) {
        isValid = from;
    }
}
