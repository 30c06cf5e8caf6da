package dev.penstock.tenants;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** Tells whom a credential belongs to. Thread-safe. */
public interface Identity extends AutoCloseable {
    /** Never fails; complete at once unless something has to be asked first. */
    CompletionStage<Caller> of(String credential);

    /** Empty when nobody is asked who calls. */
    static Optional<Identity> of(TenantsConfig config, MeterRegistry registry) {
        return switch (config.identity()) {
            case OFF -> Optional.empty();
            case API_KEY -> Optional.of(new ApiKeys(tenants(config, registry)));
        };
    }

    private static TenantsFile tenants(TenantsConfig config, MeterRegistry registry) {
        Path path = config.file()
                .orElseThrow(() -> new IllegalStateException(
                        "penstock.tenants.file must name the tenants' file, since penstock.tenants.identity is "
                                + config.identity()));
        TenantsFile file = TenantsFile.open(path, config.reloadInterval());
        Gauge.builder("inference.tenants.file.broken", () -> file.isBroken() ? 1 : 0)
                .description("1 while the tenants file is broken or gone, and what it said before goes on")
                .register(registry);
        return file;
    }

    @Override
    void close();
}
