package dev.penstock.ingress;

import dev.penstock.tenants.Identity;
import dev.penstock.tenants.Tenant;
import dev.penstock.tenants.TenantsConfig;
import dev.penstock.tenants.quota.Quota;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;

/**
 * How callers are authenticated.
 *
 * @param identity empty when all callers are the anonymous tenant
 */
public record Authentication(Optional<Identity> identity, Tenant anonymous) implements AutoCloseable {
    /**
     * Starts what the configuration asks for.
     *
     * @param anonymousQuota what all callers together may use while identity is off
     * @param host the address on which the service listens
     * @param listens false in a process that takes no calls; then nothing is started
     * @throws IllegalStateException when the configuration would let everybody in by mistake, or is incomplete
     */
    static Authentication start(
            TenantsConfig config,
            Optional<Quota> anonymousQuota,
            MeterRegistry registry,
            String host,
            boolean listens) {
        if (listens && config.identity() == TenantsConfig.Identity.OFF) {
            requirePrivate(config, host);
        }
        return new Authentication(
                listens ? Identity.of(config, registry) : Optional.empty(), Tenant.anybody(anonymousQuota));
    }

    private static void requirePrivate(TenantsConfig config, String host) {
        if (!config.allowAnonymous() && !isLoopback(host)) {
            throw new IllegalStateException(
                    "penstock.tenants.identity must be api-key or oidc when other machines can call, was off, and "
                            + "quarkus.http.host is " + host
                            + ". To allow every caller everything, for example behind a proxy that authenticates,"
                            + " set penstock.tenants.allow-anonymous=true");
        }
    }

    private static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException unknown) {
            return false;
        }
    }

    @Override
    public void close() {
        identity.ifPresent(Identity::close);
    }
}
