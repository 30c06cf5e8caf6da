package dev.penstock.images;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What can be checked of the native ingress without GraalVM. */
final class NativeIngressTest {
    private static final Path METADATA =
            Path.of("src/native/resources/META-INF/native-image/dev.penstock/penstock/reachability-metadata.json");

    /** In which the profile "native" names sources that it does not compile. */
    private static final Pattern EXCLUDED = Pattern.compile("<exclude>(dev/penstock/[^<]*)</exclude>");

    /** Of libraries that the profile leaves out. Linking the executable fails if it still needs one of them. */
    private static final List<String> LIBRARIES_OF_WORKERS = List.of("ai.onnxruntime.", "ai.onnx.", "io.agroal.");

    private final JsonNode metadata = new ObjectMapper().readTree(METADATA.toFile());

    NativeIngressTest() throws IOException {}

    @Test
    void everyClassThatIsReachedByReflectionExists() throws Exception {
        for (JsonNode entry : metadata.path("reflection")) {
            JsonNode type = entry.path("type");
            Stream<String> names = type.isTextual() ? Stream.of(type.asText()) : ComposeFile.texts(type.path("proxy"));
            for (String name : names.toList()) {
                Class<?> reached = Class.forName(name, false, getClass().getClassLoader());
                for (JsonNode method : entry.path("methods")) {
                    assertThat(method.path("name").asText()).isEqualTo("<init>");
                    assertThat(reached.getDeclaredConstructor()).isNotNull();
                }
            }
        }
        assertThat(metadata.path("reflection")).isNotEmpty();
    }

    @Test
    void everyResourceExists() throws IOException {
        for (JsonNode resource : metadata.path("resources")) {
            String glob = resource.path("glob").asText();
            assertThat(
                            glob.contains("*")
                                    ? isInSources(glob)
                                    : getClass().getClassLoader().getResource(glob) != null)
                    .as(glob)
                    .isTrue();
        }
    }

    private static boolean isInSources(String glob) throws IOException {
        Path resources = Path.of("src/main/resources");
        try (Stream<Path> files = Files.walk(resources)) {
            return files.map(resources::relativize)
                    .anyMatch(FileSystems.getDefault().getPathMatcher("glob:" + glob)::matches);
        }
    }

    @Test
    void anIngressNeedsNothingOfTheWorker() throws IOException {
        List<String> excluded = excludedFromTheNativeBuild();
        JavaClasses service = new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .importPackages("dev.penstock");

        assertThat(service.stream()
                        .filter(type -> !isExcluded(type, excluded) && !isOfTheLocalBuild(type))
                        .flatMap(type -> type.getDirectDependenciesFromSelf().stream())
                        .filter(dependency -> isExcluded(dependency.getTargetClass(), excluded)
                                || LIBRARIES_OF_WORKERS.stream()
                                        .anyMatch(dependency.getTargetClass().getName()::startsWith))
                        .map(Dependency::getDescription))
                .isEmpty();
    }

    private static List<String> excludedFromTheNativeBuild() throws IOException {
        String pom = Files.readString(Path.of("pom.xml"));
        String profile = pom.substring(pom.indexOf("<id>native</id>"));
        List<String> excluded = EXCLUDED.matcher(profile.substring(0, profile.indexOf("</profile>")))
                .results()
                .map(found ->
                        found.group(1).replaceFirst("\\*\\*$|\\.java$", "").replace('/', '.'))
                .toList();
        assertThat(excluded).contains("dev.penstock.worker.", "dev.penstock.model.", "dev.penstock.app.WorkerParts");
        return excluded;
    }

    private static boolean isExcluded(JavaClass type, List<String> excluded) {
        String name = type.getName().replaceFirst("\\$.*", "");
        return excluded.stream().anyMatch(each -> each.endsWith(".") ? name.startsWith(each) : name.equals(each));
    }

    private static boolean isOfTheLocalBuild(JavaClass type) {
        return Stream.of("local", "cli", "deadletters")
                .anyMatch(each -> type.getPackageName().startsWith("dev.penstock." + each));
    }
}
