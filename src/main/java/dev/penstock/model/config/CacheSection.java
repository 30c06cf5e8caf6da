package dev.penstock.model.config;

import dev.penstock.model.ModelRefusedException;
import java.time.Duration;
import java.util.Optional;

/**
 * The section {@code cache} of model.yaml: the model gives equal inputs equal outputs, so that an answer may be given again.
 *
 * @param ttl {@code ttl}: the age at which an answer is forgotten
 * @param bytes {@code size}: that a worker keeps, in bytes with all that belongs to an answer
 * @param isShared {@code across_tenants}: whether a tenant may get an answer that another one's call has made. How long a call takes then
 *     tells one tenant what another asks
 */
public record CacheSection(Duration ttl, long bytes, boolean isShared) {

    static Optional<CacheSection> read(YamlSection yaml) throws ModelRefusedException {
        if (yaml.keys().isEmpty()) {
            return Optional.empty();
        }
        CacheSection section = new CacheSection(
                yaml.duration("ttl", Duration.ofMillis(1), Duration.ofDays(7))
                        .orElseThrow(() -> yaml.refused("ttl", "must say how old an answer may be", "absent")),
                yaml.bytes("size", 1, 1L << 40).orElse(100L << 20),
                yaml.flag("across_tenants", false));
        yaml.refuseUnknownKeys();
        return Optional.of(section);
    }
}
