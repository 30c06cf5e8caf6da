package dev.penstock.features.source;

import dev.penstock.features.vector.EntityKey;
import dev.penstock.features.vector.SourceResult;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.CompletionStage;

/** A source of feature values. Loads in bulk and never blocks the caller. */
public interface FeatureSource extends AutoCloseable {

    /** Returns a result for each entity. Fails when the source is unreachable, or when its response as a whole is invalid. */
    CompletionStage<Map<EntityKey, SourceResult>> load(Collection<EntityKey> entities);

    @Override
    void close();
}
