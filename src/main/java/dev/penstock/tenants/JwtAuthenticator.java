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
 * Authenticates callers by the access tokens (JWT) of an OpenID provider. The provider's keys are fetched when a token first needs them,
 * and again when a token names an unknown key. Checks run on threads of their own because a fetch blocks. Thread-safe.
 */
final class JwtAuthenticator implements Authenticator {
    private static final int THREADS = 4;
    private static final int WAITING = 1000;
    private static final int TIMEOUT_MILLIS = 2000;
    private static final int MOST_KEYS_BYTES = 1 << 20;
    private static final int CLOCK_SKEW_SECONDS = 30;

    /** How long the fetched keys stay valid while the provider is unreachable. */
    private static final long KEPT_WITHOUT_PROVIDER_SECONDS =
            Duration.ofHours(1).toSeconds();

    /** Public-key algorithms only: neither {@code none}, nor HMAC, which would accept a public key as a shared secret. */
    private static final String[] ALGORITHMS = {
        "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"
    };

    private final TenantsFile file;
    private final String claim;
    private final JwtConsumer tokens;
    private final ThreadPoolExecutor threads;

    /** @param claim the claim that names the tenant */
    JwtAuthenticator(TenantsFile file, String issuer, String audience, URI keys, String claim) {
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
    public CompletionStage<Authentication> authenticate(String token) {
        try {
            return CompletableFuture.supplyAsync(() -> caller(token), threads);
        } catch (RejectedExecutionException full) {
            return CompletableFuture.completedFuture(new Authentication.Unavailable(
                    "too many tokens are waiting to be checked (limit " + WAITING + ")"));
        }
    }

    private Authentication caller(String token) {
        try {
            Object named = tokens.processToClaims(token).getClaimValue(claim);
            if (!(named instanceof String name)) {
                return new Authentication.InvalidCredential(
                        "the token must have the claim " + claim + ", and it must be a string");
            }
            Optional<Tenant> tenant = file.tenants().named(name);
            return tenant.<Authentication>map(Authentication.Succeeded::new)
                    .orElseGet(() -> new Authentication.UnknownTenant(
                            "claim " + claim + " of the token names no tenant of this service"));
        } catch (InvalidJwtException invalid) {
            return isProviderAway(invalid)
                    ? new Authentication.Unavailable("the keys of the token issuer are unavailable")
                    : new Authentication.InvalidCredential(reason(invalid));
        } catch (RuntimeException unforeseen) {
            return new Authentication.InvalidCredential("the token cannot be read");
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
            return "the token's audience (aud) is not this service";
        }
        if (invalid.hasErrorCode(ErrorCodes.ISSUER_INVALID) || invalid.hasErrorCode(ErrorCodes.ISSUER_MISSING)) {
            return "the token's issuer (iss) is not trusted";
        }
        return "the token is malformed, has no expiry (exp), is not valid yet (nbf), or is not signed by the issuer's keys";
    }

    @Override
    public void close() {
        threads.shutdownNow();
        file.close();
    }
}
