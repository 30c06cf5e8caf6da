package dev.penstock.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.features.FeaturesConfig;
import dev.penstock.ingress.IngressConfig;
import dev.penstock.worker.WorkerConfig;
import io.quarkus.redis.runtime.client.config.RedisConfig;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.quarkus.runtime.configuration.DurationConverter;
import io.smallrye.config.ConfigValidationException;
import io.smallrye.config.EnvConfigSource;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.smallrye.config.validator.BeanValidationConfigValidator;
import jakarta.validation.Validation;
import jakarta.validation.Validator;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.eclipse.microprofile.config.spi.ConfigSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every key has a range that is checked at startup, and every mistake is reported with key, value and range. */
final class ConfigRangesTest {
    private static final Validator VALIDATOR =
            Validation.buildDefaultValidatorFactory().getValidator();
    private static final Duration IDLE_TIMEOUT = Duration.ofSeconds(75);

    @ParameterizedTest
    @MethodSource("keys")
    void everyKeyDeclaresItsRange(ConfigKeys.Key key) {
        assertThat(ConfigRange.of(key.method()))
                .as("%s needs constraints with both ends, such as @DurationMin and @DurationMax", key)
                .isPresent();
    }

    @Test
    void defaultsAreInRangeAndAgree() {
        SmallRyeConfig config = config(Map.of());

        assertThatCode(() -> check(config, IDLE_TIMEOUT)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            penstock.worker.heartbeat               | 0s       | must be 100ms to 10m, was 0s
            penstock.worker.heartbeat               | 20m      | must be 100ms to 10m, was 20m
            penstock.worker.drain-timeout           | -1s      | must be 0s to 1h, was -1s
            penstock.worker.commit-interval         | 2s       | must be 1ms to 1s, was 2s
            penstock.worker.bulk-floor              | 2        | must be 0 to 1, was 2.0
            penstock.worker.id                      | ` `      | must be 1 to 200 characters without spaces, was " "
            penstock.worker.max-open-requests       | 0        | must be 1 to 1000000, was 0
            penstock.ingress.max-address-bytes      | 12       | must be 256 to 32768, was 12
            penstock.ingress.idempotency-ttl        | 1ms      | must be 1s to 30d, was 1ms
            penstock.ingress.queued-linger          | 1s       | must be 0s to 400ms, was 1s
            penstock.ingress.request-id-key         | secret   | must be 16 to 1024 characters, was a value that is not shown, since it may hold a secret
            penstock.features.sources.crm.calls     | 0        | must be 1 to 1000, was 0
            penstock.features.sources.crm.jdbc-url  | pg://u:p@h/d | must be a JDBC URL, such as jdbc:postgresql://db.example/shop, was a value that is not shown, since it may hold a secret
            penstock.topics.replication-factor      | 0        | must be 1 to 100, was 0
            penstock.kafka.bootstrap-servers        | kafka    | must be host:port, or several of them separated by commas, was "kafka"
            penstock.redis.url                      | u:p@h    | must be a URL that begins with redis://, rediss:// or unix://, was a value that is not shown, since it may hold a secret
            penstock.worker.serve                   | a/b      | must be a model name of up to 100 letters, digits, '.', '_' and '-', was "a/b"
            penstock.region                         | a b      | must be letters, digits, '.', '_' and '-', 63 at most, was "a b"
            penstock.tenants.reload-interval        | 0s       | must be 10ms to 1h, was 0s
            """)
    void aValueOutOfRangeIsReportedWithKeyValueAndRange(String key, String value, String rule) {
        assertThatThrownBy(() -> config(Map.of(key, value)))
                .isInstanceOf(ConfigValidationException.class)
                .hasMessageContaining(key + " " + rule);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            penstock.redis.url                     | redis://:hunter2@redis:port
            penstock.redis.url                     | redis://:hunter2@redis:99999
            penstock.redis.url                     | redis://:hunter2@redis:6379/first
            penstock.redis.url                     | redis://:hunter%2@redis:6379
            penstock.redis.url                     | redis://:hunter 2@redis:6379
            penstock.redis.url                     | redis://:hunter/2@redis:6379
            penstock.redis.url                     | redis://:hunter#2@redis:6379
            penstock.redis.url                     | redis://:hunter[2@redis:6379
            penstock.redis.url                     | redis//:hunter2@redis:6379
            penstock.redis.url                     | redis://one:6379,redis://:hunter%2@two:6379
            penstock.features.redis.url            | redis://:hunter2@redis:port
            penstock.features.redis.url            | rediss://:hunter%2@redis:6379
            quarkus.redis.hosts                    | redis://:hunter%2@redis:6379
            penstock.features.sources.crm.url      | http://crm:hunter%2@feast
            penstock.features.sources.crm.url      | http://crm:hunter 2@feast
            penstock.features.sources.crm.jdbc-url | postgresql://crm:hunter2@db/shop
            penstock.tenants.oidc.jwks-url         | https://jwks:hunter%2@login
            penstock.tracing.endpoint              | grpc://traces:hunter2@collector:4317
            penstock.tracing.endpoint              | http://traces:hunter%2@collector:4317
            penstock.worker.centres                | https://edge:hunter2@centre
            penstock.ingress.cors-origins          | page:hunter2@app.example
            penstock.kafka.bootstrap-servers       | kafka:hunter2@broker
            """)
    void noErrorShowsAPassword(String key, String value) {
        assertThatThrownBy(() -> config(Map.of(key, value)))
                .isInstanceOf(ConfigValidationException.class)
                .satisfies(refused -> assertThat(
                                String.valueOf(refused.getMessage()).lines().filter(line -> line.contains(" must be ")))
                        .singleElement()
                        .asString()
                        .contains(key)
                        .contains("not shown"))
                .satisfies(refused -> assertThat(stackTrace(refused)).doesNotContain("hunter"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "redis://redis",
                "redis://redis:6379/",
                "redis://user:p%2Fw%40@redis:6379/15",
                "rediss://:word@redis.example:6380?db=3",
                "redis://one:6379,redis://two:6379",
                "redis://[::1]:6379",
                "unix:///run/redis.sock?db=1",
            })
    void takesWhatRedisTakes(String url) {
        assertThat(config(Map.of("penstock.redis.url", url))
                        .getConfigValue("quarkus.redis.hosts")
                        .getValue())
                .isEqualTo(url);
    }

    /** By their names. A new one goes to {@code ConfigErrors}, or needs another name. */
    @Test
    void everyKeyThatCanHoldASecretIsKnown() {
        assertThat(
                        keys().map(key -> key.toString())
                                .filter(
                                        key -> key.matches(
                                                "(?i).*(url|endpoint|password|secret|token|credential|request-id-key|centres|kafka\\.properties).*")))
                .isNotEmpty()
                .allSatisfy(key ->
                        assertThat(ConfigErrors.canHoldSecrets(key)).as(key).isTrue());
    }

    private static String stackTrace(Throwable failure) {
        StringWriter text = new StringWriter();
        failure.printStackTrace(new PrintWriter(text, true));
        return text.toString();
    }

    @Test
    void anElementOfAListIsReportedByItsPlace() {
        assertThatThrownBy(() -> config(Map.of("penstock.replies.allowed-topics", "penstock.replies.*,no topic")))
                .hasMessageContaining("penstock.replies.allowed-topics[1] must be a topic name of letters, digits, '.'")
                .hasMessageContaining("was \"no topic\"");
    }

    @Test
    void allMistakesAreReportedAtOnce() {
        assertThatThrownBy(() -> config(Map.of(
                        "penstock.worker.heartbeat", "0s",
                        "penstock.worker.bulk-floor", "2",
                        "penstock.ingress.sync-timeout", "0s",
                        "penstock.tenants.reload-interval", "0s",
                        "penstock.kafka.lost-after", "0s")))
                .hasMessageContainingAll(
                        "penstock.worker.heartbeat must be",
                        "penstock.worker.bulk-floor must be",
                        "penstock.ingress.sync-timeout must be",
                        "penstock.tenants.reload-interval must be",
                        "penstock.kafka.lost-after must be");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            penstock.ingress.worker-timeout       | 2s      | penstock.worker.heartbeat must be shorter than penstock.ingress.worker-timeout (2s), was 2s
            penstock.ingress.events-heartbeat     | 75s     | penstock.ingress.events-heartbeat must be shorter than quarkus.http.idle-timeout (75s), was 75s
            penstock.ingress.max-publishing-bytes | 1048576 | penstock.ingress.max-publishing-bytes must be at least penstock.max-request-bytes (10485760), was 1048576
            penstock.features.refresh-after       | 6m      | penstock.features.refresh-after must be at most penstock.features.fresh-for (5m), was 6m
            penstock.features.keep-for            | 2m      | penstock.features.fresh-for must be at most penstock.features.keep-for (2m), was 5m
            penstock.features.sources.crm.url     | feast   | penstock.features.sources.crm.url must be an http or https URL with a host
            """)
    void valuesThatDoNotWorkTogetherAreReported(String key, String value, String message) {
        SmallRyeConfig config = config(Map.of(key, value, "penstock.features.sources.crm.type", "feast"));

        assertThatThrownBy(() -> check(config, IDLE_TIMEOUT))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining(message);
    }

    @Test
    void relationsOfOtherRolesDoNotMatter() {
        SmallRyeConfig worker = config(Map.of(
                "penstock.roles", "worker",
                "penstock.ingress.worker-timeout", "1s",
                "penstock.ingress.events-heartbeat", "2m"));
        SmallRyeConfig ingress = config(Map.of("penstock.roles", "ingress", "penstock.features.refresh-after", "6m"));

        assertThatCode(() -> check(worker, IDLE_TIMEOUT)).doesNotThrowAnyException();
        assertThatCode(() -> check(ingress, IDLE_TIMEOUT)).doesNotThrowAnyException();
    }

    @Test
    void streamsOfEventsMayBeQuietWhereNothingIsIdleTooLong() {
        SmallRyeConfig config = config(Map.of("penstock.ingress.events-heartbeat", "2m"));

        assertThatCode(() -> check(config, Duration.ZERO)).doesNotThrowAnyException();
    }

    @Test
    void environmentVariablesReachKeysWithNamesInThem() {
        SmallRyeConfig config = config(new EnvConfigSource(
                Map.of(
                        "PENSTOCK_FEATURES_SOURCES_CRM_TYPE", "sql",
                        "PENSTOCK_FEATURES_SOURCES_CRM_JDBC_URL", "jdbc:postgresql://db/shop",
                        "PENSTOCK_KAFKA_PROPERTIES__SECURITY_PROTOCOL_", "SSL"),
                300));

        assertThat(config.getConfigMapping(FeaturesConfig.class).sources())
                .hasEntrySatisfying(
                        "crm", source -> assertThat(source.jdbcUrl()).hasValue("jdbc:postgresql://db/shop"));
        assertThat(config.getConfigMapping(PenstockConfig.class).kafka().properties())
                .containsEntry("security.protocol", "SSL");
        assertThat(keys().map(ConfigKeys.Key::variable))
                .contains(
                        "PENSTOCK_FEATURES_SOURCES_<NAME>_JDBC_URL",
                        "PENSTOCK_KAFKA_PROPERTIES__<NAME>_",
                        "PENSTOCK_INGRESS_SYNC_TIMEOUT");
    }

    @ParameterizedTest
    @CsvSource({
        "PT0S,0s",
        "PT0.25S,250ms",
        "PT90S,90s",
        "PT30M,30m",
        "PT24H,24h",
        "PT48H,2d",
        "PT-0.5S,-500ms",
        "PT-1S,-1s",
        "PT9223372036854775807S,9223372036854775807s",
        "PT0.0000005S,PT0.0000005S"
    })
    void durationsAreWrittenAsOperatorsWriteThem(Duration duration, String text) {
        assertThat(ConfigRange.text(duration)).isEqualTo(text);
    }

    private static Stream<ConfigKeys.Key> keys() {
        return ConfigKeys.all();
    }

    private static void check(SmallRyeConfig config, Duration idleTimeout) {
        PenstockConfig shared = config.getConfigMapping(PenstockConfig.class);
        Optional<IngressConfig> ingress = Optional.of(config.getConfigMapping(IngressConfig.class))
                .filter(role -> shared.roles().contains(PenstockConfig.Role.INGRESS));
        ConfigRelations relations = new ConfigRelations();
        ingress.ifPresent(role -> relations.ofIngress(shared, role, idleTimeout));
        if (shared.roles().contains(PenstockConfig.Role.WORKER)) {
            WorkerParts.check(
                    relations,
                    config.getConfigMapping(WorkerConfig.class),
                    config.getConfigMapping(FeaturesConfig.class),
                    ingress);
        }
        relations.requireNoProblem();
    }

    private static SmallRyeConfig config(Map<String, String> settings) {
        Map<String, String> all = new HashMap<>(settings);
        if (settings.keySet().stream().anyMatch(key -> key.startsWith("penstock.features.sources.crm."))) {
            all.putIfAbsent("penstock.features.sources.crm.type", "sql");
        }
        if (!all.containsKey("quarkus.redis.hosts")) {
            all.put("quarkus.redis.hosts", "${penstock.redis.url:redis://localhost:6379}");
            all.put("quarkus.redis.features.hosts", "${penstock.features.redis.url:${quarkus.redis.hosts}}");
        }
        return config(new PropertiesConfigSource(all, "test", 300));
    }

    private static SmallRyeConfig config(ConfigSource source) {
        SmallRyeConfigBuilder builder = new SmallRyeConfigBuilder()
                .addDefaultInterceptors()
                .withConverter(Duration.class, 200, new DurationConverter())
                .withValidator((BeanValidationConfigValidator) () -> VALIDATOR)
                .withSources(List.of(source));
        new ConfigErrors().configBuilder(builder);
        ConfigKeys.mappings().forEach(builder::withMapping);
        builder.withMapping(RedisConfig.class);
        return builder.build();
    }
}
