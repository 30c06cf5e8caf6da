package dev.penstock.ingress.web;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.Path;
import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class AllowedMethodsTest {
    /** The API as its resources declare it: methods by address. */
    private final Map<String, Set<String>> declared = new TreeMap<>();

    AllowedMethodsTest() {
        for (JavaClass each : new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .importPackages("dev.penstock.ingress")) {
            if (each.isAnnotatedWith(Path.class)) {
                Class<?> resource = each.reflect();
                Arrays.stream(resource.getDeclaredMethods()).forEach(method -> declare(resource, method));
            }
        }
    }

    private void declare(Class<?> resource, Method method) {
        for (Annotation annotation : method.getAnnotations()) {
            HttpMethod http = annotation.annotationType().getAnnotation(HttpMethod.class);
            if (http != null) {
                Path path = method.getAnnotation(Path.class);
                String address = resource.getAnnotation(Path.class).value() + (path == null ? "" : "/" + path.value());
                declared.computeIfAbsent(example(address), none -> new TreeSet<>(Set.of("OPTIONS")))
                        .addAll(http.value().equals("GET") ? List.of("GET", "HEAD") : List.of(http.value()));
            }
        }
    }

    /** A parameter with alternatives gets the first, any other an x. */
    private static String example(String address) {
        return address.replaceAll("\\{\\w+: (\\w+)\\|[^}]+}", "$1").replaceAll("\\{[^}]+}", "x");
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

    @Test
    void noOtherAddressAllowsAnything() {
        assertThat(Stream.of("/v2/", "/v2/nothing", "/v2/models/x/infer/y", "/nothing")
                        .flatMap(address -> AllowedMethods.of(address).stream()))
                .isEmpty();
    }
}
