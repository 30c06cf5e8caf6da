package dev.penstock.tenants;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** Who may call. */
@ConfigMapping(prefix = "penstock.tenants")
public interface TenantsConfig {
    /** How callers say who they are. {@code off} lets everybody do everything, and is refused where others than this machine can call. */
    @WithDefault("off")
    Identity identity();

    /**
     * Lets {@code off} stand although others than this machine can call. For where something before this service lets in only whom it
     * knows.
     */
    @WithDefault("false")
    boolean allowAnonymous();

    /** The tenants: a YAML file, see docs/security.md. Needed unless identity is off. */
    Optional<Path> file();

    /** How often the file is looked at for changes. Rarer, and a key that was taken back works longer. */
    @WithDefault("5s")
    Duration reloadInterval();

    Oidc oidc();

    /** How callers say who they are. */
    enum Identity {
        OFF,
        API_KEY,
        OIDC
    }

    /** Whose tokens are trusted; needed where identity is oidc. */
    interface Oidc {
        /** The tokens' {@code iss}. */
        Optional<String> issuer();

        /** Must be among the tokens' {@code aud}: this service's name at the issuer. */
        Optional<String> audience();

        /** Where the issuer's keys are: https, or http on this machine. */
        Optional<URI> jwksUrl();

        /** The claim that names the tenant. */
        @WithDefault("tenant")
        String tenantClaim();
    }
}
