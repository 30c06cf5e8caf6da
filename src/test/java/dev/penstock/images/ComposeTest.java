package dev.penstock.images;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThatCode;

import dev.penstock.app.PenstockConfig;
import dev.penstock.features.FeaturesConfig;
import dev.penstock.ingress.IngressConfig;
import dev.penstock.tenants.TenantsConfig;
import dev.penstock.worker.WorkerConfig;
import io.quarkus.runtime.configuration.DurationConverter;
import io.smallrye.config.ConfigMappings;
import io.smallrye.config.ConfigMappings.ConfigClass;
import io.smallrye.config.EnvConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.smallrye.config.common.utils.StringUtil;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** docker-compose.yml: a small production. */
final class ComposeTest {
    private static final List<Class<?>> MAPPINGS = List.of(
            PenstockConfig.class, IngressConfig.class, WorkerConfig.class, FeaturesConfig.class, TenantsConfig.class);

    private final ComposeFile compose = ComposeFile.read();

    ComposeTest() throws IOException {}

    @Test
    void composeAcceptsTheFile() throws Exception {
        assumeThatCode(() ->
                        new ProcessBuilder("docker-compose", "version").start().waitFor())
                .as("docker-compose must be installed; .ci/run installs it")
                .doesNotThrowAnyException();

        Process parser = new ProcessBuilder("docker-compose", "--profile", "gpu", "config", "--quiet")
                .redirectErrorStream(true)
                .start();
        String output = new String(parser.getInputStream().readAllBytes(), UTF_8);

        assertThat(parser.waitFor()).as(output).isZero();
        assertThat(output).isEmpty();
    }

    @Test
    void everyServiceHasTheLeastRights() {
        compose.services().forEach((name, service) -> {
            assertThat(service.path("user").asText()).as(name).matches("[1-9]\\d*:[1-9]\\d*");
            assertThat(service.path("read_only").asBoolean()).as(name).isTrue();
            assertThat(ComposeFile.texts(service.path("cap_drop"))).as(name).containsExactly("ALL");
            assertThat(ComposeFile.texts(service.path("security_opt")))
                    .as(name)
                    .containsExactly("no-new-privileges:true");
        });
    }

    @Test
    void portsAreOpenOnThisMachineOnly() {
        assertThat(compose.services().values().stream().flatMap(service -> ComposeFile.texts(service.path("ports"))))
                .contains("127.0.0.1:8080:8080")
                .allMatch(port -> port.startsWith("127.0.0.1:"));
    }

    @Test
    void everyImageIsAPinnedVersion() throws IOException {
        assertThat(compose.services().values())
                .extracting(service -> service.path("image").asText())
                .allMatch(image -> image.matches("[a-z/-]+:v?\\d+\\.\\d+[a-z0-9.-]*"));
        assertThat(Files.readString(Path.of("pom.xml")))
                .contains("<version>" + ComposeFile.versions().get("PENSTOCK_VERSION") + "</version>");
    }

    @Test
    void everyFileThatIsMountedExists() {
        assertThat(compose.services().values().stream().flatMap(service -> ComposeFile.texts(service.path("volumes"))))
                .filteredOn(volume -> volume.startsWith("./"))
                .hasSizeGreaterThan(6)
                .allSatisfy(
                        volume -> assertThat(Path.of(volume.split(":", -1)[0])).exists())
                .allMatch(volume -> volume.endsWith(":ro"));
    }

    @Test
    void aServiceWaitsOnlyForServicesThatHaveACheck() {
        compose.services()
                .forEach((name, service) -> service.path("depends_on")
                        .properties()
                        .forEach(needed -> assertThat(compose.service(needed.getKey())
                                        .path("healthcheck")
                                        .path("test"))
                                .as("%s waits for %s", name, needed.getKey())
                                .isNotEmpty()));
    }

    @Test
    void twoOfEachRoleServe() {
        assertThat(compose.service("ingress").at("/deploy/replicas").asInt()).isEqualTo(2);
        assertThat(compose.service("worker").at("/deploy/replicas").asInt()).isEqualTo(2);
        assertThat(compose.service("worker-gpu")
                        .at("/deploy/resources/reservations/devices/0/capabilities/0")
                        .asText())
                .isEqualTo("gpu");
    }

    @Test
    void featuresMakeRoomAndOutcomesStay() {
        assertThat(String.join(" ", compose.command("redis-features"))).contains("--maxmemory-policy allkeys-lru");
        assertThat(String.join(" ", compose.command("redis-results"))).contains("--maxmemory-policy noeviction");
        assertThat(compose.environment("ingress")).containsEntry("PENSTOCK_REDIS_URL", "redis://redis-results:6379");
        assertThat(compose.environment("worker"))
                .containsEntry("PENSTOCK_FEATURES_REDIS_URL", "redis://redis-features:6379");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ingress", "worker", "worker-gpu"})
    void theServiceAcceptsAllValues(String service) {
        SmallRyeConfig config = config(compose.environment(service));
        PenstockConfig shared = config.getConfigMapping(PenstockConfig.class);

        assertThat(shared.roles())
                .containsExactly(service.equals("ingress") ? PenstockConfig.Role.INGRESS : PenstockConfig.Role.WORKER);
        assertThat(shared.kafka().bootstrapServers()).isEqualTo("kafka:19092");
    }

    @Test
    void theModelChurnHasItsSource() {
        FeaturesConfig features = config(compose.environment("worker")).getConfigMapping(FeaturesConfig.class);

        assertThat(features.sources()).containsOnlyKeys("telecom");
        FeaturesConfig.Source source = Objects.requireNonNull(features.sources().get("telecom"));
        Map<String, String> database = compose.environment("customers");
        assertThat(source.type()).isEqualTo(FeaturesConfig.Type.SQL);
        assertThat(source.jdbcUrl()).hasValue("jdbc:postgresql://customers:5432/" + database.get("POSTGRES_DB"));
        assertThat(source.username()).hasValue(database.get("POSTGRES_USER"));
        assertThat(source.password()).hasValue(database.get("POSTGRES_PASSWORD"));
        assertThat(source.query()).hasValueSatisfying(query -> assertThat(query).contains("= ANY (?)"));
    }

    /** A misspelt variable sets nothing, and nobody says so. */
    @ParameterizedTest
    @ValueSource(strings = {"ingress", "worker", "worker-gpu"})
    void everyVariableNamesAKey(String service) throws IOException {
        String keys = Stream.concat(
                        MAPPINGS.stream()
                                .flatMap(type ->
                                        ConfigMappings.getProperties(ConfigClass.configClass(type)).keySet().stream()),
                        ImagesTest.applicationProperties().stringPropertyNames().stream())
                .map(key -> StringUtil.replaceNonAlphanumericByUnderscores(key.replace("*", "ANY"))
                        .toUpperCase(Locale.ROOT)
                        .replace("_ANY_", "_[A-Z0-9_]+_"))
                .collect(Collectors.joining("|"));

        assertThat(compose.environment(service).keySet())
                .filteredOn(variable -> variable.startsWith("PENSTOCK_") || variable.startsWith("QUARKUS_"))
                .isNotEmpty()
                .allMatch(variable -> variable.matches(keys));
    }

    @Test
    void anonymousCallersAreAllowedSinceThePortsAreThisMachines() {
        TenantsConfig tenants = config(compose.environment("ingress")).getConfigMapping(TenantsConfig.class);

        assertThat(tenants.identity()).isEqualTo(TenantsConfig.Identity.OFF);
        assertThat(tenants.allowAnonymous()).isTrue();
    }

    private static SmallRyeConfig config(Map<String, String> variables) {
        SmallRyeConfigBuilder builder = new SmallRyeConfigBuilder()
                .withConverter(Duration.class, 200, new DurationConverter())
                .withSources(new EnvConfigSource(variables, 300));
        MAPPINGS.forEach(builder::withMapping);
        return builder.build();
    }
}
