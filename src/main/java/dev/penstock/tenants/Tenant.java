package dev.penstock.tenants;

import dev.penstock.protocol.Lane;
import dev.penstock.tenants.quota.Quota;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Whom a request is from.
 *
 * @param tag in the ids of its requests, so that they are its alone
 * @param models that it may use; all when empty
 * @param lanes that it may use
 * @param quota unlimited when empty
 * @param weight of its share when not everybody can be served
 */
public record Tenant(
        String name, int tag, Optional<Set<String>> models, Set<Lane> lanes, Optional<Quota> quota, int weight) {
    static final int TAG_OF_ANYBODY = 0;

    /** All callers together, where nobody says who asks. */
    public static Tenant anybody(Optional<Quota> quota) {
        return new Tenant("", TAG_OF_ANYBODY, Optional.empty(), Set.of(Lane.values()), quota, 1);
    }

    /** How many of its requests may be open at once. */
    public OptionalInt openRequests() {
        return quota.map(Quota::openRequests).orElse(OptionalInt.empty());
    }

    public boolean mayUse(String model) {
        return models.isEmpty() || models.get().contains(model);
    }
}
