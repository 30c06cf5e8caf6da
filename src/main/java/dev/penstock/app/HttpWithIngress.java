package dev.penstock.app;

import io.smallrye.config.ConfigSourceContext;
import io.smallrye.config.ConfigSourceFactory;
import io.smallrye.config.ConfigValue;
import io.smallrye.config.PropertiesConfigSource;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.eclipse.microprofile.config.spi.ConfigSource;

/** A process without the ingress role opens no HTTP port but the management port. */
public final class HttpWithIngress implements ConfigSourceFactory {
    private static final int BELOW_EVERYTHING = 50;

    @Override
    public Iterable<ConfigSource> getConfigSources(ConfigSourceContext context) {
        ConfigValue roles = context.getValue("penstock.roles");
        if (roles == null
                || roles.getValue() == null
                || roles.getValue().toLowerCase(Locale.ROOT).contains("ingress")) {
            return List.of();
        }
        return List.of(new PropertiesConfigSource(
                Map.of("quarkus.http.host-enabled", "false"), "penstock.roles without ingress", BELOW_EVERYTHING));
    }
}
