package dev.penstock.features.source;

import dev.penstock.features.vector.EntityKey;
import dev.penstock.features.vector.FeatureView;
import dev.penstock.features.vector.SourceResult;
import dev.penstock.features.vector.VectorBuilder;
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
 * Features from a database, by one query for many entities. The query's first column is the entity; the view's features are columns by
 * name; a column {@code feature_version}, if there is one, orders an entity's values, else the time of the query does. Thread-safe.
 */
public final class SqlSource implements FeatureSource {
    private static final String VERSION = "feature_version";

    /** Of a query's rows, for each entity asked for: one is right, some more are told of, and beyond that nobody reads on. */
    private static final int MOST_ROWS = 4;

    /** How long after its timeout a query that cannot be given up loses its connection. */
    private static final Duration GRACE = Duration.ofSeconds(1);

    private final DataSource database;
    private final SqlQuery query;
    private final FeatureView view;
    private final Duration timeout;
    private final InstantSource clock;
    private final AutoCloseable pool;
    private final ExecutorService threads;

    /**
     * @param timeout after which the database is told to give a query up
     * @param connections at a time, and so threads that wait for it
     * @param pool closed with this
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
            throw new IllegalStateException("the pool of view '" + view.name() + "' does not close", broken);
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
                    // Columns of a fixed length are filled up with blanks.
                    EntityKey entity = byText.getOrDefault(text, byText.get(text.stripTrailing()));
                    if (entity == null) {
                        continue; // of somebody who was not asked for
                    }
                    SourceResult before = results.put(entity, columns.read(rows, askedMillis));
                    if (before != null) {
                        results.put(
                                entity, new SourceResult.Broken("the query gives more than one row for the entity"));
                    }
                }
                SourceResult unseen = read < mostRows
                        ? new SourceResult.NotFound()
                        : new SourceResult.Broken("the query gives " + mostRows + " rows or more for " + entities.size()
                                + " entities, and the entity's is not among them");
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

    /** Where in a row a view's features are. */
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
            VectorBuilder vector = new VectorBuilder(view);
            for (int column : features) {
                Object value = rows.getObject(column);
                switch (value) {
                    case null -> vector.addNone();
                    case Number number -> vector.add(number.doubleValue());
                    case Boolean flag -> vector.add(flag ? 1 : 0);
                    default ->
                        vector.addBroken(
                                "must be a number, was of " + value.getClass().getSimpleName());
                }
            }
            long versionNow = version.isPresent() ? rows.getLong(version.get()) : askedMillis;
            return version.isPresent() && rows.wasNull()
                    ? new SourceResult.Broken("its " + VERSION + " must be a number, was NULL")
                    : vector.build(versionNow, askedMillis);
        }
    }
}
