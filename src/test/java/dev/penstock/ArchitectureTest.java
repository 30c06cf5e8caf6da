package dev.penstock;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Which package may know which, and where the outside world may be touched. */
final class ArchitectureTest {
    private static final String ROOT = "dev.penstock";

    /** Of our packages, the ones that each may import beside itself. No row names {@code app}: nothing imports it. */
    private static final Map<String, Set<String>> MAY_IMPORT = Map.of(
            "protocol", Set.of(),
            "tenants", Set.of("protocol"),
            "ingress", Set.of("protocol", "tenants", "redis"),
            "batching", Set.of(),
            "features", Set.of("protocol", "redis"),
            "model", Set.of("protocol"),
            "worker", Set.of("protocol", "batching", "features", "model"),
            "cli", Set.of(),
            "local", Set.of("cli"),
            "redis", Set.of(),
            // Not local: the production package has none.
            "app", Set.of("protocol", "tenants", "ingress", "batching", "features", "model", "worker"));

    /** The outside world, and the packages that may touch it. */
    private static final Map<String, Set<String>> BELONGS_TO = Map.of(
            "ai.onnxruntime..", Set.of("model"),
            "ai.onnx.proto..", Set.of("model"),
            "com.google.protobuf..", Set.of("model"),
            "io.vertx.redis..", Set.of("redis", "ingress", "tenants", "features", "app"),
            "com.github.benmanes..", Set.of("features"),
            "jakarta.ws.rs..", Set.of("ingress", "app"),
            "io.vertx.core.http..", Set.of("ingress", "app"),
            "org.apache.kafka..", Set.of("protocol", "ingress", "worker", "local", "app"),
            "kafka..", Set.of("local"),
            "picocli..", Set.of("cli"),
            "redis.embedded..", Set.of("local"));

    private static final JavaClasses SERVICE = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages(ROOT);

    @Test
    void everyPackageHasItsRowInTheTable() {
        Set<String> found = SERVICE.stream()
                .map(JavaClass::getPackageName)
                .filter(name -> !name.equals(ROOT))
                .map(name -> name.substring(ROOT.length() + 1))
                .collect(Collectors.toSet());

        assertThat(found).isEqualTo(packages());
    }

    @ParameterizedTest
    @MethodSource("packages")
    void aPackageImportsOnlyWhatTheTableAllows(String name) {
        Set<String> allowed = MAY_IMPORT.getOrDefault(name, Set.of());
        String[] forbidden = packages().stream()
                .filter(other -> !other.equals(name) && !allowed.contains(other))
                .map(ArchitectureTest::inside)
                .toArray(String[]::new);

        noClasses()
                .that(resideInAPackage(inside(name)))
                .should()
                .dependOnClassesThat(resideInAnyPackage(forbidden))
                .check(SERVICE);
    }

    @Test
    void batchingIsPure() {
        classes()
                .that(resideInAPackage(inside("batching")))
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(
                        inside("batching"), "java.util..", "java.lang..", "org.jspecify.annotations.."))
                .check(SERVICE);
    }

    @Test
    void batchingHasNoClockAndNoThread() {
        noClasses()
                .that(resideInAPackage(inside("batching")))
                .should()
                .dependOnClassesThat(resideInAPackage("java.util.concurrent.."))
                .orShould()
                .dependOnClassesThat(JavaClass.Predicates.assignableTo(Thread.class))
                .orShould()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .check(SERVICE);
    }

    @ParameterizedTest
    @MethodSource("libraries")
    void aLibraryStaysWhereItBelongs(String library) {
        String[] home = BELONGS_TO.getOrDefault(library, Set.of()).stream()
                .map(ArchitectureTest::inside)
                .toArray(String[]::new);

        noClasses()
                .that(resideInAPackage(ROOT + ".."))
                .and()
                .resideOutsideOfPackages(home)
                .should()
                .dependOnClassesThat(resideInAPackage(library))
                .check(SERVICE);
    }

    /** Else the rule above would hold for a name that is spelt wrong. */
    @ParameterizedTest
    @MethodSource("libraries")
    void aLibraryIsUsedAtAll(String library) {
        assertThat(SERVICE.stream()
                        .flatMap(type -> type.getDirectDependenciesFromSelf().stream())
                        .filter(dependency -> resideInAPackage(library).test(dependency.getTargetClass())))
                .isNotEmpty();
    }

    @ParameterizedTest
    @MethodSource("allPackages")
    void aPackageSaysWhatItIsAndThatNothingInItIsNull(JavaPackage each) {
        assertThat(each.isAnnotatedWith(NullMarked.class)).isTrue();
    }

    private static Set<String> packages() {
        return MAY_IMPORT.keySet();
    }

    private static Set<String> libraries() {
        return BELONGS_TO.keySet();
    }

    /** Those of the tests too. */
    private static Stream<JavaPackage> allPackages() {
        return new ClassFileImporter()
                .withImportOption(location -> !location.contains("/jmh_generated/")).importPackages(ROOT).stream()
                        .map(JavaClass::getPackage)
                        .distinct();
    }

    private static String inside(String name) {
        return ROOT + "." + name + "..";
    }
}
