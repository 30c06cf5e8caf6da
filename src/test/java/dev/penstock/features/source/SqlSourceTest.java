package dev.penstock.features.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.features.vector.EntityKey;
import dev.penstock.features.vector.FeatureView;
import dev.penstock.features.vector.SourceResult;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

/** Loads features from a real PostgreSQL. */
final class SqlSourceTest {
    private static final String IN = "SELECT id, age, income FROM customers WHERE id IN (?)";
    private static final FeatureView VIEW = new FeatureView("customers", 1, List.of("income", "age"), List.of(), true);

    private static EmbeddedPostgres postgres;

    @BeforeAll
    static void start() throws IOException, SQLException {
        postgres = EmbeddedPostgres.builder()
                .setServerConfig("listen_addresses", "127.0.0.1")
                .start();
        execute("CREATE TABLE customers (id bigint PRIMARY KEY, age int, income double precision, changed bigint)");
        execute("INSERT INTO customers SELECT i, 20 + i % 50, i * 10, i FROM generate_series(1, 500) i");
        execute("INSERT INTO customers VALUES (1001, 30, 'NaN', 1), (1002, NULL, 5, 1), (1003, 30, 1e300, 1)");
        execute("CREATE TABLE shops (name text PRIMARY KEY, age int, income real)");
        execute(
                "INSERT INTO shops VALUES ('it''s', 3, 7), ('x'') OR (''1''=''1', 4, 8), ('plain', 5, 9), (' blank', 6, 1)");
    }

    @AfterAll
    static void stop() throws IOException {
        postgres.close();
    }

    @Test
    void readsManyEntitiesByOneQueryInTheViewsOrder() {
        Map<EntityKey, SourceResult> found = load(IN, VIEW, ids(IntStream.rangeClosed(1, 300)));
        assertThat(found).hasSize(300);
        assertThat(found.get(new EntityKey.Id(7)))
                .isInstanceOfSatisfying(
                        SourceResult.Found.class,
                        seven -> assertThat(seven.vector().toArray()).containsExactly(70, 27));
    }

    @Test
    void bindsAnArrayForDatabasesWithArrays() {
        String any = "SELECT id, age, income FROM customers WHERE id = ANY (?)";
        assertThat(load(any, VIEW, ids(IntStream.of(1, 2, 999999))).values())
                .filteredOn(SourceResult.Found.class::isInstance)
                .hasSize(2);
    }

    @Test
    void reportsEachEntitySeparately() {
        Map<EntityKey, SourceResult> found = load(IN, VIEW, ids(IntStream.of(1, 600, 1001, 1002, 1003)));
        assertThat(found.get(new EntityKey.Id(1))).isInstanceOf(SourceResult.Found.class);
        assertThat(found.get(new EntityKey.Id(600))).isEqualTo(new SourceResult.NotFound());
        assertThat(found.get(new EntityKey.Id(1001)))
                .isEqualTo(new SourceResult.Invalid("feature 'income' must be a finite float32, was NaN"));
        assertThat(found.get(new EntityKey.Id(1002)))
                .isEqualTo(new SourceResult.Invalid(
                        "feature 'age' must have a value, since view 'customers' has no defaults; was null"));
        assertThat(found.get(new EntityKey.Id(1003))).isInstanceOf(SourceResult.Invalid.class);
    }

    @Test
    void theDefaultReplacesASingleNull() {
        FeatureView view = new FeatureView("customers", 1, List.of("income", "age"), List.of(1f, 44f), true);
        assertThat(load(IN, view, ids(IntStream.of(1002))).get(new EntityKey.Id(1002)))
                .isInstanceOfSatisfying(
                        SourceResult.Found.class,
                        known -> assertThat(known.vector().toArray()).containsExactly(5, 44));
    }

    @Test
    void readsTheOptionalVersionColumn() {
        String versioned = "SELECT id, age, income, changed AS feature_version FROM customers WHERE id IN (?)";
        assertThat(load(versioned, VIEW, ids(IntStream.of(42))).get(new EntityKey.Id(42)))
                .isInstanceOfSatisfying(
                        SourceResult.Found.class,
                        found -> assertThat(found.vector().version()).isEqualTo(42));
    }

    @Test
    void aNullVersionIsInvalid() {
        String versioned =
                "SELECT id, age, income, CASE WHEN id > 1 THEN changed END AS feature_version FROM customers WHERE id IN (?)";
        Map<EntityKey, SourceResult> found = load(versioned, VIEW, ids(IntStream.of(1, 2)));
        assertThat(found.get(new EntityKey.Id(1)))
                .isEqualTo(new SourceResult.Invalid("feature_version must be a number, was NULL"));
        assertThat(found.get(new EntityKey.Id(2))).isInstanceOf(SourceResult.Found.class);
    }

    @Test
    void limitsTheRowsReadFromAQueryThatReturnsOtherEntities() {
        String all = "SELECT id, age, income FROM customers WHERE id IN (?) OR true ORDER BY id";
        Map<EntityKey, SourceResult> found = load(all, VIEW, ids(IntStream.of(1, 499)));
        assertThat(found.get(new EntityKey.Id(1))).isInstanceOf(SourceResult.Found.class);
        assertThat(found.get(new EntityKey.Id(499)))
                .isInstanceOfSatisfying(
                        SourceResult.Invalid.class,
                        unseen -> assertThat(unseen.reason()).contains("returned 8 rows or more"));
    }

    @Test
    void anEntityWithSeveralRowsIsInvalidAndDoesNotAffectOthers() {
        String twice = "SELECT i.id, age, income FROM customers c JOIN (VALUES (1), (1), (2)) i(id) ON i.id = c.id"
                + " WHERE i.id IN (?)";
        Map<EntityKey, SourceResult> found = load(twice, VIEW, ids(IntStream.of(1, 2)));
        assertThat(found.get(new EntityKey.Id(1))).isInstanceOf(SourceResult.Invalid.class);
        assertThat(found.get(new EntityKey.Id(2))).isInstanceOf(SourceResult.Found.class);
    }

    @Test
    void leadingBlanksBelongToAName() {
        EntityKey blank = new EntityKey.Name(" blank");
        assertThat(load("SELECT name, age, income FROM shops WHERE name IN (?)", VIEW, List.of(blank))
                        .get(blank))
                .isInstanceOf(SourceResult.Found.class);
        assertThat(load("SELECT name::char(20), age, income FROM shops WHERE name IN (?)", VIEW, List.of(blank))
                        .get(blank))
                .isInstanceOf(SourceResult.Found.class);
    }

    /** SIGSTOP: the database accepts connections, but answers neither queries nor cancel requests. */
    @Test
    void aSilentDatabaseDoesNotBlockAThreadForever() throws Exception {
        List<Long> frozen = new CopyOnWriteArrayList<>();
        PGSimpleDataSource freezing = new PGSimpleDataSource() {
            @Override
            public Connection getConnection() throws SQLException {
                Connection connection = super.getConnection();
                try (Statement statement = connection.createStatement();
                        ResultSet backend = statement.executeQuery("SELECT pg_backend_pid()")) {
                    backend.next();
                    frozen.add(backend.getLong(1));
                    signal("-STOP", backend.getLong(1));
                }
                return connection;
            }
        };
        freezing.setUrl(postgres.getJdbcUrl("postgres", "postgres"));
        try {
            assertThatThrownBy(() -> load(freezing, IN, VIEW, ids(IntStream.of(1)), Duration.ofSeconds(1)))
                    .hasRootCauseInstanceOf(SocketTimeoutException.class);
        } finally {
            frozen.forEach(backend -> signal("-CONT", backend));
        }
    }

    private static void signal(String signal, long process) {
        try {
            new ProcessBuilder("kill", signal, Long.toString(process)).start().waitFor();
        } catch (IOException | InterruptedException failed) {
            throw new IllegalStateException(failed);
        }
    }

    @Test
    void bindsEntitiesThatLookLikeSql() {
        List<EntityKey> names = List.of(
                new EntityKey.Name("it's"),
                new EntityKey.Name("x') OR ('1'='1"),
                new EntityKey.Name("'; DROP TABLE shops; --"));
        Map<EntityKey, SourceResult> found = load("SELECT name, age, income FROM shops WHERE name IN (?)", VIEW, names);
        assertThat(found).hasSize(3);
        assertThat(found.get(names.get(0))).isInstanceOf(SourceResult.Found.class);
        assertThat(found.get(names.get(1))).isInstanceOf(SourceResult.Found.class);
        assertThat(found.get(names.get(2))).isEqualTo(new SourceResult.NotFound());
    }

    @Test
    void failsAsAWholeWhenTheQueryIsWrong() {
        assertThatThrownBy(() -> load("SELECT id FROM nothing WHERE id IN (?)", VIEW, ids(IntStream.of(1))))
                .isInstanceOf(CompletionException.class)
                .hasMessageContaining("nothing");
    }

    @Test
    void rejectsAQueryWithoutAPlaceholderForEntities() {
        assertThatThrownBy(() -> SqlQuery.parse("SELECT * FROM customers")).hasMessageContaining("must contain IN (?)");
        assertThatThrownBy(() -> SqlQuery.parse("SELECT a FROM t WHERE a IN (?) AND b = ?"))
                .hasMessageContaining("must have exactly one ?");
        assertThat(SqlQuery.parse("SELECT '?' FROM t WHERE a in ( ? )").withParameters(2))
                .isEqualTo("SELECT '?' FROM t WHERE a in ( ?,? )");
    }

    private static Map<EntityKey, SourceResult> load(String query, FeatureView view, List<EntityKey> entities) {
        return load(postgres.getPostgresDatabase(), query, view, entities, Duration.ofSeconds(5));
    }

    private static Map<EntityKey, SourceResult> load(
            DataSource database, String query, FeatureView view, List<EntityKey> entities, Duration timeout) {
        try (SqlSource source =
                new SqlSource(database, SqlQuery.parse(query), view, timeout, 2, InstantSource.system(), () -> {})) {
            return source.load(entities)
                    .toCompletableFuture()
                    .orTimeout(20, TimeUnit.SECONDS)
                    .join();
        }
    }

    private static List<EntityKey> ids(IntStream ids) {
        return ids.<EntityKey>mapToObj(EntityKey.Id::new).toList();
    }

    private static void execute(String sql) throws SQLException {
        try (Connection connection = postgres.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
