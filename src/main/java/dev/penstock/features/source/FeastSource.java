package dev.penstock.features.source;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.features.vector.EntityKey;
import dev.penstock.features.vector.FeatureVectorBuilder;
import dev.penstock.features.vector.FeatureView;
import dev.penstock.features.vector.SourceResult;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;

/**
 * Loads features from a Feast feature server ({@code POST /get-online-features}). The response is columnar: one result per feature, with a
 * value and a status for each entity. Thread-safe.
 */
public final class FeastSource implements FeatureSource {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Response bytes per value: a number, a status and a timestamp, with a margin of the same size. */
    private static final long MOST_BYTES_A_VALUE = 256;

    /** Extra response bytes, so that one huge value does not spoil the response for the other entities. */
    private static final long MOST_BYTES_BESIDE = 4 * 1024 * 1024;

    private final HttpClient http;
    private final URI url;
    private final String joinKey;
    private final FeatureView view;
    private final Duration timeout;
    private final InstantSource clock;

    /** @param joinKey Feast's join key of the entity, such as {@code driver_id} */
    public FeastSource(
            URI server, String joinKey, FeatureView view, Duration timeout, InstantSource clock, Executor threads) {
        this.http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(timeout)
                .executor(threads)
                .build();
        // Feast's Go server sends statuses only on request. Other servers ignore the parameter.
        this.url = URI.create(server.toString().replaceAll("/+$", "") + "/get-online-features?status=true");
        this.joinKey = joinKey;
        this.view = view;
        this.timeout = timeout;
        this.clock = clock;
    }

    @Override
    public CompletionStage<Map<EntityKey, SourceResult>> load(Collection<EntityKey> entities) {
        List<EntityKey> order = List.copyOf(entities);
        long askedMillis = clock.millis();
        long mostBytes = MOST_BYTES_BESIDE
                + MOST_BYTES_A_VALUE * order.size() * (view.features().size() + 1);
        HttpRequest request = HttpRequest.newBuilder(url)
                .timeout(timeout)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(question(order)))
                .build();
        CompletableFuture<HttpResponse<byte[]>> answer =
                http.sendAsync(request, info -> new LimitedBodySubscriber(mostBytes));
        // HttpRequest's timeout covers the headers only. Without this, a trickling body would hold its connection
        // forever.
        CompletableFuture.delayedExecutor(timeout.toMillis(), MILLISECONDS, Runnable::run)
                .execute(() -> answer.cancel(true));
        return answer.thenApply(whole -> read(whole, order, askedMillis));
    }

    @Override
    public void close() {
        http.shutdownNow();
    }

    private byte[] question(List<EntityKey> entities) {
        ObjectNode question = JSON.createObjectNode();
        ArrayNode features = question.putArray("features");
        view.features().forEach(feature -> features.add(view.name() + ":" + feature));
        ArrayNode keys = question.putObject("entities").putArray(joinKey);
        for (EntityKey entity : entities) {
            switch (entity) {
                case EntityKey.Id(long value) -> keys.add(value);
                case EntityKey.Name(String value) -> keys.add(value);
            }
        }
        question.put("full_feature_names", false);
        try {
            return JSON.writeValueAsBytes(question);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private Map<EntityKey, SourceResult> read(HttpResponse<byte[]> answer, List<EntityKey> entities, long askedMillis) {
        if (answer.statusCode() != 200) {
            throw new IllegalStateException("Feast responded with status " + answer.statusCode());
        }
        try {
            FeastResponse columns = FeastResponse.read(answer.body());
            List<FeastResponse.Column> features = view.features().stream()
                    .map(feature -> column(columns, feature))
                    .toList();
            Optional<FeastResponse.Column> keys = columns.column(joinKey);
            Map<EntityKey, SourceResult> results = new HashMap<>();
            for (int i = 0; i < entities.size(); i++) {
                EntityKey entity = entities.get(i);
                results.put(
                        entity,
                        isOfAnother(entity, keys, i)
                                ? new SourceResult.Invalid("Feast's response has another entity in this entity's place")
                                : result(features, i, entities.size(), askedMillis));
            }
            return results;
        } catch (IOException broken) {
            throw new UncheckedIOException("Feast's response is not JSON", broken);
        }
    }

    /** Finds the feature's column by name; its position in the response does not matter. */
    private FeastResponse.Column column(FeastResponse answer, String feature) {
        return answer.column(feature, view.name() + "__" + feature)
                .orElseThrow(() -> new IllegalStateException("Feast's response has no feature '" + feature + "'"));
    }

    /** Compares with the entity that the response names at this index. Shifted rows would give an entity the values of another. */
    private static boolean isOfAnother(EntityKey entity, Optional<FeastResponse.Column> keys, int index) {
        return keys.isPresent()
                && !keys.get().value(index).asText(entity.text()).equals(entity.text());
    }

    /**
     * Reads one entity. It is missing when all of its features are NOT_FOUND, or when one is OUTSIDE_MAX_AGE, since a view's row expires as
     * a whole. When only some features are NOT_FOUND, the row is older than those features and has no values for them.
     */
    private SourceResult result(List<FeastResponse.Column> columns, int index, int entities, long askedMillis) {
        FeatureVectorBuilder vector = new FeatureVectorBuilder(view);
        boolean found =
                columns.stream().anyMatch(column -> !column.status(index).equals("NOT_FOUND"));
        if (!found) {
            return new SourceResult.NotFound();
        }
        for (FeastResponse.Column column : columns) {
            if (column.values().size() > entities) {
                return new SourceResult.Invalid("Feast's response must have " + entities + " values per feature, had "
                        + column.values().size());
            }
            switch (column.status(index)) {
                case "OUTSIDE_MAX_AGE" -> {
                    return new SourceResult.NotFound();
                }
                case "NULL_VALUE", "NOT_FOUND" -> vector.addMissing();
                case "PRESENT" -> vector.add(column.value(index));
                case "INVALID" -> vector.addInvalid("has the Feast status INVALID");
                default ->
                    vector.addInvalid("must have a status of Feast's FieldStatus, was '" + column.status(index) + "'");
            }
        }
        return vector.build(askedMillis, askedMillis);
    }
}
