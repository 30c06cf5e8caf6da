package dev.penstock.tenants;

import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** Tells whom a credential belongs to. Thread-safe. */
public interface Identity extends AutoCloseable {
    /** Never fails; complete at once unless something has to be asked first. */
    CompletionStage<Caller> of(String credential);

    /** Empty when nobody is asked who calls. */
    static Optional<Identity> of(TenantsConfig config) {
        return switch (config.identity()) {
            case OFF -> Optional.empty();
            case API_KEY -> Optional.of(new ApiKeys(tenants(config)));
        };
    }

    private static TenantsFile tenants(TenantsConfig config) {
        return TenantsFile.open(
                config.file()
                        .orElseThrow(() -> new IllegalStateException(
                                "penstock.tenants.file must name the tenants' file, since penstock.tenants.identity is "
                                        + config.identity())),
                config.reloadInterval());
    }

    @Override
    void close();
}
