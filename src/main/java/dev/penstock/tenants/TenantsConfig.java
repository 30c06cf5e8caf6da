package dev.penstock.tenants;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Size;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;

/** Tenants: who can call, and how callers identify themselves. See docs/security.md. */
@ConfigMapping(prefix = "penstock.tenants")
public interface TenantsConfig {
    /**
     * How callers identify themselves. {@code off} allows everything to everybody. An ingress that other machines can reach refuses to
     * start with it, unless {@code penstock.tenants.allow-anonymous} is set.
     */
    @WithDefault("off")
    Identity identity();

    /**
     * Accepts {@code penstock.tenants.identity=off} although other machines can reach the ingress. Set it only where a proxy in front of
     * the service identifies callers.
     */
    @WithDefault("false")
    boolean allowAnonymous();

    /** YAML file of the tenants, with their models, weights and quotas. Required unless identity is {@code off}. */
    Optional<Path> file();

    /**
     * How often the ingress checks the file for changes. With a longer interval a revoked key works longer. A shorter one costs a read of
     * the file each time.
     */
    @WithDefault("5s")
    @DurationMin(millis = 10)
    @DurationMax(hours = 1)
    Duration reloadInterval();

    Oidc oidc();

    /** How callers identify themselves. */
    enum Identity {
        OFF,
        API_KEY,
        OIDC
    }

    /** OpenID Connect provider whose tokens are trusted. Used where {@code penstock.tenants.identity} is {@code oidc}. */
    interface Oidc {
        /** Issuer of the tokens, their {@code iss} claim. Required. */
        Optional<@Size(min = 1, max = 2048) String> issuer();

        /** Name of this service at the issuer. It must be among the {@code aud} claims of a token. Required. */
        Optional<@Size(min = 1, max = 2048) String> audience();

        /** Where the issuer publishes its keys. Required. Must be https, or http on this machine, so that nobody can replace the keys. */
        Optional<URI> jwksUrl();

        /** Claim that names the tenant. */
        @WithDefault("tenant")
        @NotBlank @Size(max = 255) String tenantClaim();
    }
}
