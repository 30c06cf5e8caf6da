package dev.penstock.service;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The contents of the production package, {@code ./mvnw package -Dproduction}. */
class ProductionPackageIT {

    private static final Path HOME = Path.of(System.getProperty("basedir", "."));
    private static final Path PACKAGE = HOME.resolve("target/production/quarkus-app");

    @BeforeAll
    static void build() throws Exception {
        Path log = HOME.resolve("target/production-build.log");
        List<String> command =
                new ArrayList<>(List.of(HOME.resolve("mvnw").toAbsolutePath().toString(), "--quiet", "--batch-mode"));
        Optional.ofNullable(System.getProperty("localRepository"))
                .ifPresent(folder -> command.add("-Dmaven.repo.local=" + folder));
        // The build that runs this test has checked the same files.
        String unchecked = "-Derrorprone.checks=-XepDisableAllChecks -XepOpt:NullAway:OnlyNullMarked=true";
        // quarkus-kubernetes writes the worker's manifest on the way.
        String manifest = "-Dquarkus.config.locations=kubernetes/common.properties,kubernetes/worker.properties";
        command.addAll(List.of("-Dspotless.check.skip", unchecked, manifest, "-Dproduction", "package"));
        ProcessBuilder maven = new ProcessBuilder(command)
                .directory(HOME.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        maven.environment().put("JAVA_HOME", System.getProperty("java.home"));
        // A short-lived JVM: optimizing JIT compilation would take longer than it saves.
        maven.environment().put("MAVEN_OPTS", "-XX:TieredStopAtLevel=1");

        Process build = maven.start();
        try {
            assertThat(build.waitFor(5, TimeUnit.MINUTES))
                    .as("the build ends in time")
                    .isTrue();
        } finally {
            build.destroy();
        }

        assertThat(build.exitValue()).as(Files.readString(log)).isZero();
    }

    @Test
    void containsTheServiceButNeitherTheLocalStackNorTheCommandLine() throws IOException {
        assertThat(classesOfOurs())
                .contains("dev/penstock/ingress/http/InferHandler.class", "dev/penstock/worker/Worker.class")
                .noneMatch(name -> name.startsWith("dev/penstock/local/"))
                .noneMatch(name -> name.startsWith("dev/penstock/cli/"));
    }

    @Test
    void containsNeitherABrokerNorARedis() throws IOException {
        assertThat(libraries())
                .anyMatch(name -> name.startsWith("org.apache.kafka.kafka-clients-"))
                .noneMatch(name -> name.contains("embedded-redis"))
                .noneMatch(name -> name.contains("picocli"))
                .noneMatch(name -> name.contains("scala-library"))
                .noneMatch(name -> name.startsWith("com.h2database"))
                .filteredOn(name -> name.startsWith("org.apache.kafka."))
                .hasSize(1);
    }

    /** The same properties and the same Quarkus write the ingress's: GeneratedManifestsTest. */
    @Test
    void theManifestOfTheWorkerIsCurrent() throws IOException {
        assertThat(canonical(HOME.resolve("kubernetes/base/worker.yml")))
                .as("not current; write it with kubernetes/generate")
                .isEqualTo(canonical(HOME.resolve("target/production/kubernetes/kubernetes.yml")));
    }

    /** Without the order of lists, which changes from build to build. */
    private static String canonical(Path manifest) throws IOException {
        ObjectMapper yaml = new ObjectMapper(new YAMLFactory());
        try (MappingIterator<JsonNode> documents =
                yaml.readerFor(JsonNode.class).readValues(manifest.toFile())) {
            return documents.readAll().stream()
                    .map(ProductionPackageIT::canonical)
                    .collect(Collectors.joining("\n"));
        }
    }

    private static String canonical(JsonNode node) {
        if (node.isObject()) {
            return node.properties().stream()
                    .map(field -> field.getKey() + ": " + canonical(field.getValue()))
                    .sorted()
                    .collect(Collectors.joining(",\n", "{", "}"));
        }
        return node.isArray()
                ? StreamSupport.stream(node.spliterator(), false)
                        .map(ProductionPackageIT::canonical)
                        .sorted()
                        .collect(Collectors.joining(",\n", "[", "]"))
                : node.asText();
    }

    private static List<String> libraries() throws IOException {
        return names(PACKAGE.resolve("lib/main"));
    }

    private static List<String> classesOfOurs() throws IOException {
        Path app = PACKAGE.resolve("app");
        try (JarFile jar = new JarFile(app.resolve(names(app).get(0)).toFile())) {
            return jar.stream().map(ZipEntry::getName).toList();
        }
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }
}
