package dev.penstock.images;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules that hold for every image. */
final class ImagesTest {
    private static final String JVM = "src/main/docker/Dockerfile.jvm";
    private static final String GPU = "src/main/docker/Dockerfile.gpu";
    private static final String NATIVE = "src/native/Dockerfile";
    private static final String TRAINED = "src/main/docker/Dockerfile.trained";

    @ParameterizedTest
    @ValueSource(strings = {JVM, GPU, NATIVE, TRAINED})
    void everyBaseIsAPinnedVersion(String file) throws IOException {
        Dockerfile dockerfile = Dockerfile.read(file);
        Map<String, String> defaults = dockerfile.arguments();

        assertThat(dockerfile.all("FROM"))
                .isNotEmpty()
                .map(from -> from.split(" ", -1)[0])
                .map(base -> base.startsWith("${")
                        ? defaults.getOrDefault(base.substring(2, base.length() - 1), "no default")
                        : base)
                .allSatisfy(base -> assertThat(base).matches("[a-z./-]+:[a-z0-9._-]*\\d+\\.\\d+[a-z0-9._-]*"));
    }

    @ParameterizedTest
    @ValueSource(strings = {JVM, GPU, NATIVE})
    void everyImageRunsAsTheSameUserWithoutAName(String file) throws IOException {
        assertThat(Dockerfile.read(file).image().only("USER").rest()).isEqualTo("10001:10001");
    }

    @ParameterizedTest
    @ValueSource(strings = {JVM, GPU, NATIVE})
    void noImageNeedsAShell(String file) throws IOException {
        Dockerfile image = Dockerfile.read(file).image();

        assertThat(image.all("RUN")).as("commands in the last stage").isEmpty();
        assertThat(image.all("CMD")).isEmpty();
        assertThat(Stream.concat(image.entryPoint().stream(), image.healthCheck().stream()))
                .noneMatch(word -> word.endsWith("sh") || word.contains("$"))
                .anyMatch(word -> word.startsWith("/"));
    }

    @ParameterizedTest
    @ValueSource(strings = {JVM, GPU, NATIVE})
    void everyImageExposesThePortsOfTheService(String file) throws IOException {
        Properties ports = applicationProperties();

        assertThat(Dockerfile.read(file).image().only("EXPOSE").rest())
                .isEqualTo(ports.getProperty("quarkus.http.port") + " " + ports.getProperty("quarkus.management.port"));
        assertThat(Dockerfile.read(file).image().healthCheck())
                .last()
                .isEqualTo("http://127.0.0.1:" + ports.getProperty("quarkus.management.port") + "/q/health/ready");
    }

    @ParameterizedTest
    @ValueSource(strings = {JVM, GPU, NATIVE})
    void everyImageSaysWhatItIs(String file) throws IOException {
        assertThat(Dockerfile.read(file).image().only("LABEL").rest())
                .contains(Stream.of("title", "description", "licenses", "version", "revision")
                        .map(label -> "org.opencontainers.image." + label + "=")
                        .toArray(String[]::new));
    }

    @ParameterizedTest
    @ValueSource(strings = {JVM, GPU, NATIVE, TRAINED})
    void theBuildSendsWhatTheImagesCopy(String file) throws IOException {
        List<String> sent = Files.readAllLines(Path.of(".dockerignore")).stream()
                .filter(line -> line.startsWith("!"))
                .map(line -> line.substring(1))
                .toList();

        assertThat(Dockerfile.read(file).instructions().stream()
                        .filter(each -> each.name().equals("COPY"))
                        .flatMap(each -> Stream.of(each.rest().split(" +", -1)))
                        .filter(word -> word.startsWith("target/") || word.startsWith("src/")))
                .isNotEmpty()
                .allMatch(from -> sent.stream().anyMatch(from::startsWith));
    }

    /** What changes with every build comes last, so that the layers below it stay. */
    @ParameterizedTest
    @ValueSource(strings = {JVM, GPU})
    void ourClassesComeAfterTheLibraries(String file) throws IOException {
        assertThat(Dockerfile.read(file).image().copies())
                .extracting(Dockerfile.Copy::to)
                .startsWith("/penstock/lib/", "/penstock/quarkus/", "/penstock/", "/penstock/app/");
    }

    @Test
    void theGpuImageDiffersInItsBaseAndItsPackageAlone() throws IOException {
        Dockerfile jvm = Dockerfile.read(JVM);
        Dockerfile gpu = Dockerfile.read(GPU);

        assertThat(gpu.instructions().stream().map(ImagesTest::withoutBaseAndPackage))
                .containsExactlyElementsOf(jvm.instructions().stream()
                        .map(ImagesTest::withoutBaseAndPackage)
                        .toList());
        assertThat(gpu.arguments().get("BASE")).contains("cuda:12.", "cudnn-runtime");
    }

    private static String withoutBaseAndPackage(Dockerfile.Instruction instruction) {
        return (instruction.name() + " " + instruction.rest())
                .replaceFirst("^ARG BASE=.*", "ARG BASE")
                .replaceAll("target/(production|gpu)/", "target/")
                .replaceFirst("description=\"[^\"]*\"", "description");
    }

    /** The launcher starts the same package. Its heap and its collector are those of a laptop. */
    @ParameterizedTest
    @ValueSource(strings = {JVM, GPU})
    void theJvmHasTheOptionsOfTheLauncher(String file) throws IOException {
        Dockerfile image = Dockerfile.read(file).image();

        assertThat(Files.readString(Path.of("penstock")))
                .contains("--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow");
        assertThat(image.entryPoint())
                .contains("--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow")
                .contains("-XX:+ExitOnOutOfMemoryError")
                .endsWith("-jar", "quarkus-run.jar");
        assertThat(image.environment()).containsEntry("ORT_DISABLE_TELEMETRY", "1");
    }

    @Test
    void theTrainedImageRunsWhatWasTrained() throws IOException {
        Dockerfile trained = Dockerfile.read(TRAINED);
        List<String> plain = Dockerfile.read(JVM).image().entryPoint();
        List<String> options = List.of("-XX:AOTCache=", "-Xlog:aot", "-XX:InlineSmallCode=", "-XX:FreqInlineSize=");

        assertThat(trained.training()).isEqualTo(plain);
        assertThat(trained.image().entryPoint())
                .filteredOn(word -> options.stream().noneMatch(word::startsWith))
                .isEqualTo(plain);
        assertThat(trained.all("FROM")).allMatch(from -> from.startsWith("${IMAGE}"));
    }

    /** ONNX Runtime takes it for text models, whatever the locale of the process. */
    @ParameterizedTest
    @ValueSource(strings = {JVM, GPU})
    void theImageHasTheLocaleOfTextModels(String file) throws IOException {
        Dockerfile dockerfile = Dockerfile.read(file);

        assertThat(dockerfile.all("RUN")).anyMatch(run -> run.contains("localedef -i en_US"));
        assertThat(dockerfile.image().all("COPY")).contains("--from=locale /usr/lib/locale /usr/lib/locale");
        assertThat(dockerfile.image().environment()).containsEntry("LANG", "en_US.UTF-8");
    }

    static Properties applicationProperties() throws IOException {
        Properties properties = new Properties();
        try (InputStream file = Files.newInputStream(Path.of("src/main/resources/application.properties"))) {
            properties.load(file);
        }
        return properties;
    }
}
