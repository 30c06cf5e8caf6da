package dev.penstock.service;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.images.ComposeFile;
import dev.penstock.images.Dockerfile;
import dev.penstock.samples.DigitsTable;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.embedded.core.ExecutableProvider;

/**
 * docker-compose.yml and the image, as processes of this machine: the files of the image in the same layout, on the runtime that its jlink makes, with
 * the same command lines and environments. Only addresses and folders differ. Needs {@code ./mvnw package -Dproduction}, and HAProxy.
 */
@Tag("long")
class ComposeIT {
    private static final Path PACKAGE = Path.of("target/production/quarkus-app");
    private static final String HOST = "127.0.0.1";
    private static final Duration START_LIMIT = Duration.ofMinutes(3);
    private static final String CUSTOMER =
            "{\"inputs\":[{\"name\":\"customer_id\",\"datatype\":\"INT64\",\"shape\":[1],\"data\":[7]}]}";

    @TempDir
    Path folder;

    private final List<Process> processes = new ArrayList<>();

    /** What stands for the host:port of a container. */
    private final Map<String, String> addresses = new TreeMap<>();

    private ComposeFile compose;
    private Dockerfile image;

    @BeforeEach
    void read() throws IOException {
        assumeThat(PACKAGE).as("./mvnw package -Dproduction makes it").exists();
        compose = ComposeFile.read();
        image = Dockerfile.read("src/main/docker/Dockerfile.jvm");
    }

    @AfterEach
    void stop() throws InterruptedException {
        for (int index = processes.size() - 1; index >= 0; index--) {
            processes.get(index).destroy();
            if (!processes.get(index).waitFor(30, TimeUnit.SECONDS)) {
                processes.get(index).destroyForcibly().waitFor();
            }
        }
    }

    @Test
    void everyServiceStartsAndTheWholeServes() throws Exception {
        Path java = runtimeOfTheImage();
        Path layout = layoutOfTheImage();
        redis("redis-results");
        redis("redis-features");
        kafka();
        try (EmbeddedPostgres database = customers()) {
            addresses.put("customers:5432", HOST + ":" + database.getPort());
            Role first = role("ingress", image.entryPoint(), java, layout);
            Role second = role("ingress", image.entryPoint(), java, layout);
            Role worker = role("worker", image.entryPoint(), java, layout);
            Service proxy = proxy(first, second);
            Service prometheus = prometheus(first, second, worker);

            proxy.awaitModel("digits").awaitModel("churn");
            Stream.of(first, second, worker)
                    .forEach(role -> await().atMost(START_LIMIT).until(() -> isHealthy(role, java, layout)));
            String digit = Digits.request(DigitsTable.load().heldOut().getFirst());
            assertThat(proxy.post("/v2/models/digits/infer", digit).status()).isEqualTo(200);
            assertThat(proxy.post("/v2/models/churn/infer", CUSTOMER).status()).isEqualTo(200);
            String location = proxy.post("/v2/models/digits/infer", digit, "Prefer", "respond-async")
                    .header("Location");
            assertThat(proxy.get(location, "Prefer", "wait=30")
                            .json()
                            .path("status")
                            .asText())
                    .isEqualTo("succeeded");

            assertThat(asked("redis-features", "KEYS penstock:feature:*")).contains("telecom-customers");
            assertThat(asked("redis-results", "KEYS penstock:feature:*")).isEqualTo("*0");
            assertThat(asked("redis-results", "DBSIZE")).isNotEqualTo(":0");
            await().atMost(START_LIMIT)
                    .untilAsserted(() -> assertThat(prometheus
                                    .get("/api/v1/query?query=" + URLEncoder.encode("sum(up)", UTF_8))
                                    .json()
                                    .at("/data/result/0/value/1")
                                    .asText())
                            .isEqualTo("3"));

            first.process.destroy();
            assertThat(first.process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(Stream.generate(() ->
                                    proxy.post("/v2/models/digits/infer", digit).status())
                            .limit(20))
                    .containsOnly(200);
        }
    }

    /** Dockerfile.trained. Its training takes a minute. */
    @Test
    void theTrainedImageStartsFromWhatItHasLearnt() throws Exception {
        assumeThat(Runtime.version().feature()).isGreaterThanOrEqualTo(25);
        Path java = runtimeOfTheImage();
        Path layout = layoutOfTheImage();
        Dockerfile trained = Dockerfile.read("src/main/docker/Dockerfile.trained");
        Path cache = folder.resolve("penstock.aot");
        List<String> training = new ArrayList<>(List.of(
                java.toString(),
                "-jar",
                Path.of("target/quarkus-app/quarkus-run.jar").toAbsolutePath().toString(),
                "train",
                cache.toString(),
                "--",
                java.toString()));
        training.addAll(trained.training().subList(1, trained.training().size()));
        Process trains = start("training", training, image.environment(), layout.resolve("penstock"));
        assertThat(trains.waitFor()).as(log("training").toString()).isZero();

        List<String> command = trained.image().entryPoint().stream()
                .map(word -> word.replace("/penstock/penstock.aot", cache.toString()))
                .collect(Collectors.toCollection(ArrayList::new));
        // Without this, a JVM that cannot use the cache starts all the same.
        command.add(1, "-XX:AOTMode=on");
        redis("redis-results");
        kafka();
        Role ingress = role("ingress", command, java, layout);
        await().atMost(START_LIMIT).until(() -> isHealthy(ingress, java, layout));
    }

    private record Role(Process process, int port, int managementPort) {}

    private Role role(String service, List<String> entryPoint, Path java, Path layout) throws IOException {
        int port = RoleProcess.freePort();
        int management = RoleProcess.freePort();
        List<String> command = new ArrayList<>(entryPoint);
        command.set(0, java.toString());
        Map<String, String> environment = new TreeMap<>(image.environment());
        environment.remove("JAVA_HOME");
        compose.environment(service).forEach((name, value) -> environment.put(name, onThisMachine(value)));
        environment.computeIfPresent("PENSTOCK_WORKER_MODELS", (name, path) -> mounted(service, path));
        environment.put("QUARKUS_HTTP_HOST", HOST);
        environment.put("QUARKUS_HTTP_PORT", Integer.toString(port));
        environment.put("QUARKUS_MANAGEMENT_HOST", HOST);
        environment.put("QUARKUS_MANAGEMENT_PORT", Integer.toString(management));
        return new Role(start(service, command, environment, layout.resolve("penstock")), port, management);
    }

    /** Where a folder of a container is on this machine; the folder itself if none is mounted there. */
    private String mounted(String service, String path) {
        for (var volume : compose.service(service).path("volumes")) {
            String[] parts = volume.asText().split(":", -1);
            if (parts[1].equals(path)) {
                return Path.of(parts[0]).toAbsolutePath().normalize().toString();
            }
        }
        return path;
    }

    private boolean isHealthy(Role role, Path java, Path layout) throws Exception {
        List<String> check = new ArrayList<>(image.healthCheck().stream()
                .map(word -> word.replace("/penstock/", layout.resolve("penstock") + "/")
                        .replace("127.0.0.1:9000", HOST + ":" + role.managementPort))
                .toList());
        check.set(0, java.toString());
        return start("health", check, Map.of(), folder).waitFor() == 0;
    }

    private Path runtimeOfTheImage() throws Exception {
        Path home = Path.of(System.getProperty("java.home"));
        Path runtime = folder.resolve("runtime");
        List<String> jlink = new ArrayList<>(
                Dockerfile.read("src/main/docker/Dockerfile.jvm").runtime());
        jlink.set(0, home.resolve("bin/jlink").toString());
        jlink.set(jlink.size() - 1, runtime.toString());
        Process process = start("jlink", jlink, Map.of(), folder);
        assertThat(process.waitFor()).as(log("jlink").toString()).isZero();
        return runtime.resolve("bin/java");
    }

    private Path layoutOfTheImage() throws IOException {
        Path root = folder.resolve("image");
        for (Dockerfile.Copy copy : image.copies()) {
            Path from = Path.of(copy.from()).toAbsolutePath();
            Path to = root.resolve(copy.to().substring(1));
            if (!Files.isDirectory(from)) {
                to = to.resolve(from.getFileName());
            }
            Files.createDirectories(to.getParent());
            Files.createSymbolicLink(to, from);
        }
        return root;
    }

    private void redis(String service) throws IOException {
        int port = RoleProcess.freePort();
        addresses.put(service + ":6379", HOST + ":" + port);
        Path data = Files.createDirectory(folder.resolve(service));
        List<String> command = new ArrayList<>(compose.command(service));
        command.set(
                0,
                ExecutableProvider.newJarResourceProvider(data.toFile()).get().getAbsolutePath());
        command.addAll(List.of("--bind", HOST, "--port", Integer.toString(port), "--dir", data.toString()));
        start(service, command, Map.of(), data);
    }

    private String asked(String service, String command) throws IOException {
        String address = onThisMachine(service + ":6379");
        int port = Integer.parseInt(address.substring(address.indexOf(':') + 1));
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.getOutputStream().write((command + "\r\nQUIT\r\n").getBytes(UTF_8));
            String answer = new String(socket.getInputStream().readAllBytes(), UTF_8);
            return answer.replace("+OK\r\n", "").strip();
        }
    }

    /** The image's own program writes server.properties from the environment, and formats the storage. */
    private void kafka() throws Exception {
        int services = RoleProcess.freePort();
        int host = RoleProcess.freePort();
        int controller = RoleProcess.freePort();
        addresses.put("kafka:19092", HOST + ":" + services);
        Map<String, String> environment = new TreeMap<>();
        compose.environment("kafka")
                .forEach((name, value) -> environment.put(
                        name,
                        value.replace("kafka:19092", HOST + ":" + services)
                                .replace("localhost:9092", HOST + ":" + host)
                                .replace("localhost:9093", HOST + ":" + controller)
                                .replace("//:19092", "//" + HOST + ":" + services)
                                .replace("//:9092", "//" + HOST + ":" + host)
                                .replace(
                                        "/var/lib/kafka/data",
                                        folder.resolve("kafka-data").toString())));
        environment.put("CLUSTER_ID", "5L6g3nShT-eMCtK--X86sw");
        environment.put("CLASSPATH", System.getProperty("java.class.path"));
        Path defaults = Files.createDirectory(folder.resolve("kafka-defaults"));
        for (String file : List.of("server.properties", "log4j2.yaml", "tools-log4j2.yaml")) {
            Files.createFile(defaults.resolve(file));
        }
        Path mounted = Files.createDirectory(folder.resolve("kafka-mounted"));
        Path config = Files.createDirectory(folder.resolve("kafka-config"));
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Process setup = start(
                "kafka-setup",
                List.of(
                        java,
                        "kafka.docker.KafkaDockerWrapper",
                        "setup",
                        "--default-configs-dir",
                        defaults.toString(),
                        "--mounted-configs-dir",
                        mounted.toString(),
                        "--final-configs-dir",
                        config.toString()),
                environment,
                folder);
        assertThat(setup.waitFor()).as(log("kafka-setup").toString()).isZero();
        start(
                "kafka",
                List.of(
                        java,
                        "-Xmx512m",
                        "kafka.Kafka",
                        config.resolve("server.properties").toString()),
                environment,
                folder);
    }

    private EmbeddedPostgres customers() throws Exception {
        EmbeddedPostgres database = EmbeddedPostgres.builder().start();
        Map<String, String> environment = compose.environment("customers");
        String table = Files.readString(Path.of("src/main/docker/compose/customers.sql"));
        try (Connection admin = database.getPostgresDatabase().getConnection();
                Statement statement = admin.createStatement()) {
            statement.execute("CREATE ROLE %s SUPERUSER LOGIN PASSWORD '%s'"
                    .formatted(environment.get("POSTGRES_USER"), environment.get("POSTGRES_PASSWORD")));
            statement.execute("CREATE DATABASE " + environment.get("POSTGRES_DB"));
        }
        try (Connection own = database.getDatabase(environment.get("POSTGRES_USER"), environment.get("POSTGRES_DB"))
                        .getConnection();
                Statement statement = own.createStatement()) {
            statement.execute(table.replace("/customers.csv", mounted("customers", "/customers.csv")));
        }
        return database;
    }

    private Service proxy(Role... ingresses) throws IOException {
        int port = RoleProcess.freePort();
        StringBuilder servers = new StringBuilder();
        for (Role ingress : ingresses) {
            servers.append("    server i%d %s:%d check port %d%n"
                    .formatted(ingress.port, HOST, ingress.port, ingress.managementPort));
        }
        Path config = Files.writeString(
                folder.resolve("haproxy.cfg"),
                Files.readString(Path.of("src/main/docker/compose/haproxy.cfg"))
                        .replace("bind :8080", "bind " + HOST + ":" + port)
                        .replaceFirst("(?m)^ *server-template .*\\R", servers.toString()));
        // As the image's own command does.
        start("proxy", List.of("haproxy", "-W", "-db", "-f", config.toString()), Map.of(), folder);
        return new Service(URI.create("http://" + HOST + ":" + port));
    }

    private Service prometheus(Role... roles) throws IOException {
        int port = RoleProcess.freePort();
        String targets = String.join(
                ",",
                Stream.of(roles)
                        .map(role -> "\"" + HOST + ":" + role.managementPort + "\"")
                        .toList());
        Path config = Files.writeString(
                folder.resolve("prometheus.yml"),
                Files.readString(Path.of("kubernetes/monitoring/prometheus.yml"))
                        .replaceFirst("(?s)# One address.*", "static_configs: [{targets: [" + targets + "]}]\n"));
        Files.copy(Path.of("kubernetes/monitoring/rules.yml"), folder.resolve("rules.yml"));
        start(
                "prometheus",
                List.of(
                        "prometheus",
                        "--config.file=" + config,
                        "--storage.tsdb.path=" + folder.resolve("prometheus"),
                        "--web.listen-address=" + HOST + ":" + port),
                Map.of(),
                folder);
        return new Service(URI.create("http://" + HOST + ":" + port));
    }

    private String onThisMachine(String value) {
        String replaced = value;
        for (Map.Entry<String, String> address : addresses.entrySet()) {
            replaced = replaced.replace(address.getKey(), address.getValue());
        }
        return replaced;
    }

    private Process start(String name, List<String> command, Map<String, String> environment, Path directory)
            throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log(name).toFile()));
        builder.environment().putAll(environment);
        Process process = builder.start();
        processes.add(process);
        return process;
    }

    /** Outside the temporary folder, so that it is there when the test has failed. */
    private static Path log(String name) {
        try {
            return Files.createDirectories(Path.of("target/compose-logs"))
                    .resolve(name + ".log")
                    .toAbsolutePath();
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }
}
