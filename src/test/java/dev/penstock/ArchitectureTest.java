package dev.penstock;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import dev.penstock.protocol.Lane;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which package may import which, and where the outside world, threads and clocks may be touched. */
final class ArchitectureTest {
    private static final String ROOT = "dev.penstock";
    private static final int MAX_FILES_OF_A_PACKAGE = 20;

    /** The packages of ours that each package may import beside itself. No row names {@code app}: nothing imports it. */
    private static final Map<String, Set<String>> MAY_IMPORT = Map.ofEntries(
            entry("protocol", Set.of()),
            entry("protocol.codec", Set.of("protocol")),
            entry("messages", Set.of("protocol")),
            entry("threads", Set.of()),
            entry("tracing", Set.of("protocol", "messages")),
            entry("process", Set.of()),
            entry("kafka", Set.of("messages", "threads")),
            entry("redis", Set.of()),
            entry("metrics", Set.of("threads")),
            entry("tenants.quota", Set.of("messages")),
            entry("tenants", Set.of("threads", "protocol", "tenants.quota")),
            entry(
                    "ingress.call",
                    Set.of("tracing", "threads", "protocol", "protocol.codec", "messages", "kafka", "tenants")),
            entry(
                    "ingress.gate",
                    Set.of(
                            "threads",
                            "protocol",
                            "messages",
                            "kafka",
                            "metrics",
                            "tenants",
                            "tenants.quota",
                            "ingress.call")),
            entry("ingress.negotiation", Set.of("protocol", "ingress.call")),
            entry(
                    "ingress.triton",
                    Set.of("protocol", "messages", "tenants", "ingress.call", "ingress.http", "ingress.submit")),
            entry(
                    "ingress.outcomes",
                    Set.of(
                            "threads",
                            "protocol",
                            "protocol.codec",
                            "messages",
                            "kafka",
                            "redis",
                            "tenants.quota",
                            "ingress.call")),
            entry(
                    "ingress.submit",
                    Set.of(
                            "tracing",
                            "threads",
                            "protocol",
                            "messages",
                            "kafka",
                            "redis",
                            "metrics",
                            "tenants",
                            "ingress.call",
                            "ingress.gate",
                            "ingress.outcomes")),
            entry(
                    "ingress.warmup",
                    Set.of("threads", "process", "protocol", "messages", "kafka", "tenants", "ingress.call")),
            entry(
                    "ingress",
                    Set.of(
                            "threads",
                            "process",
                            "protocol",
                            "protocol.codec",
                            "messages",
                            "kafka",
                            "redis",
                            "tenants",
                            "tenants.quota",
                            "ingress.call",
                            "ingress.gate",
                            "ingress.outcomes",
                            "ingress.submit",
                            "ingress.warmup")),
            entry("ingress.web", Set.of("threads", "ingress")),
            entry(
                    "ingress.http",
                    Set.of(
                            "tracing",
                            "threads",
                            "protocol",
                            "messages",
                            "tenants",
                            "ingress",
                            "ingress.web",
                            "ingress.call",
                            "ingress.gate",
                            "ingress.negotiation",
                            "ingress.outcomes",
                            "ingress.submit",
                            "ingress.warmup")),
            entry(
                    "ingress.grpc",
                    Set.of(
                            "threads",
                            "protocol",
                            "protocol.codec",
                            "messages",
                            "tenants",
                            "ingress",
                            "ingress.call",
                            "ingress.gate",
                            "ingress.http",
                            "ingress.submit",
                            "ingress.triton",
                            "ingress.web")),
            entry(
                    "ingress.console",
                    Set.of(
                            "protocol",
                            "messages",
                            "tenants",
                            "diagnosis",
                            "ingress",
                            "ingress.call",
                            "ingress.http",
                            "ingress.web")),
            entry("batching", Set.of("protocol")), // Lane alone, see batchingIsPure
            entry("features.vector", Set.of()),
            entry("features.source", Set.of("features.vector")),
            entry("features.cache", Set.of("redis", "features.vector", "features.source")),
            entry("features", Set.of("features.vector", "features.source", "features.cache")),
            entry("model", Set.of("protocol")),
            entry("model.graph", Set.of("protocol", "model")),
            entry("model.config", Set.of("protocol", "model", "model.graph")),
            entry("model.onnx", Set.of("protocol", "model", "model.graph", "model.config")),
            entry("model.probe", Set.of("protocol", "model", "model.graph", "model.config")),
            entry("model.remote", Set.of("protocol", "protocol.codec", "model", "model.config", "threads")),
            entry(
                    "model.repository",
                    Set.of(
                            "protocol",
                            "messages",
                            "model",
                            "model.graph",
                            "model.config",
                            "model.onnx",
                            "model.probe",
                            "model.remote")),
            entry("worker.accepted", Set.of("tracing", "protocol", "messages")),
            entry(
                    "worker.loop",
                    Set.of(
                            "tracing",
                            "threads",
                            "protocol",
                            "messages",
                            "metrics",
                            "batching",
                            "features.vector",
                            "model",
                            "model.config",
                            "worker.accepted")),
            entry(
                    "worker.reply",
                    Set.of(
                            "tracing",
                            "threads",
                            "protocol",
                            "protocol.codec",
                            "messages",
                            "kafka",
                            "batching",
                            "features.vector",
                            "model.config",
                            "worker.accepted",
                            "worker.loop")),
            entry(
                    "worker.join",
                    Set.of(
                            "tracing",
                            "threads",
                            "protocol",
                            "messages",
                            "kafka",
                            "features.vector",
                            "features.cache",
                            "model.config",
                            "worker.loop")),
            entry("worker.intake.rules", Set.of("protocol", "messages", "worker.accepted", "worker.loop")),
            entry(
                    "worker.intake",
                    Set.of(
                            "tracing",
                            "threads",
                            "protocol",
                            "protocol.codec",
                            "messages",
                            "kafka",
                            "model.config",
                            "worker.accepted",
                            "worker.loop",
                            "worker.reply",
                            "worker.join",
                            "worker.intake.rules")),
            entry(
                    "worker",
                    Set.of(
                            "tracing",
                            "threads",
                            "process",
                            "protocol",
                            "protocol.codec",
                            "messages",
                            "kafka",
                            "batching",
                            "features",
                            "features.vector",
                            "features.cache",
                            "model",
                            "model.graph",
                            "model.config",
                            "model.repository",
                            "worker.accepted",
                            "worker.loop",
                            "worker.reply",
                            "worker.join",
                            "worker.intake.rules",
                            "worker.intake")),
            entry("diagnosis", Set.of()),
            entry("cli.option", Set.of()),
            entry("cli.command", Set.of("cli.option")),
            entry("cli.bench", Set.of("cli.option")),
            entry("cli", Set.of("diagnosis", "cli.option", "cli.command", "cli.bench")),
            entry("deadletters", Set.of("messages", "kafka", "cli.command")),
            entry("local", Set.of("deadletters", "cli", "cli.command", "process")),
            // Not local: the production package has none.
            entry(
                    "app",
                    Set.of(
                            "tracing",
                            "threads",
                            "process",
                            "protocol",
                            "protocol.codec",
                            "kafka",
                            "redis",
                            "metrics",
                            "features",
                            "ingress",
                            "ingress.warmup",
                            "worker")));

    /** The outside world, and the packages that may touch it. */
    private static final Map<String, Set<String>> BELONGS_TO = Map.ofEntries(
            entry("ai.onnxruntime..", Set.of("model.onnx")),
            entry("ai.onnx.proto..", Set.of("model.graph", "model.onnx", "model.repository")),
            entry("com.google.protobuf..", Set.of("model.graph", "model.onnx", "ingress.grpc")),
            entry("io.grpc..", Set.of("ingress.grpc")),
            entry("inference..", Set.of("ingress.grpc")),
            entry(
                    "io.vertx.redis..",
                    Set.of(
                            "redis",
                            "ingress",
                            "ingress.submit",
                            "ingress.outcomes",
                            "tenants.quota",
                            "features",
                            "features.cache",
                            "app")),
            entry("com.github.benmanes..", Set.of("features.cache", "worker.loop")),
            entry("io.opentelemetry..", Set.of("tracing", "app")),
            entry("io.prometheus..", Set.of("tracing", "app")),
            entry("jakarta.ws.rs..", Set.of("ingress.http", "ingress.triton")),
            entry(
                    "io.vertx.core.http..",
                    Set.of(
                            "ingress.http",
                            "ingress.console",
                            "ingress.grpc",
                            "ingress.web",
                            "ingress.warmup",
                            "model.remote")),
            entry(
                    "org.apache.kafka..",
                    Set.of(
                            "messages",
                            "kafka",
                            "ingress",
                            "ingress.call",
                            "ingress.gate",
                            "ingress.submit",
                            "ingress.outcomes",
                            "ingress.warmup",
                            "worker",
                            "worker.intake",
                            "worker.join",
                            "worker.reply",
                            "deadletters",
                            "local",
                            "app")),
            entry("kafka..", Set.of("local")),
            entry("picocli..", Set.of("cli", "cli.option", "cli.command", "cli.bench")),
            entry("redis.embedded..", Set.of("local")));

    private static final JavaClasses SERVICE = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages(ROOT);

    @Test
    void everyPackageIsListed() {
        Set<String> found = SERVICE.stream()
                .map(ArchitectureTest::packageOf)
                .filter(name -> !name.isEmpty())
                .collect(Collectors.toSet());

        assertThat(found).isEqualTo(packages());
    }

    @ParameterizedTest
    @MethodSource("packages")
    void aPackageImportsOnlyWhatTheTableAllows(String name) {
        Set<String> allowed = MAY_IMPORT.getOrDefault(name, Set.of());
        String[] forbidden = packages().stream()
                .filter(other -> !other.equals(name) && !allowed.contains(other))
                .map(ArchitectureTest::exactly)
                .toArray(String[]::new);

        noClasses()
                .that()
                .resideInAPackage(exactly(name))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(forbidden)
                .check(SERVICE);
    }

    @Test
    void noPackagesFormACycle() {
        slices().assignedFrom(new SliceAssignment() {
                    @Override
                    public SliceIdentifier getIdentifierOf(JavaClass type) {
                        return SliceIdentifier.of(type.getPackageName());
                    }

                    @Override
                    public String getDescription() {
                        return "packages";
                    }
                })
                .should()
                .beFreeOfCycles()
                .check(SERVICE);
    }

    @Test
    void aPackageHasAtMostTwentyFiles() {
        Map<String, Long> files = SERVICE.stream()
                .filter(type -> type.getEnclosingClass().isEmpty()
                        && !type.getSimpleName().equals("package-info"))
                .collect(Collectors.groupingBy(ArchitectureTest::packageOf, Collectors.counting()));

        assertThat(files)
                .allSatisfy((name, count) ->
                        assertThat(count).as("files in %s", name).isLessThanOrEqualTo(MAX_FILES_OF_A_PACKAGE));
    }

    /** Lane is the one concept that requests, topics and batches share, and an enum keeps batching as pure as an int would. */
    @Test
    void batchingIsPure() {
        noClasses()
                .that()
                .resideInAPackage(exactly("batching"))
                .should()
                .dependOnClassesThat()
                .resideOutsideOfPackages(
                        exactly("batching"),
                        exactly("protocol"),
                        "java.util..",
                        "java.lang..",
                        "org.jspecify.annotations..")
                .orShould()
                .dependOnClassesThat(resideInAPackage(exactly("protocol"))
                        .and(DescribedPredicate.not(JavaClass.Predicates.equivalentTo(Lane.class))))
                .orShould()
                .dependOnClassesThat()
                .resideInAPackage("java.util.concurrent..")
                .orShould()
                .dependOnClassesThat(JavaClass.Predicates.assignableTo(Thread.class))
                .check(SERVICE);
    }

    /** So that the simulation runs them as they are. */
    @ParameterizedTest
    @ValueSource(strings = {"worker.accepted", "worker.loop", "worker.intake.rules"})
    void whatIsSimulatedKnowsNoKafka(String name) {
        noClasses()
                .that()
                .resideInAPackage(exactly(name))
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.apache.kafka..")
                .check(SERVICE);
    }

    @ParameterizedTest
    @MethodSource("libraries")
    void aLibraryIsUsedOnlyByItsPackages(String library) {
        String[] home = BELONGS_TO.getOrDefault(library, Set.of()).stream()
                .map(ArchitectureTest::exactly)
                .toArray(String[]::new);

        noClasses()
                .that()
                .resideInAPackage(ROOT + "..")
                .and()
                .resideOutsideOfPackages(home)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(library)
                .check(SERVICE);
    }

    /** Otherwise the rule above would hold for a misspelt name. */
    @ParameterizedTest
    @MethodSource("libraries")
    void aLibraryIsUsedAtAll(String library) {
        assertThat(SERVICE.stream()
                        .flatMap(type -> type.getDirectDependenciesFromSelf().stream())
                        .filter(dependency -> resideInAPackage(library).test(dependency.getTargetClass())))
                .isNotEmpty();
    }

    @Test
    void kafkaClientsAreMadeOnlyIn() {
        assertThat(classesThat(access -> isMade(access, "org.apache.kafka.clients.consumer.KafkaConsumer")
                        || isMade(access, "org.apache.kafka.clients.producer.KafkaProducer")
                        || isCalled(access, "org.apache.kafka.clients.admin.Admin", "create")))
                .containsExactlyInAnyOrder(
                        "kafka.KafkaClients",
                        // Its own broker, whose topics it makes before any client comes.
                        "local.LocalStack");
    }

    @Test
    void threadsAreStartedOnlyIn() {
        assertThat(classesThat(access -> isCalled(access, "java.lang.Thread", "ofPlatform")
                        || isCalled(access, "java.lang.Thread", "ofVirtual")
                        || isMade(access, "java.lang.Thread")
                        || access.getTargetOwner().getName().equals("java.util.concurrent.Executors")))
                .containsExactlyInAnyOrder(
                        // Every service thread; the others are pools for calls that block.
                        "threads.ServiceThread",
                        "cli.TestRun",
                        "features.FeatureCaches",
                        "features.source.SqlSource",
                        "local.LocalMain",
                        "local.PackageTraining",
                        "model.remote.Download",
                        "tenants.JwtAuthenticator",
                        "worker.ModelServer",
                        "worker.Worker");
    }

    @Test
    void clocksAreReadOnlyIn() {
        assertThat(classesThat(access -> isCalled(access, "java.lang.System", "nanoTime")
                        || isCalled(access, "java.lang.System", "currentTimeMillis")
                        || isCalled(access, "java.time.Instant", "now")
                        || access.getTargetOwner().getName().equals("java.time.Clock")))
                .containsExactlyInAnyOrder(
                        "app.KafkaWatch",
                        "cli.MetricsReader",
                        "cli.TestRun",
                        "features.cache.BulkLoader",
                        "features.cache.FeatureCache",
                        "features.cache.FeatureMeters",
                        "ingress.Ingress",
                        "ingress.call.EventLoopLag",
                        "ingress.gate.LagWatch",
                        "local.EmbeddedRedis",
                        "model.repository.ModelLoader",
                        "threads.LimitedLog",
                        "threads.LoopThread",
                        "threads.Time",
                        "threads.TroubleLog",
                        "worker.join.FeatureUpdates",
                        "worker.loop.LaneMeters",
                        "worker.loop.SessionAccelerator",
                        "worker.reply.Announcer",
                        "worker.reply.Cancellations",
                        "worker.reply.ReplyTopics");
    }

    @Test
    void configurationIsReadOnlyByTheRootsOfRoles() {
        Set<String> readers = SERVICE.stream()
                .flatMap(type -> type.getDirectDependenciesFromSelf().stream())
                .filter(dependency -> isConfiguration(outermost(dependency.getTargetClass())))
                .map(dependency -> outermost(dependency.getOriginClass()))
                .filter(type -> !isConfiguration(type))
                .map(ArchitectureTest::nameOf)
                .collect(Collectors.toCollection(TreeSet::new));

        assertThat(readers)
                .containsExactlyInAnyOrder(
                        "app.ConfigRelations",
                        "app.Roles",
                        "app.TracingBeans",
                        "app.WorkerParts",
                        "app.WorkerRole",
                        "features.FeatureCaches",
                        "ingress.AccessPolicy",
                        "ingress.Ingress",
                        "ingress.IngressBeans",
                        "ingress.console.ConsoleRoutes",
                        "ingress.http.WatchedTransport", // Vert.x makes it before there are beans
                        "tenants.Authenticator",
                        "worker.ModelLoading",
                        "worker.ModelServer",
                        "worker.Worker");
    }

    @ParameterizedTest
    @MethodSource("allPackages")
    void aPackageHasADescriptionAndIsNullMarked(JavaPackage each) {
        assertThat(each.isAnnotatedWith(NullMarked.class)).isTrue();
    }

    private static Set<String> packages() {
        return MAY_IMPORT.keySet();
    }

    private static Set<String> libraries() {
        return BELONGS_TO.keySet();
    }

    /** All packages, including those of tests and tools. */
    private static Stream<JavaPackage> allPackages() {
        return new ClassFileImporter()
                .withImportOption(location -> !location.contains("/jmh_generated/")).importPackages(ROOT).stream()
                        .map(JavaClass::getPackage)
                        .distinct();
    }

    /** The top-level classes of the service that have an access of this kind. */
    private static Set<String> classesThat(Predicate<JavaAccess<?>> access) {
        return SERVICE.stream()
                .flatMap(type -> type.getAccessesFromSelf().stream())
                .filter(access)
                .map(each -> nameOf(outermost(each.getOriginOwner())))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static boolean isCalled(JavaAccess<?> access, String owner, String method) {
        return access.getTargetOwner().getName().equals(owner)
                && access.getName().equals(method);
    }

    private static boolean isMade(JavaAccess<?> access, String owner) {
        return isCalled(access, owner, "<init>");
    }

    private static boolean isConfiguration(JavaClass type) {
        return type.isAnnotatedWith("io.smallrye.config.ConfigMapping");
    }

    private static JavaClass outermost(JavaClass type) {
        JavaClass outermost = type;
        while (outermost.getEnclosingClass().isPresent()) {
            outermost = outermost.getEnclosingClass().get();
        }
        return outermost;
    }

    /** The name without {@code dev.penstock}; empty for that package itself. */
    private static String packageOf(JavaClass type) {
        return type.getPackageName().equals(ROOT) ? "" : type.getPackageName().substring(ROOT.length() + 1);
    }

    private static String nameOf(JavaClass type) {
        return type.getName().substring(ROOT.length() + 1);
    }

    /** The classes of a package, without its sub-packages. */
    private static String exactly(String name) {
        return ROOT + "." + name;
    }
}
