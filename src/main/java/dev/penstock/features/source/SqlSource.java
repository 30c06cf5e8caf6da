package dev.penstock.features.source;

import dev.penstock.features.vector.EntityKey;
import dev.penstock.features.vector.FeatureVectorBuilder;
import dev.penstock.features.vector.FeatureView;
import dev.penstock.features.vector.SourceResult;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.sql.DataSource;

/**
 * Loads features from a SQL database, by one query for many entities. The first column of the query is the entity. The view's features are
 * columns by name. An optional column {@code feature_version} orders an entity's values; otherwise the time of the query does. Thread-safe.
 */
public final class SqlSource implements FeatureSource {
    private static final String VERSION = "feature_version";

    /** Rows read per entity. One is correct, more are reported as an error, and reading stops at this limit. */
    private static final int MOST_ROWS = 4;

    /** How long after its timeout a query that the driver cannot cancel loses its connection. */
    private static final Duration GRACE = Duration.ofSeconds(1);

    private final DataSource database;
    private final SqlQuery query;
    private final FeatureView view;
    private final Duration timeout;
    private final InstantSource clock;
    private final AutoCloseable pool;
    private final ExecutorService threads;

    /**
     * @param timeout after which the driver cancels a query
     * @param connections the number of concurrent queries, and of threads that run them
     * @param pool closed with this source
     */
    public SqlSource(
            DataSource database,
            SqlQuery query,
            FeatureView view,
            Duration timeout,
            int connections,
            InstantSource clock,
            AutoCloseable pool) {
        this.database = database;
        this.query = query;
        this.view = view;
        this.timeout = timeout;
        this.clock = clock;
        this.pool = pool;
        this.threads = Executors.newFixedThreadPool(
                connections,
                task -> Thread.ofPlatform()
                        .name("penstock-sql-" + view.name())
                        .daemon()
                        .unstarted(task));
    }

    @Override
    public CompletionStage<Map<EntityKey, SourceResult>> load(Collection<EntityKey> entities) {
        List<EntityKey> order = List.copyOf(entities);
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return query(order);
                    } catch (SQLException refused) {
                        throw new IllegalStateException(refused.getMessage(), refused);
                    }
                },
                threads);
    }

    @Override
    public void close() {
        threads.shutdownNow();
        try {
            pool.close();
        } catch (Exception broken) {
            throw new IllegalStateException(
                    "the connection pool of view '" + view.name() + "' failed to close", broken);
        }
    }

    private Map<EntityKey, SourceResult> query(List<EntityKey> entities) throws SQLException {
        long askedMillis = clock.millis();
        Map<String, EntityKey> byText = new HashMap<>();
        entities.forEach(entity -> byText.put(entity.text(), entity));
        Map<EntityKey, SourceResult> results = new HashMap<>();
        int parameters = query.parameters(entities);
        try (Connection connection = database.getConnection();
                PreparedStatement statement = connection.prepareStatement(query.withParameters(parameters))) {
            int queryTimeout = (int) Math.max(1, timeout.toSeconds());
            connection.setNetworkTimeout(
                    threads, Math.toIntExact(GRACE.plusSeconds(queryTimeout).toMillis()));
            statement.setQueryTimeout(queryTimeout);
            int mostRows = MOST_ROWS * entities.size();
            statement.setMaxRows(mostRows);
            bind(connection, statement, entities, parameters);
            try (ResultSet rows = statement.executeQuery()) {
                Columns columns = Columns.of(rows, view);
                int read = 0;
                for (; rows.next(); read++) {
                    String text = String.valueOf(rows.getString(1));
                    // Columns of type CHAR(n) are padded with blanks.
                    EntityKey entity = byText.getOrDefault(text, byText.get(text.stripTrailing()));
                    if (entity == null) {
                        continue; // an entity that was not requested
                    }
                    SourceResult before = results.put(entity, columns.read(rows, askedMillis));
                    if (before != null) {
                        results.put(
                                entity,
                                new SourceResult.Invalid(
                                        "the query must return at most one row per entity, returned more"));
                    }
                }
                SourceResult unseen = read < mostRows
                        ? new SourceResult.NotFound()
                        : new SourceResult.Invalid(
                                "the query must return at most one row per entity, returned " + mostRows
                                        + " rows or more for " + entities.size() + " entities and none for this one");
                entities.forEach(entity -> results.putIfAbsent(entity, unseen));
            }
        }
        return results;
    }

    private void bind(Connection connection, PreparedStatement statement, List<EntityKey> entities, int parameters)
            throws SQLException {
        if (query.takesArray()) {
            boolean numbers = entities.getFirst() instanceof EntityKey.Id;
            statement.setArray(
                    1,
                    connection.createArrayOf(
                            numbers ? "bigint" : "varchar",
                            entities.stream().map(SqlSource::value).toArray()));
            return;
        }
        for (int i = 0; i < parameters; i++) {
            statement.setObject(i + 1, value(entities.get(Math.min(i, entities.size() - 1))));
        }
    }

    private static Object value(EntityKey entity) {
        return switch (entity) {
            case EntityKey.Id(long value) -> value;
            case EntityKey.Name(String value) -> value;
        };
    }

    /** The column numbers of a view's features. */
    private record Columns(List<Integer> features, Optional<Integer> version, FeatureView view) {

        static Columns of(ResultSet rows, FeatureView view) throws SQLException {
            List<Integer> features = new ArrayList<>();
            for (String feature : view.features()) {
                features.add(rows.findColumn(feature));
            }
            for (int i = 1; i <= rows.getMetaData().getColumnCount(); i++) {
                if (rows.getMetaData().getColumnLabel(i).equalsIgnoreCase(VERSION)) {
                    return new Columns(features, Optional.of(i), view);
                }
            }
            return new Columns(features, Optional.empty(), view);
        }

        SourceResult read(ResultSet rows, long askedMillis) throws SQLException {
            FeatureVectorBuilder vector = new FeatureVectorBuilder(view);
            for (int column : features) {
                Object value = rows.getObject(column);
                switch (value) {
                    case null -> vector.addMissing();
                    case Number number -> vector.add(number.doubleValue());
                    case Boolean flag -> vector.add(flag ? 1 : 0);
                    default ->
                        vector.addInvalid(
                                "must be a number, was a " + value.getClass().getSimpleName());
                }
            }
            long versionNow = version.isPresent() ? rows.getLong(version.get()) : askedMillis;
            return version.isPresent() && rows.wasNull()
                    ? new SourceResult.Invalid(VERSION + " must be a number, was NULL")
                    : vector.build(versionNow, askedMillis);
        }
    }
}
