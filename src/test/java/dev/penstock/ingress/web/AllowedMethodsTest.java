package dev.penstock.ingress.web;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.penstock.ingress.http.InferRoute;
import jakarta.ws.rs.HttpMethod;
import java.io.IOException;
import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class AllowedMethodsTest {
    private static final Pattern ALTERNATIVES = Pattern.compile("\\{\\w+: (\\w+(?:\\|\\w+)+)}");

    /** The API as its resources declare it: methods by address. */
    private final Map<String, Set<String>> declared = new TreeMap<>();

    AllowedMethodsTest() {
        for (JavaClass each : new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .importPackages("dev.penstock.ingress")) {
            if (each.isAnnotatedWith(jakarta.ws.rs.Path.class)) {
                Class<?> resource = each.reflect();
                Arrays.stream(resource.getDeclaredMethods()).forEach(method -> declare(resource, method));
            }
        }
        Stream.of(InferRoute.ADDRESS, InferRoute.ADDRESS_OF_VERSION)
                .flatMap(AllowedMethodsTest::examples)
                .forEach(address -> allow(declared, address, "POST"));
    }

    private void declare(Class<?> resource, Method method) {
        for (Annotation annotation : method.getAnnotations()) {
            HttpMethod http = annotation.annotationType().getAnnotation(HttpMethod.class);
            if (http != null) {
                jakarta.ws.rs.Path path = method.getAnnotation(jakarta.ws.rs.Path.class);
                String address =
                        resource.getAnnotation(jakarta.ws.rs.Path.class).value()
                                + (path == null ? "" : "/" + path.value());
                examples(address).forEach(example -> allow(declared, example, http.value()));
            }
        }
    }

    private static void allow(Map<String, Set<String>> addresses, String address, String method) {
        addresses
                .computeIfAbsent(address, none -> new TreeSet<>(Set.of("OPTIONS")))
                .addAll(method.equals("GET") ? List.of("GET", "HEAD") : List.of(method));
    }

    /** An address for each alternative of a parameter. Any other parameter is an x. */
    private static Stream<String> examples(String address) {
        Matcher alternatives = ALTERNATIVES.matcher(address);
        return alternatives.find()
                ? Stream.of(alternatives.group(1).split("\\|"))
                        .flatMap(each -> examples(alternatives.replaceFirst(each)))
                : Stream.of(address.replaceAll("\\{[^}]+}", "x"));
    }

    @Test
    void everyAddressAllowsWhatItsResourceDeclares() {
        assertThat(declared)
                .isNotEmpty()
                .allSatisfy((address, methods) -> assertThat(AllowedMethods.of(address).stream()
                                .flatMap(allow -> Stream.of(allow.split(", ")))
                                .toList())
                        .as(address)
                        .containsExactlyInAnyOrderElementsOf(methods));
    }

    /** It describes HEAD and OPTIONS once for all. */
    @Test
    void theDescriptionOfTheApiHasEveryAddressWithItsMethodsAndNoOther() throws IOException {
        Map<String, Set<String>> described = new TreeMap<>();
        JsonNode paths = new YAMLMapper()
                .readTree(Files.readString(Path.of("src/main/resources/META-INF/openapi.yaml")))
                .path("paths");
        paths.properties()
                .forEach(path -> path.getValue().properties().stream()
                        .map(member -> member.getKey().toUpperCase(Locale.ROOT))
                        .filter(Set.of("GET", "POST", "PUT", "DELETE")::contains)
                        .forEach(method -> allow(described, path.getKey().replaceAll("\\{[^}]+}", "x"), method)));

        assertThat(described).isEqualTo(declared);
    }

    @Test
    void noOtherAddressAllowsAnything() {
        assertThat(Stream.of("/v2/", "/v2/nothing", "/v2/models/x/infer/y", "/nothing")
                        .flatMap(address -> AllowedMethods.of(address).stream()))
                .isEmpty();
    }
}
