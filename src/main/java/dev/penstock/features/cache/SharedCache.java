package dev.penstock.features.cache;

import dev.penstock.features.vector.EntityKey;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.CompletionStage;

/** What all workers share of one view. Trouble with it is no trouble: whoever reads asks the source next. */
public interface SharedCache {

    /** All in one round trip. What is not there, or is broken, is not in the answer; fails when the cache is out of reach. */
    CompletionStage<Map<EntityKey, Held>> read(Collection<EntityKey> entities);

    /** Writes. What is older never replaces what is newer. Completes when all is there; fails, and is counted, when it may not be. */
    CompletionStage<?> write(Map<EntityKey, Held> held);
}
