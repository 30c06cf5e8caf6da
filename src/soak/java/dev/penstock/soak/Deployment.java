package dev.penstock.soak;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.local.BrokerCluster;
import dev.penstock.local.RedisUnderTest;
import dev.penstock.messages.Topics;
import dev.penstock.service.RoleProcess;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.MemberDescription;

/**
 * A whole deployment on loopback, each part in a process of its own, on free ports: brokers, a Redis, two ingresses and two workers of the
 * packaged service. Two tenants may call. Confined to one thread.
 *
 * <p>All processes end with {@link #close()}, and when this JVM shuts down.
 */
final class Deployment implements AutoCloseable {
    static final String MODEL = "digits";
    static final String BROKEN_MODEL = "digits-cut-short";
    static final String API_KEY = "soak";
    static final String OTHER_API_KEY = "soak-of-another-tenant";

    private static final Path MODELS = Path.of("src/main/models");

    private final Path folder;
    private final BrokerCluster brokers;
    private final RedisUnderTest redis;
    private final boolean warmsUp;
    private final List<URI> urls = new ArrayList<>();
    private final List<Instance> ingresses = new ArrayList<>();
    private final List<Instance> workers = new ArrayList<>();
    private final List<Instance> all = new ArrayList<>();
    private final Thread atExit = new Thread(this::killAll, "deployment-end");

    private Deployment(Path folder, BrokerCluster brokers, RedisUnderTest redis, boolean warmsUp) {
        this.folder = folder;
        this.brokers = brokers;
        this.redis = redis;
        this.warmsUp = warmsUp;
    }

    /**
     * Starts all processes. {@link #awaitWhole} says when they are ready.
     *
     * @param folder takes the logs of all processes
     * @param nodes the number of brokers, 1 or 3
     * @param warmsUp whether ingresses and workers make themselves warm before they are ready
     */
    static Deployment start(Path folder, int nodes, boolean warmsUp) throws IOException {
        BrokerCluster brokers = BrokerCluster.start(nodes, folder);
        Deployment deployment = new Deployment(folder, brokers, new RedisUnderTest(), warmsUp);
        Runtime.getRuntime().addShutdownHook(deployment.atExit);
        try {
            deployment.writeTenants();
            deployment.copyModel();
            for (int number = 1; number <= 2; number++) {
                deployment.ingresses.add(deployment.newIngress(number));
                deployment.workers.add(deployment.newWorker(number));
            }
            for (Instance each : deployment.all) {
                each.start();
            }
            return deployment;
        } catch (IOException | RuntimeException failed) {
            deployment.close();
            throw failed;
        }
    }

    BrokerCluster brokers() {
        return brokers;
    }

    RedisUnderTest redis() {
        return redis;
    }

    List<URI> urls() {
        return urls;
    }

    /** The first lives as long as the run, so that its memory can be compared. The last is for faults that end processes. */
    List<Instance> ingresses() {
        return ingresses;
    }

    /** As with the ingresses, except for faults that end all workers. */
    List<Instance> workers() {
        return workers;
    }

    /** Another worker, which is not started. It does not count as a part of the whole deployment. */
    Instance newWorker(int number) throws IOException {
        return instance(
                "worker-" + number,
                List.of(
                        "up",
                        "--role",
                        "worker",
                        "--kafka",
                        brokers.bootstrapServers(),
                        "--models",
                        models().toString()));
    }

    /** Puts a model whose file is cut short beside the served one. Workers that start from now on see it. */
    Path addTruncatedModel() throws IOException {
        Path whole;
        try (Stream<Path> files = Files.walk(models().resolve(MODEL))) {
            whole = files.filter(each -> each.endsWith("model.onnx"))
                    .findFirst()
                    .orElseThrow();
        }
        byte[] bytes = Files.readAllBytes(whole);
        Path version = Files.createDirectories(models().resolve(BROKEN_MODEL).resolve("1"));
        return Files.write(version.resolve("model.onnx"), Arrays.copyOf(bytes, bytes.length / 2));
    }

    void removeTruncatedModel() throws IOException {
        Path model = models().resolve(BROKEN_MODEL);
        Files.delete(model.resolve("1").resolve("model.onnx"));
        Files.delete(model.resolve("1"));
        Files.delete(model);
    }

    /** The member ids of the workers' consumer group. */
    Set<String> members() {
        String group = Topics.workerGroup(MODEL);
        return brokers.ask(
                admin -> admin
                        .describeConsumerGroups(List.of(group))
                        .describedGroups()
                        .values()
                        .iterator()
                        .next()
                        .get()
                        .members()
                        .stream()
                        .map(MemberDescription::consumerId)
                        .collect(Collectors.toSet()));
    }

    /** Waits until each ingress and each worker is ready. False if one is not within that time. */
    boolean awaitWhole(Duration within) throws InterruptedException {
        List<Instance> parts =
                Stream.concat(ingresses.stream(), workers.stream()).toList();
        return Waiting.until(within, () -> {
            for (Instance each : parts) {
                if (!each.isReady()) {
                    return false;
                }
            }
            return true;
        });
    }

    /** All processes that run, by name. */
    Map<String, ProcessHandle> processes() {
        Map<String, ProcessHandle> processes = new LinkedHashMap<>();
        brokers.nodes().forEach(node -> processes.put("broker-" + node, brokers.processOf(node)));
        processes.put("redis", redis.process());
        all.stream().filter(Instance::isRunning).forEach(each -> processes.put(each.name(), each.handle()));
        return processes;
    }

    /** SIGKILL to all. */
    @Override
    public void close() {
        killAll();
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException ending) {
            // The JVM ends already.
        }
        redis.close();
        brokers.close();
    }

    private void killAll() {
        List.copyOf(all).forEach(Instance::close);
    }

    private Instance newIngress(int number) throws IOException {
        int port = RoleProcess.freePort();
        urls.add(URI.create("http://127.0.0.1:" + port));
        return instance(
                "ingress-" + number,
                List.of(
                        "up",
                        "--role",
                        "ingress",
                        "--port",
                        Integer.toString(port),
                        "--kafka",
                        brokers.bootstrapServers(),
                        "--redis",
                        redis.url()));
    }

    private Instance instance(String name, List<String> arguments) throws IOException {
        Map<String, String> environment = Map.of(
                "PENSTOCK_TENANTS_IDENTITY",
                "api-key",
                "PENSTOCK_WARM_UP_WHEN",
                warmsUp ? "before-ready" : "off",
                "PENSTOCK_TENANTS_FILE",
                tenantsFile().toString());
        Instance instance = new Instance(name, arguments, environment, folder.resolve(name + ".log"));
        all.add(instance);
        return instance;
    }

    private Path models() {
        return folder.resolve("models");
    }

    private Path tenantsFile() {
        return folder.resolve("tenants.yaml").toAbsolutePath();
    }

    private void writeTenants() throws IOException {
        Files.writeString(tenantsFile(), """
                tenants:
                  soak:
                    keys: [%s]
                    quota: {unlimited: true}
                  other:
                    keys: [%s]
                    quota: {unlimited: true}
                """.formatted(sha256(API_KEY), sha256(OTHER_API_KEY)));
    }

    private static String sha256(String key) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(key.getBytes(UTF_8)));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java runtime has SHA-256", impossible);
        }
    }

    /** The other sample models would only cost memory. */
    private void copyModel() throws IOException {
        try (Stream<Path> files = Files.walk(MODELS.resolve(MODEL))) {
            for (Path file : files.toList()) {
                Path copy = models().resolve(MODELS.relativize(file));
                if (Files.isDirectory(file)) {
                    Files.createDirectories(copy);
                } else {
                    Files.copy(file, copy);
                }
            }
        }
    }
}
