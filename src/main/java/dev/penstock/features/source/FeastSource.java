package dev.penstock.features.source;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.penstock.features.vector.EntityKey;
import dev.penstock.features.vector.FeatureView;
import dev.penstock.features.vector.SourceResult;
import dev.penstock.features.vector.VectorBuilder;
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
 * Features from a Feast feature server ({@code POST /get-online-features}). Its answer comes by columns: one result a feature, with a
 * value and a status for each entity. Thread-safe.
 */
public final class FeastSource implements FeatureSource {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Of an answer, for each value: a number, a status, a timestamp, and as much again. */
    private static final long MOST_BYTES_A_VALUE = 256;

    /** So much that a value may be huge without harm to others. */
    private static final long MOST_BYTES_BESIDE = 4 * 1024 * 1024;

    private final HttpClient http;
    private final URI url;
    private final String joinKey;
    private final FeatureView view;
    private final Duration timeout;
    private final InstantSource clock;

    /** @param joinKey by which Feast knows the entity, such as {@code driver_id} */
    public FeastSource(
            URI server, String joinKey, FeatureView view, Duration timeout, InstantSource clock, Executor threads) {
        this.http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(timeout)
                .executor(threads)
                .build();
        // Its Go server tells statuses only when asked to; the others take no notice.
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
        CompletableFuture<HttpResponse<byte[]>> answer = http.sendAsync(request, info -> new LimitedBody(mostBytes));
        // The request's own timeout ends with the headers: a body that trickles would hold its connection for ever.
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
            throw new IllegalStateException("Feast answered " + answer.statusCode());
        }
        try {
            FeastAnswer columns = FeastAnswer.read(answer.body());
            List<FeastAnswer.Column> features = view.features().stream()
                    .map(feature -> column(columns, feature))
                    .toList();
            Optional<FeastAnswer.Column> keys = columns.column(joinKey);
            Map<EntityKey, SourceResult> results = new HashMap<>();
            for (int i = 0; i < entities.size(); i++) {
                EntityKey entity = entities.get(i);
                results.put(
                        entity,
                        isOfAnother(entity, keys, i)
                                ? new SourceResult.Broken("Feast answers for another entity in its place")
                                : result(features, i, entities.size(), askedMillis));
            }
            return results;
        } catch (IOException broken) {
            throw new UncheckedIOException("Feast's answer is not JSON", broken);
        }
    }

    /** The feature's column, wherever it stands in the answer. */
    private FeastAnswer.Column column(FeastAnswer answer, String feature) {
        return answer.column(feature, view.name() + "__" + feature)
                .orElseThrow(() -> new IllegalStateException("Feast's answer has no feature '" + feature + "'"));
    }

    /** The entities stand in the answer too: rows that have moved would be somebody else's. */
    private static boolean isOfAnother(EntityKey entity, Optional<FeastAnswer.Column> keys, int index) {
        return keys.isPresent()
                && !keys.get().value(index).asText(entity.text()).equals(entity.text());
    }

    /**
     * An entity is not there when all of its features are NOT_FOUND, or one is too old: a view's row expires as a whole. Where only some are NOT_FOUND,
     * its row is older than those features, and has no values of them.
     */
    private SourceResult result(List<FeastAnswer.Column> columns, int index, int entities, long askedMillis) {
        VectorBuilder vector = new VectorBuilder(view);
        boolean found =
                columns.stream().anyMatch(column -> !column.status(index).equals("NOT_FOUND"));
        if (!found) {
            return new SourceResult.NotFound();
        }
        for (FeastAnswer.Column column : columns) {
            if (column.values().size() > entities) {
                return new SourceResult.Broken("Feast's answer must have " + entities + " values a feature, had "
                        + column.values().size());
            }
            switch (column.status(index)) {
                case "OUTSIDE_MAX_AGE" -> {
                    return new SourceResult.NotFound();
                }
                case "NULL_VALUE", "NOT_FOUND" -> vector.addNone();
                case "PRESENT" -> vector.add(column.value(index));
                case "INVALID" -> vector.addBroken("is INVALID to Feast");
                default -> vector.addBroken("must have a status that Feast knows");
            }
        }
        return vector.build(askedMillis, askedMillis);
    }
}
