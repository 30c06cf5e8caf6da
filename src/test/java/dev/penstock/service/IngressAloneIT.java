package dev.penstock.service;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.local.LocalStack;
import dev.penstock.samples.DigitsTable;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An ingress needs nothing of the worker: the production package without the libraries of workers, as the profile "native" has it. */
@Tag("long")
class IngressAloneIT {
    private static final Path PACKAGE = Path.of("target/production/quarkus-app");
    private static final List<String> LIBRARIES_OF_WORKERS = List.of(
            "com.microsoft.onnxruntime.",
            "io.agroal.",
            "io.netty.netty-transport-native-epoll-",
            "org.postgresql.",
            "org.tribuo.");

    @Test
    void anIngressServesWithoutTheLibrariesOfWorkers(@TempDir Path folder) throws Exception {
        assertThat(PACKAGE).as("./mvnw package -Dproduction makes it").exists();
        int left = linkWithoutLibrariesOfWorkers(folder);
        assertThat(left).as("libraries left out").isGreaterThanOrEqualTo(LIBRARIES_OF_WORKERS.size());
        int port = RoleProcess.freePort();
        try (LocalStack stack = LocalStack.start()) {
            Process ingress = start("ingress", folder, stack, port);
            Process worker = start("worker", PACKAGE, stack, RoleProcess.freePort());
            try {
                Service service = new Service(URI.create("http://127.0.0.1:" + port)).awaitModel("digits");

                assertThat(service.post(
                                        "/v2/models/digits/infer",
                                        Digits.request(
                                                DigitsTable.load().heldOut().getFirst()))
                                .status())
                        .isEqualTo(200);
            } finally {
                worker.destroy();
                ingress.destroy();
                worker.waitFor();
                ingress.waitFor();
            }
        }
    }

    private static Process start(String role, Path folder, LocalStack stack, int port) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
                        "-jar",
                        folder.resolve("quarkus-run.jar").toString())
                .redirectErrorStream(true)
                .redirectOutput(Path.of("target/alone-" + role + ".log").toFile());
        builder.environment().putAll(RoleProcess.ENVIRONMENT);
        builder.environment()
                .putAll(Map.of(
                        "PENSTOCK_ROLES", role,
                        "PENSTOCK_KAFKA_BOOTSTRAP_SERVERS", stack.bootstrapServers(),
                        "PENSTOCK_REDIS_URL", stack.redisUrl(),
                        "QUARKUS_HTTP_HOST", "127.0.0.1",
                        "QUARKUS_HTTP_PORT", Integer.toString(port),
                        "QUARKUS_MANAGEMENT_HOST", "127.0.0.1",
                        "QUARKUS_MANAGEMENT_PORT", Integer.toString(RoleProcess.freePort())));
        return builder.start();
    }

    /** @return how many libraries were left out */
    private static int linkWithoutLibrariesOfWorkers(Path folder) throws IOException {
        int left = 0;
        try (Stream<Path> files = Files.walk(PACKAGE)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String name = file.getFileName().toString();
                if (LIBRARIES_OF_WORKERS.stream().anyMatch(name::startsWith)) {
                    left++;
                } else {
                    Path link = folder.resolve(PACKAGE.relativize(file));
                    Files.createDirectories(link.getParent());
                    Files.createSymbolicLink(link, file.toAbsolutePath());
                }
            }
        }
        return left;
    }
}
