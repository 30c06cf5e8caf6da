package dev.penstock.tenants;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jose4j.http.Get;
import org.jose4j.jwa.AlgorithmConstraints.ConstraintType;
import org.jose4j.jwk.HttpsJwks;
import org.jose4j.jwt.consumer.ErrorCodes;
import org.jose4j.jwt.consumer.InvalidJwtException;
import org.jose4j.jwt.consumer.JwtConsumer;
import org.jose4j.jwt.consumer.JwtConsumerBuilder;
import org.jose4j.keys.resolvers.HttpsJwksVerificationKeyResolver;

/**
 * Identifies callers by the tokens (JWT) of an OpenID provider. The provider's keys are fetched when a token first needs them, and again
 * when a token names a new key. That can block, so tokens are checked on a pool of threads. Thread-safe.
 */
final class Tokens implements Identity {
    private static final int THREADS = 4;
    private static final int WAITING = 1000;
    private static final int TIMEOUT_MILLIS = 2000;
    private static final int MOST_KEYS_BYTES = 1 << 20;
    private static final int CLOCK_SKEW_SECONDS = 30;

    /** Known keys stay valid this long while the provider does not answer. */
    private static final long KEPT_WITHOUT_PROVIDER_SECONDS =
            Duration.ofHours(1).toSeconds();

    /** Signatures that a public key can check. {@code none} is not among them, nor is one that uses a shared secret. */
    private static final String[] ALGORITHMS = {
        "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"
    };

    private final TenantsFile file;
    private final String claim;
    private final JwtConsumer tokens;
    private final ThreadPoolExecutor threads;

    /** @param claim the claim that names the tenant */
    Tokens(TenantsFile file, String issuer, String audience, URI keys, String claim) {
        this.file = file;
        this.claim = claim;
        this.tokens = new JwtConsumerBuilder()
                .setJwsAlgorithmConstraints(ConstraintType.PERMIT, ALGORITHMS)
                .setVerificationKeyResolver(new HttpsJwksVerificationKeyResolver(keys(keys)))
                .setExpectedIssuer(true, issuer)
                .setExpectedAudience(true, audience)
                .setRequireExpirationTime()
                .setAllowedClockSkewInSeconds(CLOCK_SKEW_SECONDS)
                .build();
        this.threads = new ThreadPoolExecutor(
                THREADS,
                THREADS,
                30,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(WAITING),
                task -> Thread.ofPlatform().name("penstock-tokens").daemon().unstarted(task));
        threads.allowCoreThreadTimeOut(true);
    }

    private static HttpsJwks keys(URI location) {
        Get http = new Get();
        http.setConnectTimeout(TIMEOUT_MILLIS);
        http.setReadTimeout(TIMEOUT_MILLIS);
        http.setRetries(0);
        http.setResponseBodySizeLimit(MOST_KEYS_BYTES);
        HttpsJwks keys = new HttpsJwks(location.toString());
        keys.setSimpleHttpGet(http);
        keys.setRetainCacheOnErrorDuration(KEPT_WITHOUT_PROVIDER_SECONDS);
        return keys;
    }

    @Override
    public CompletionStage<Caller> of(String token) {
        try {
            return CompletableFuture.supplyAsync(() -> caller(token), threads);
        } catch (RejectedExecutionException full) {
            return CompletableFuture.completedFuture(
                    new Caller.Undecided("too many tokens are waiting to be checked (limit " + WAITING + ")"));
        }
    }

    private Caller caller(String token) {
        try {
            Object named = tokens.processToClaims(token).getClaimValue(claim);
            if (!(named instanceof String name)) {
                return new Caller.Unknown("the token must have the claim " + claim + ", a string");
            }
            Optional<Tenant> tenant = file.tenants().named(name);
            return tenant.<Caller>map(Caller.Known::new)
                    .orElseGet(() -> new Caller.Stranger("the token's " + claim + " names no tenant of this service"));
        } catch (InvalidJwtException invalid) {
            return isProviderAway(invalid)
                    ? new Caller.Undecided("the keys of the token issuer are unavailable")
                    : new Caller.Unknown(reason(invalid));
        } catch (RuntimeException unforeseen) {
            return new Caller.Unknown("the token cannot be read");
        }
    }

    private static boolean isProviderAway(Throwable failure) {
        return Stream.iterate(failure, Objects::nonNull, Throwable::getCause).anyMatch(IOException.class::isInstance);
    }

    private static String reason(InvalidJwtException invalid) {
        if (invalid.hasExpired()) {
            return "the token has expired";
        }
        if (invalid.hasErrorCode(ErrorCodes.AUDIENCE_INVALID) || invalid.hasErrorCode(ErrorCodes.AUDIENCE_MISSING)) {
            return "the token is not for this service (aud)";
        }
        if (invalid.hasErrorCode(ErrorCodes.ISSUER_INVALID) || invalid.hasErrorCode(ErrorCodes.ISSUER_MISSING)) {
            return "the token is not from the issuer that is trusted here (iss)";
        }
        return "the token is not signed by the issuer's keys, or breaks a rule";
    }

    @Override
    public void close() {
        threads.shutdownNow();
        file.close();
    }
}
