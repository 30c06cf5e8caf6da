package dev.penstock.tenants;

import dev.penstock.protocol.Lane;
import java.util.Optional;
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
        String name, int tag, Optional<Set<String>> models, Set<Lane> lanes, Optional<Quota> quota, int weight) {}
