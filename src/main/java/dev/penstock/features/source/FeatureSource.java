package dev.penstock.features.source;

import dev.penstock.features.vector.EntityKey;
import dev.penstock.features.vector.SourceResult;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.CompletionStage;

/** Where feature values come from. Bulk by contract; never blocks its caller. */
public interface FeatureSource extends AutoCloseable {

    /** @return a result for each of the entities; fails when the source cannot be asked, or its answer as a whole is broken */
    CompletionStage<Map<EntityKey, SourceResult>> load(Collection<EntityKey> entities);

    @Override
    void close();
}
