package dev.penstock.tenants;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** All tenants, by API key and by name. */
public final class Tenants {
    private final Map<ApiKeyHash, Tenant> byKey;
    private final Map<String, Tenant> byName;

    /** @throws InvalidTenantsException when two tenants have the same tag */
    Tenants(Collection<Tenant> tenants, Map<ApiKeyHash, Tenant> byKey) throws InvalidTenantsException {
        this.byKey = Map.copyOf(byKey);
        this.byName = new HashMap<>();
        Map<Integer, String> byTag = new HashMap<>();
        byTag.put(Tenant.ANONYMOUS_TAG, "anonymous callers");
        for (Tenant tenant : tenants) {
            String other = byTag.putIfAbsent(tenant.tag(), tenant.name());
            if (other != null) {
                throw new InvalidTenantsException(
                        "tenants." + tenant.name(),
                        "must have a name whose hash is unique in its first 32 bits, which mark the tenant's requests."
                                + " They equal those of " + other + ". Change one of the names");
            }
            byName.put(tenant.name(), tenant);
        }
    }

    Optional<Tenant> withKey(String key) {
        return Optional.ofNullable(byKey.get(ApiKeyHash.of(key)));
    }

    Optional<Tenant> named(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    int size() {
        return byName.size();
    }
}
