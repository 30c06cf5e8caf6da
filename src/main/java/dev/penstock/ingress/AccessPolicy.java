package dev.penstock.ingress;

import dev.penstock.tenants.Authenticator;
import dev.penstock.tenants.Tenant;
import dev.penstock.tenants.TenantsConfig;
import dev.penstock.tenants.quota.Quota;
import dev.penstock.threads.Faults;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.configuration.ConfigurationException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;

/**
 * Whether callers must authenticate, and with what.
 *
 * @param authenticator empty when all callers are the anonymous tenant
 */
public record AccessPolicy(Optional<Authenticator> authenticator, Tenant anonymous) implements AutoCloseable {
    /**
     * Starts what the configuration asks for.
     *
     * @param anonymousQuota what all callers together may use while identity is off
     * @param faults hears when the thread that reads the tenants file fails
     * @param host the address on which the service listens
     * @param listens false in a process that takes no calls; then nothing is started
     * @throws ConfigurationException when the configuration would let everybody in by mistake, or is incomplete
     */
    static AccessPolicy start(
            TenantsConfig config,
            Optional<Quota> anonymousQuota,
            MeterRegistry registry,
            Faults faults,
            String host,
            boolean listens) {
        if (listens && config.identity() == TenantsConfig.Identity.OFF) {
            requirePrivate(config, host);
        }
        return new AccessPolicy(
                listens ? Authenticator.of(config, registry, faults) : Optional.empty(),
                Tenant.anonymous(anonymousQuota));
    }

    private static void requirePrivate(TenantsConfig config, String host) {
        if (!config.allowAnonymous() && !isLoopback(host)) {
            throw new ConfigurationException(
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
        authenticator.ifPresent(Authenticator::close);
    }
}
