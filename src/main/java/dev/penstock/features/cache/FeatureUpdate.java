package dev.penstock.features.cache;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.penstock.features.vector.EntityKey;
import dev.penstock.features.vector.FeatureVector;
import dev.penstock.features.vector.FeatureView;
import dev.penstock.features.vector.SourceResult;
import dev.penstock.features.vector.VectorBuilder;
import java.io.IOException;
import java.util.Optional;

/**
 * What a record of a view's topic says of its entity. With a value, its features: as JSON, {@code {"version": 7, "timestamp":
 * 1764000000000, "values": {"age": 41, "income": 5.5}}}, or in the form of Redis, see {@link StoredForm}. Without one, that it is gone.
 */
public final class FeatureUpdate {
    private static final ObjectReader JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build()
            .readerFor(JsonNode.class);

    /** Below all that JSON begins with: the values in the form of Redis begin with a byte of 1 or 2. */
    private static final int FIRST_OF_JSON = '\t';

    private final EntityKey entity;
    private final Held news;

    private FeatureUpdate(EntityKey entity, Held news) {
        this.entity = entity;
        this.news = news;
    }

    /** A record that says nothing of the view's entities. */
    public static final class BrokenException extends Exception {
        BrokenException(String reason) {
            super(reason, null, false, false);
        }
    }

    /**
     * @param value empty when the entity is gone
     * @param publishedMillis since the epoch, not later than now. It stands in for a timestamp and a version that are not given
     */
    public static FeatureUpdate read(FeatureView view, EntityKey entity, Optional<byte[]> value, long publishedMillis)
            throws BrokenException {
        if (value.isEmpty()) {
            return new FeatureUpdate(entity, new Held.Absent(publishedMillis, Optional.empty()));
        }
        byte[] bytes = value.get();
        Held news = bytes.length > 0 && bytes[0] < FIRST_OF_JSON
                ? stored(view, bytes, publishedMillis)
                : json(view, bytes, publishedMillis);
        if (news instanceof Held.Known(FeatureVector vector) && vector.isFromTheFuture(publishedMillis)) {
            throw new BrokenException(
                    "its version must be an hour ahead of its publication at most, was " + vector.version());
        }
        return new FeatureUpdate(entity, news);
    }

    EntityKey entity() {
        return entity;
    }

    Held news() {
        return news;
    }

    private static Held stored(FeatureView view, byte[] bytes, long publishedMillis) throws BrokenException {
        try {
            return switch (StoredForm.read(bytes, view.features().size())) {
                case Held.Known(FeatureVector vector) ->
                    new Held.Known(new FeatureVector(
                            vector.toArray(), vector.version(), Math.min(vector.readMillis(), publishedMillis)));
                case Held.Absent(long checked, Optional<FeatureVector> none) ->
                    new Held.Absent(Math.min(checked, publishedMillis), none);
                case Held.Failed failed -> throw new BrokenException("a failure is no news");
            };
        } catch (StoredForm.BrokenException broken) {
            throw new BrokenException(Reasons.of(broken));
        }
    }

    private static Held json(FeatureView view, byte[] bytes, long publishedMillis) throws BrokenException {
        JsonNode update;
        try {
            update = JSON.readTree(bytes);
        } catch (IOException notJson) {
            throw new BrokenException("must be JSON: " + Reasons.of(notJson));
        }
        JsonNode values = update.path("values");
        if (!values.isObject()) {
            throw new BrokenException("must have an object 'values'");
        }
        long timestamp = number(update, "timestamp", publishedMillis);
        long version = number(update, "version", timestamp);
        VectorBuilder vector = new VectorBuilder(view);
        for (String feature : view.features()) {
            vector.add(values.path(feature));
        }
        return switch (vector.build(version, Math.min(timestamp, publishedMillis))) {
            case SourceResult.Found(FeatureVector found) -> new Held.Known(found);
            case SourceResult.Broken(String reason) -> throw new BrokenException(reason);
            case SourceResult.NotFound none -> throw new BrokenException("must have values");
        };
    }

    private static long number(JsonNode update, String key, long otherwise) throws BrokenException {
        JsonNode number = update.path(key);
        if (number.isMissingNode() || number.isNull()) {
            return otherwise;
        }
        if (!number.isIntegralNumber() || !number.canConvertToLong() || number.longValue() < 0) {
            throw new BrokenException("'" + key + "' must be an integer of 0 or more");
        }
        return number.longValue();
    }
}
