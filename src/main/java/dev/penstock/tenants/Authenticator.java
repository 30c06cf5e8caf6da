package dev.penstock.tenants;

import dev.penstock.threads.Fault;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.configuration.ConfigurationException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/** Authenticates callers: finds the tenant that a credential belongs to. Thread-safe. */
public interface Authenticator extends AutoCloseable {
    /** Returns the caller; never fails. Completes at once unless the provider's keys must be fetched first. */
    CompletionStage<Authentication> authenticate(String credential);

    /** Empty when {@code penstock.tenants.identity} is {@code off}. */
    static Optional<Authenticator> of(TenantsConfig config, MeterRegistry registry, Consumer<? super Fault> faults) {
        return switch (config.identity()) {
            case OFF -> Optional.empty();
            case API_KEY -> Optional.of(new ApiKeyAuthenticator(tenants(config, registry, faults)));
            case OIDC -> {
                String issuer = required("issuer", config.oidc().issuer());
                String audience = required("audience", config.oidc().audience());
                URI keys = keys(required("jwks-url", config.oidc().jwksUrl()));
                yield Optional.of(new JwtAuthenticator(
                        tenants(config, registry, faults),
                        issuer,
                        audience,
                        keys,
                        config.oidc().tenantClaim()));
            }
        };
    }

    private static <T> T required(String key, Optional<T> value) {
        return value.orElseThrow(() -> new ConfigurationException(
                "penstock.tenants.oidc." + key + " must be set when penstock.tenants.identity is oidc"));
    }

    /** Requires https, except on loopback: an attacker who can modify the keys in transit can pose as any tenant. */
    private static URI keys(URI location) {
        String host = location.getHost();
        boolean here = "127.0.0.1".equals(host) || "[::1]".equals(host) || "localhost".equals(host);
        if ("https".equals(location.getScheme()) || ("http".equals(location.getScheme()) && here)) {
            return location;
        }
        throw new ConfigurationException(
                "penstock.tenants.oidc.jwks-url must be an https URL, or http on localhost, was " + location);
    }

    private static TenantsFile tenants(TenantsConfig config, MeterRegistry registry, Consumer<? super Fault> faults) {
        Path path = config.file()
                .orElseThrow(() -> new ConfigurationException(
                        "penstock.tenants.file must be set when penstock.tenants.identity is "
                                + config.identity()
                                        .name()
                                        .toLowerCase(Locale.ROOT)
                                        .replace('_', '-')));
        TenantsFile file = TenantsFile.open(path, config.reloadInterval(), faults);
        Gauge.builder("inference.tenants.file.broken", () -> file.isBroken() ? 1 : 0)
                .description(
                        "1 while the tenants file is unreadable or invalid and its last valid version stays in force")
                .register(registry);
        return file;
    }

    @Override
    void close();
}
