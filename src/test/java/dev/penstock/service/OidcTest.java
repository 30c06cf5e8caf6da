package dev.penstock.service;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.penstock.samples.DigitsTable;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;
import org.jose4j.jwa.AlgorithmConstraints;
import org.jose4j.jwk.JsonWebKeySet;
import org.jose4j.jwk.RsaJsonWebKey;
import org.jose4j.jwk.RsaJwkGenerator;
import org.jose4j.jws.JsonWebSignature;
import org.jose4j.jwt.JwtClaims;
import org.jose4j.jwt.NumericDate;
import org.jose4j.keys.HmacKey;
import org.jose4j.lang.JoseException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Callers authenticate with tokens of a provider that serves its keys over HTTP. */
@WholeService
@TestProfile(OidcTest.WithTokens.class)
class OidcTest {
    private static final String INFER = "/v2/models/digits/infer";
    private static final String BODY =
            Digits.request(DigitsTable.load().heldOut().getFirst());

    private final Service service = Service.underTest();

    @BeforeEach
    void awaitModel() {
        await().until(() -> get("/v2/models/digits/ready", token(claims -> {})).status() == 200);
    }

    @Test
    void aTokenOfTheIssuerBelongsToItsTenant() {
        Service.Answer answer = service.post(INFER, BODY, "Authorization", "Bearer " + token(claims -> {}));
        assertThat(answer.status()).isEqualTo(200);
        assertThat(get("/v2/models", token(claims -> claims.setStringClaim("tenant", "bert")))
                        .json()
                        .path("models")
                        .toString())
                .isEqualTo("[\"pick\"]");
    }

    @Test
    void rejectsATokenForAnotherAudienceOrIssuer() {
        assertRefused(token(claims -> claims.setAudience("another")), "(aud)");
        assertRefused(token(claims -> claims.unsetClaim("aud")), "(aud)");
        assertRefused(token(claims -> claims.setIssuer("https://another")), "(iss)");
        assertRefused(token(claims -> claims.unsetClaim("iss")), "(iss)");
    }

    @Test
    void rejectsAnExpiredOrNotYetValidToken() {
        NumericDate hourAgo = NumericDate.now();
        hourAgo.addSeconds(-3600);
        NumericDate hourAhead = NumericDate.now();
        hourAhead.addSeconds(3600);
        assertRefused(token(claims -> claims.setExpirationTime(hourAgo)), "expired");
        assertRefused(token(claims -> claims.unsetClaim("exp")), "(exp)");
        assertRefused(token(claims -> claims.setNotBefore(hourAhead)), "(nbf)");
    }

    @Test
    void rejectsATokenThatTheIssuerDidNotSign() throws JoseException {
        RsaJsonWebKey another = RsaJwkGenerator.generateJwk(2048);
        another.setKeyId(WithTokens.KEY.getKeyId());
        assertRefused(signed(claims(), another), "signed");

        JsonWebSignature none = new JsonWebSignature();
        none.setAlgorithmConstraints(AlgorithmConstraints.ALLOW_ONLY_NONE);
        none.setAlgorithmHeaderValue("none");
        none.setPayload(claims().toJson());
        assertRefused(none.getCompactSerialization(), "signed");

        JsonWebSignature publicKeyAsSecret = new JsonWebSignature();
        publicKeyAsSecret.setAlgorithmHeaderValue("HS256");
        publicKeyAsSecret.setKeyIdHeaderValue(WithTokens.KEY.getKeyId());
        publicKeyAsSecret.setKey(new HmacKey(WithTokens.KEY.getRsaPublicKey().getEncoded()));
        publicKeyAsSecret.setPayload(claims().toJson());
        assertRefused(publicKeyAsSecret.getCompactSerialization(), "signed");

        String good = token(claims -> {});
        assertRefused(good.substring(0, good.lastIndexOf('.') + 1), "signed");
        assertRefused("no token", "signed");
    }

    @Test
    void theTenantClaimMustNameAKnownTenant() {
        assertRefused(token(claims -> claims.unsetClaim("tenant")), "must have the claim tenant");
        assertRefused(token(claims -> claims.setClaim("tenant", 7)), "must have the claim tenant");
        ErrorTableTest.assertProblem(
                get("/v2", token(claims -> claims.setStringClaim("tenant", "nobody"))),
                403,
                "tag:penstock.dev,2026:problem/forbidden");
    }

    @Test
    void rejectsAnApiKeyBesideAToken() {
        Service.Answer both =
                service.get("/v2", "Authorization", "Bearer " + token(claims -> {}), "X-API-Key", "the key of anna");
        ErrorTableTest.assertProblem(both, 401, "tag:penstock.dev,2026:problem/unauthenticated");
    }

    private void assertRefused(String token, String reason) {
        Service.Answer answer = service.post(INFER, BODY, "Authorization", "Bearer " + token);
        ErrorTableTest.assertProblem(answer, 401, "tag:penstock.dev,2026:problem/unauthenticated");
        assertThat(answer.json().path("detail").asText()).contains(reason);
        assertThat(answer.header("WWW-Authenticate")).isEqualTo("Bearer realm=\"penstock\", error=\"invalid_token\"");
    }

    private Service.Answer get(String path, String token) {
        return service.get(path, "Authorization", "Bearer " + token);
    }

    private static String token(Consumer<JwtClaims> change) {
        try {
            JwtClaims claims = claims();
            change.accept(claims);
            return signed(claims, WithTokens.KEY);
        } catch (JoseException broken) {
            throw new IllegalStateException(broken);
        }
    }

    private static JwtClaims claims() {
        JwtClaims claims = new JwtClaims();
        claims.setIssuer(WithTokens.ISSUER);
        claims.setAudience("penstock");
        claims.setExpirationTimeMinutesInTheFuture(5);
        claims.setStringClaim("tenant", "anna");
        return claims;
    }

    private static String signed(JwtClaims claims, RsaJsonWebKey key) throws JoseException {
        JsonWebSignature token = new JsonWebSignature();
        token.setAlgorithmHeaderValue("RS256");
        token.setKeyIdHeaderValue(key.getKeyId());
        token.setKey(key.getPrivateKey());
        token.setPayload(claims.toJson());
        return token.getCompactSerialization();
    }

    /** A service that trusts a provider on localhost. */
    public static final class WithTokens implements QuarkusTestProfile {
        static final String ISSUER = "https://issuer.test";
        static final RsaJsonWebKey KEY = key();

        @Override
        public Map<String, String> getConfigOverrides() {
            try {
                HttpServer provider = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
                byte[] keys = new JsonWebKeySet(KEY).toJson().getBytes(UTF_8);
                provider.createContext("/keys", exchange -> {
                    exchange.sendResponseHeaders(200, keys.length);
                    exchange.getResponseBody().write(keys);
                    exchange.close();
                });
                provider.start();
                Path file = Files.createTempDirectory("penstock-tenants").resolve("tenants.yaml");
                Files.writeString(file, "tenants: {anna: {quota: {unlimited: true}}, bert: {models: [pick]}}");
                return Map.of(
                        "penstock.worker.serve",
                        "digits,pick",
                        "penstock.tenants.identity",
                        "oidc",
                        "penstock.tenants.file",
                        file.toString(),
                        "penstock.tenants.oidc.issuer",
                        ISSUER,
                        "penstock.tenants.oidc.audience",
                        "penstock",
                        "penstock.tenants.oidc.jwks-url",
                        "http://127.0.0.1:" + provider.getAddress().getPort() + "/keys");
            } catch (IOException broken) {
                throw new UncheckedIOException(broken);
            }
        }

        private static RsaJsonWebKey key() {
            try {
                RsaJsonWebKey key = RsaJwkGenerator.generateJwk(2048);
                key.setKeyId("first");
                return key;
            } catch (JoseException broken) {
                throw new IllegalStateException(broken);
            }
        }
    }
}
