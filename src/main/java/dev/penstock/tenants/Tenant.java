package dev.penstock.tenants;

import dev.penstock.protocol.Lane;
import dev.penstock.tenants.quota.Quota;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * A tenant: the owner of requests.
 *
 * @param tag marks the ids of the tenant's requests, so that no other tenant can read them
 * @param models the models that the tenant may use; empty for all
 * @param lanes the lanes that the tenant may use
 * @param quota empty for unlimited
 * @param weight the tenant's share under overload, relative to other tenants
 */
public record Tenant(
        String name, int tag, Optional<Set<String>> models, Set<Lane> lanes, Optional<Quota> quota, int weight) {
    static final int ANONYMOUS_TAG = 0;

    /** The single tenant that stands for all callers while identity is off. */
    public static Tenant anonymous(Optional<Quota> quota) {
        return new Tenant("", ANONYMOUS_TAG, Optional.empty(), Set.of(Lane.values()), quota, 1);
    }

    /** The limit of open requests; empty for unlimited. */
    public OptionalInt openRequests() {
        return quota.map(Quota::openRequests).orElse(OptionalInt.empty());
    }

    public boolean mayUse(String model) {
        return models.isEmpty() || models.get().contains(model);
    }
}
