package dev.penstock.features.cache;

import dev.penstock.features.vector.EntityKey;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.CompletionStage;

/** The cache of one view that all workers share. A failed read is harmless: the caller asks the source next. */
public interface SharedCache {

    /** Reads all entities in one round trip. The result omits missing and invalid entries. Fails when the cache is unreachable. */
    CompletionStage<Map<EntityKey, CacheEntry>> read(Collection<EntityKey> entities);

    /** Writes entries; an older entry never replaces a newer one. Fails, and counts an error per entry, when a write may be lost. */
    CompletionStage<?> write(Map<EntityKey, CacheEntry> held);
}
