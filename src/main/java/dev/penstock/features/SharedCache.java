package dev.penstock.features;

import java.util.Collection;
import java.util.Map;
import java.util.concurrent.CompletionStage;

/** What all workers share of one view. Trouble with it is no trouble: whoever reads asks the source next. */
interface SharedCache {

    /** All in one round trip. What is not there, or is broken, is not in the answer; fails when the cache is out of reach. */
    CompletionStage<Map<EntityKey, Held>> read(Collection<EntityKey> entities);

    /** Begins to write. An older version never replaces a newer one. What cannot be written is counted and forgotten. */
    void write(Map<EntityKey, Held> held);
}
