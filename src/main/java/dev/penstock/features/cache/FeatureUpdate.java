package dev.penstock.features.cache;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.penstock.features.vector.EntityKey;
import dev.penstock.features.vector.FeatureVector;
import dev.penstock.features.vector.FeatureVectorBuilder;
import dev.penstock.features.vector.FeatureView;
import dev.penstock.features.vector.SourceResult;
import java.io.IOException;
import java.util.Optional;

/**
 * A record of a view's update topic. Its value holds the entity's features, either as JSON, {@code {"version": 7, "timestamp":
 * 1764000000000, "values": {"age": 41, "income": 5.5}}}, or in the binary format of {@link CacheEntryCodec}. A record without a value deletes
 * the entity.
 */
public final class FeatureUpdate {
    private static final ObjectReader JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build()
            .readerFor(JsonNode.class);

    /** The lowest byte that JSON can begin with. The binary format begins with a byte of 1 or 2. */
    private static final int FIRST_OF_JSON = '\t';

    private final EntityKey entity;
    private final CacheEntry entry;

    private FeatureUpdate(EntityKey entity, CacheEntry entry) {
        this.entity = entity;
        this.entry = entry;
    }

    /** The record is not a valid update of the view. */
    public static final class InvalidUpdateException extends Exception {
        InvalidUpdateException(String reason) {
            super(reason, null, false, false);
        }
    }

    /**
     * @param value empty when the entity is deleted
     * @param publishedMillis milliseconds since the epoch, not later than now; the default for a missing timestamp and version
     */
    public static FeatureUpdate read(FeatureView view, EntityKey entity, Optional<byte[]> value, long publishedMillis)
            throws InvalidUpdateException {
        if (value.isEmpty()) {
            return new FeatureUpdate(entity, new CacheEntry.Absent(publishedMillis, Optional.empty()));
        }
        byte[] bytes = value.get();
        CacheEntry entry = bytes.length > 0 && bytes[0] < FIRST_OF_JSON
                ? stored(view, bytes, publishedMillis)
                : json(view, bytes, publishedMillis);
        if (entry instanceof CacheEntry.Present(FeatureVector vector) && vector.isFromTheFuture(publishedMillis)) {
            throw new InvalidUpdateException("version must be at most one hour after the record's timestamp "
                    + publishedMillis + ", was " + vector.version());
        }
        return new FeatureUpdate(entity, entry);
    }

    EntityKey entity() {
        return entity;
    }

    CacheEntry entry() {
        return entry;
    }

    private static CacheEntry stored(FeatureView view, byte[] bytes, long publishedMillis)
            throws InvalidUpdateException {
        try {
            return switch (CacheEntryCodec.decode(bytes, view.features().size())) {
                case CacheEntry.Present(FeatureVector vector) ->
                    new CacheEntry.Present(new FeatureVector(
                            vector.toArray(), vector.version(), Math.min(vector.readMillis(), publishedMillis)));
                case CacheEntry.Absent(long checked, Optional<FeatureVector> none) ->
                    new CacheEntry.Absent(Math.min(checked, publishedMillis), none);
                case CacheEntry.Failed failed ->
                    throw new InvalidUpdateException("value must be an entry with values or an absence, was " + failed);
            };
        } catch (CacheEntryCodec.InvalidEntryException broken) {
            throw new InvalidUpdateException(FailureReason.of(broken));
        }
    }

    private static CacheEntry json(FeatureView view, byte[] bytes, long publishedMillis) throws InvalidUpdateException {
        JsonNode update;
        try {
            update = JSON.readTree(bytes);
        } catch (IOException notJson) {
            throw new InvalidUpdateException("value must be JSON: " + FailureReason.of(notJson));
        }
        JsonNode values = update.path("values");
        if (!values.isObject()) {
            throw new InvalidUpdateException("'values' must be a JSON object");
        }
        long timestamp = number(update, "timestamp", publishedMillis);
        long version = number(update, "version", timestamp);
        FeatureVectorBuilder vector = new FeatureVectorBuilder(view);
        for (String feature : view.features()) {
            vector.add(values.path(feature));
        }
        return switch (vector.build(version, Math.min(timestamp, publishedMillis))) {
            case SourceResult.Found(FeatureVector found) -> new CacheEntry.Present(found);
            case SourceResult.Invalid(String reason) -> throw new InvalidUpdateException(reason);
            case SourceResult.NotFound none -> throw new InvalidUpdateException("'values' must be present");
        };
    }

    private static long number(JsonNode update, String key, long otherwise) throws InvalidUpdateException {
        JsonNode number = update.path(key);
        if (number.isMissingNode() || number.isNull()) {
            return otherwise;
        }
        if (!number.isIntegralNumber() || !number.canConvertToLong() || number.longValue() < 0) {
            throw new InvalidUpdateException("'" + key + "' must be an integer of 0 or more, was " + number);
        }
        return number.longValue();
    }
}
