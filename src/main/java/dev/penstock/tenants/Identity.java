package dev.penstock.tenants;

import dev.penstock.threads.Fault;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.URI;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/** Tells whom a credential belongs to. Thread-safe. */
public interface Identity extends AutoCloseable {
    /** Never fails; complete at once unless something has to be asked first. */
    CompletionStage<Caller> of(String credential);

    /** Empty when nobody is asked who calls. */
    static Optional<Identity> of(TenantsConfig config, MeterRegistry registry, Consumer<? super Fault> faults) {
        return switch (config.identity()) {
            case OFF -> Optional.empty();
            case API_KEY -> Optional.of(new ApiKeys(tenants(config, registry, faults)));
            case OIDC -> {
                String issuer = required("issuer", config.oidc().issuer());
                String audience = required("audience", config.oidc().audience());
                URI keys = keys(required("jwks-url", config.oidc().jwksUrl()));
                yield Optional.of(new Tokens(
                        tenants(config, registry, faults),
                        issuer,
                        audience,
                        keys,
                        config.oidc().tenantClaim()));
            }
        };
    }

    private static <T> T required(String key, Optional<T> value) {
        return value.orElseThrow(() -> new IllegalStateException(
                "penstock.tenants.oidc." + key + " must be given, since penstock.tenants.identity is oidc"));
    }

    /** Whoever can change the keys on their way can be any tenant. */
    private static URI keys(URI location) {
        String host = location.getHost();
        boolean here = "127.0.0.1".equals(host) || "[::1]".equals(host) || "localhost".equals(host);
        if ("https".equals(location.getScheme()) || ("http".equals(location.getScheme()) && here)) {
            return location;
        }
        throw new IllegalStateException(
                "penstock.tenants.oidc.jwks-url must be https, or http on this machine, was " + location);
    }

    private static TenantsFile tenants(TenantsConfig config, MeterRegistry registry, Consumer<? super Fault> faults) {
        Path path = config.file()
                .orElseThrow(() -> new IllegalStateException(
                        "penstock.tenants.file must name the tenants' file, since penstock.tenants.identity is "
                                + config.identity()
                                        .name()
                                        .toLowerCase(Locale.ROOT)
                                        .replace('_', '-')));
        TenantsFile file = TenantsFile.open(path, config.reloadInterval(), faults);
        Gauge.builder("inference.tenants.file.broken", () -> file.isBroken() ? 1 : 0)
                .description("1 while the tenants file is broken or gone, and what it said before goes on")
                .register(registry);
        return file;
    }

    @Override
    void close();
}
