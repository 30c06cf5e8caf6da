package dev.penstock.local;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.metadata.storage.Formatter;
import org.awaitility.Awaitility;

/**
 * A real Kafka cluster on loopback: one or three KRaft nodes, each broker and controller, each in a process of its own, to be killed, frozen
 * and restarted. With three nodes, topics have three replicas, of which two must be in sync. Confined to one thread, except for {@link #ask}.
 *
 * <p>{@link #close()} kills the processes and deletes their data. A process also ends when this JVM dies.
 */
public final class BrokerCluster implements AutoCloseable {
    /** Each node has a loopback address of its own, so that the route to it can be cut. */
    private static final int FIRST_HOST = 1;

    private static final Duration START_LIMIT = Duration.ofMinutes(2);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(30);
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(30);
    private static final Duration PROBE_LIMIT = Duration.ofSeconds(3);

    private final LocalFolder folder = LocalFolder.temporary("penstock-brokers");
    private final Map<Integer, Integer> ports = new TreeMap<>();
    private final Map<Integer, Integer> controllerPorts = new TreeMap<>();
    private final Map<Integer, Process> processes = new TreeMap<>();
    private final Thread atExit = new Thread(this::killAll, "brokers-end");
    private final List<Integer> nodes;
    private final Path logs;

    private BrokerCluster(int nodes, Optional<Path> logs) {
        this.nodes = IntStream.rangeClosed(1, nodes).boxed().toList();
        this.logs = logs.orElse(folder.path());
    }

    /**
     * Starts all nodes, and returns when each of them has registered.
     *
     * @param nodes 1 or 3
     */
    public static BrokerCluster start(int nodes) {
        return start(new BrokerCluster(nodes, Optional.empty()));
    }

    /** @param logs the folder for what the nodes log; it stays */
    public static BrokerCluster start(int nodes, Path logs) {
        return start(new BrokerCluster(nodes, Optional.of(logs)));
    }

    private static BrokerCluster start(BrokerCluster cluster) {
        try {
            Runtime.getRuntime().addShutdownHook(cluster.atExit);
            cluster.pickPorts();
            String clusterId = Uuid.randomUuid().toString();
            for (int node : cluster.nodes) {
                cluster.format(node, clusterId);
                cluster.launch(node);
            }
            cluster.awaitNodes(Set.copyOf(cluster.nodes));
            return cluster;
        } catch (Exception | AssertionError failed) {
            String logs = cluster.logs();
            cluster.close();
            throw new IllegalStateException("the cluster cannot start: " + failed + "\n" + logs, failed);
        }
    }

    public List<Integer> nodes() {
        return nodes;
    }

    /** The addresses of all nodes, those that are down included. */
    public String bootstrapServers() {
        return nodes.stream().map(this::address).collect(Collectors.joining(","));
    }

    public boolean isRunning(int node) {
        return process(node).isAlive();
    }

    public ProcessHandle processOf(int node) {
        return process(node).toHandle();
    }

    /** Creates a topic with a replica on each node. */
    public void createTopic(String topic, int partitions) {
        ask(admin -> {
            admin.createTopics(List.of(new NewTopic(topic, Optional.of(partitions), Optional.empty())))
                    .all()
                    .get();
            return true;
        });
    }

    /** The node that leads a partition; empty while none does. */
    public Optional<Integer> leaderOf(String topic, int partition) {
        return Optional.ofNullable(partition(topic, partition).leader()).map(node -> node.id());
    }

    /** The nodes whose replicas of a partition are in sync. */
    public Set<Integer> inSync(String topic, int partition) {
        return partition(topic, partition).isr().stream().map(node -> node.id()).collect(Collectors.toSet());
    }

    /** The node whose controller is active. */
    public int activeController() {
        return ask(admin -> admin.describeMetadataQuorum().quorumInfo().get().leaderId());
    }

    /**
     * SIGKILL. Its log stays.
     *
     * @return the exit status
     */
    public int kill(int node) {
        process(node).destroyForcibly();
        return awaitEnd(node);
    }

    /**
     * SIGTERM, and a controlled shutdown. Its log stays.
     *
     * @return the exit status
     */
    public int stop(int node) {
        // Not by Process, which would close the node's standard input too: the node takes that for the death of its
        // parent.
        processOf(node).destroy();
        return awaitEnd(node);
    }

    /**
     * Lets none of its files grow any more, as on a full disk, and waits until it gives up. Its log stays.
     *
     * @return the exit status
     */
    public int fillDisk(int node) {
        Signals.limitFileSize(processOf(node), 1);
        return awaitEnd(node);
    }

    /** SIGSTOP: its connections stay open and nothing is answered. */
    public void freeze(int node) {
        Signals.freeze(processOf(node));
    }

    /** SIGCONT. */
    public void resume(int node) {
        Signals.resume(processOf(node));
    }

    /** Starts a node that has ended, on its log and its ports, and returns when it has registered. */
    public void restart(int node) {
        restart(List.of(node));
    }

    /** Starts several at once: a controller needs a majority to start. */
    public void restart(List<Integer> ended) {
        for (int node : ended) {
            if (isRunning(node)) {
                throw new IllegalStateException("node %d still runs".formatted(node));
            }
            launch(node);
        }
        awaitNodes(Set.copyOf(ended));
    }

    /** What all nodes have logged. */
    public String logs() {
        return nodes.stream()
                .map(node -> {
                    try {
                        Path log = log(node);
                        return "node " + node + ":\n" + (Files.exists(log) ? Files.readString(log) : "");
                    } catch (IOException unreadable) {
                        throw new UncheckedIOException(unreadable);
                    }
                })
                .collect(Collectors.joining("\n"));
    }

    /** Kills what still runs, and deletes all logs. */
    @Override
    public void close() {
        killAll();
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException ending) {
            // The JVM ends already.
        }
        folder.close();
    }

    private void killAll() {
        processes.values().forEach(Process::destroyForcibly);
        for (Process process : processes.values()) {
            try {
                process.waitFor(STOP_LIMIT.toSeconds(), TimeUnit.SECONDS);
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private void pickPorts() {
        List<Integer> free = Stream.generate(() -> Ports.resolve(Ports.ANY))
                .distinct()
                .limit(2L * nodes.size())
                .toList();
        IntStream.range(0, nodes.size()).forEach(i -> {
            ports.put(nodes.get(i), free.get(2 * i));
            controllerPorts.put(nodes.get(i), free.get(2 * i + 1));
        });
    }

    private void format(int node, String clusterId) throws Exception {
        Path data = data(node);
        Files.createDirectories(data);
        new Formatter()
                .setPrintStream(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8))
                .setNodeId(node)
                .setClusterId(clusterId)
                .setControllerListenerName("CONTROLLER")
                .setMetadataLogDirectory(data.toString())
                .addDirectory(data.toString())
                .run();
        Properties file = new Properties();
        file.putAll(settings(node));
        try (OutputStream out = Files.newOutputStream(settingsFile(node))) {
            file.store(out, null);
        }
    }

    private Map<String, String> settings(int node) {
        String voters = nodes.stream()
                .map(each -> each + "@" + hostOf(each) + ":" + controllerPorts.get(each))
                .collect(Collectors.joining(","));
        String replicas = String.valueOf(nodes.size());
        String inSync = String.valueOf(nodes.size() / 2 + 1);
        return Map.ofEntries(
                Map.entry("process.roles", "broker,controller"),
                Map.entry("node.id", String.valueOf(node)),
                Map.entry("controller.quorum.voters", voters),
                Map.entry("controller.listener.names", "CONTROLLER"),
                Map.entry(
                        "listeners",
                        "BROKER://%s,CONTROLLER://%s:%s"
                                .formatted(address(node), hostOf(node), controllerPorts.get(node))),
                Map.entry("listener.security.protocol.map", "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT"),
                Map.entry("inter.broker.listener.name", "BROKER"),
                Map.entry("log.dirs", data(node).toString()),
                Map.entry("auto.create.topics.enable", "false"),
                Map.entry("message.max.bytes", String.valueOf(EmbeddedKafka.DEFAULT_MAX_MESSAGE_BYTES)),
                Map.entry("replica.fetch.max.bytes", String.valueOf(EmbeddedKafka.DEFAULT_MAX_MESSAGE_BYTES)),
                Map.entry("default.replication.factor", replicas),
                Map.entry("min.insync.replicas", inSync),
                Map.entry("offsets.topic.replication.factor", replicas),
                Map.entry("offsets.topic.num.partitions", "3"),
                Map.entry("transaction.state.log.replication.factor", replicas),
                Map.entry("transaction.state.log.min.isr", inSync),
                Map.entry("transaction.state.log.num.partitions", "3"),
                Map.entry("share.coordinator.state.topic.num.partitions", "1"),
                Map.entry("group.initial.rebalance.delay.ms", "0"),
                // Faults are seen in seconds, so that tests of them take no minutes.
                Map.entry("broker.session.timeout.ms", "3000"),
                Map.entry("broker.heartbeat.interval.ms", "500"),
                Map.entry("replica.lag.time.max.ms", "5000"),
                Map.entry("num.network.threads", "2"),
                Map.entry("num.io.threads", "2"),
                Map.entry("background.threads", "2"),
                Map.entry("num.recovery.threads.per.data.dir", "1"),
                Map.entry("log.cleaner.dedupe.buffer.size", String.valueOf(4 << 20)),
                Map.entry("log.segment.bytes", String.valueOf(64 << 20)),
                Map.entry("metric.reporters", ""));
    }

    private void launch(int node) {
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
                BrokerNode.class.getName(),
                settingsFile(node).toString());
        // The class path of a forked test JVM is a jar that only points to this one. It goes by environment, since it
        // is long.
        builder.environment()
                .put(
                        "CLASSPATH",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
        builder.redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log(node).toFile()));
        try {
            processes.put(node, builder.start());
        } catch (IOException failed) {
            throw new UncheckedIOException("node " + node, failed);
        }
    }

    private void awaitNodes(Set<Integer> awaited) {
        Awaitility.await()
                .atMost(START_LIMIT)
                .pollInterval(Duration.ofMillis(100))
                .failFast(() -> {
                    if (!awaited.stream().allMatch(this::isRunning)) {
                        throw new IllegalStateException("a node has ended:\n" + logs());
                    }
                })
                .until(() -> awaited.stream().allMatch(this::answers));
    }

    /** Whether the cluster has this node among its brokers; false while nobody answers. */
    public boolean isRegistered(int node) {
        try {
            return ask(
                    bootstrapServers(),
                    PROBE_LIMIT,
                    admin -> admin.describeCluster().nodes().get().stream().anyMatch(each -> each.id() == node));
        } catch (KafkaException unanswered) {
            return false;
        }
    }

    /** The address that this node alone listens on. */
    public String hostOf(int node) {
        return "127.0.0." + (FIRST_HOST + node);
    }

    /** A broker answers once the cluster has let it in. Others may list a node that is down, while there is no majority to say so. */
    public boolean answers(int node) {
        try {
            return ask(
                    address(node),
                    PROBE_LIMIT,
                    admin -> admin.describeCluster().nodes().get().stream().anyMatch(each -> each.id() == node));
        } catch (KafkaException notYet) {
            return false;
        }
    }

    private int awaitEnd(int node) {
        try {
            if (!process(node).waitFor(STOP_LIMIT.toSeconds(), TimeUnit.SECONDS)) {
                throw new IllegalStateException(
                        "node %d still runs after %d s".formatted(node, STOP_LIMIT.toSeconds()));
            }
            return process(node).exitValue();
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(stopped);
        }
    }

    private TopicPartitionInfo partition(String topic, int partition) {
        return ask(admin -> admin.describeTopics(List.of(topic)).allTopicNames().get().values().stream()
                .flatMap(described -> described.partitions().stream())
                .filter(each -> each.partition() == partition)
                .findFirst()
                .orElseThrow());
    }

    private String address(int node) {
        return hostOf(node) + ":" + ports.get(node);
    }

    /** Asks the cluster, whichever node answers. */
    public <T> T ask(Question<T> question) {
        return ask(bootstrapServers(), ANSWER_LIMIT, question);
    }

    private static <T> T ask(String servers, Duration limit, Question<T> question) {
        try (Admin admin = Admin.create(Map.of(
                "bootstrap.servers",
                servers,
                "default.api.timeout.ms",
                (int) limit.toMillis(),
                "request.timeout.ms",
                (int) limit.dividedBy(3).toMillis()))) {
            return question.ask(admin);
        } catch (ExecutionException failed) {
            throw failed.getCause() instanceof KafkaException kafka ? kafka : new IllegalStateException(failed);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(stopped);
        }
    }

    private Process process(int node) {
        Process process = processes.get(node);
        if (process == null) {
            throw new IllegalArgumentException("node must be one of %s, was %d".formatted(nodes, node));
        }
        return process;
    }

    private Path data(int node) {
        return folder.resolve("node-" + node);
    }

    private Path settingsFile(int node) {
        return folder.resolve("node-" + node + ".properties");
    }

    private Path log(int node) {
        return logs.resolve("node-" + node + ".log");
    }

    /** A question to the cluster. */
    public interface Question<T> {
        T ask(Admin admin) throws ExecutionException, InterruptedException;
    }
}
