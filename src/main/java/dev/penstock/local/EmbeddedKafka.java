package dev.penstock.local;

import java.io.OutputStream;
import java.io.PrintStream;
import java.net.BindException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.common.utils.internals.Exit;
import org.apache.kafka.metadata.storage.Formatter;

/** A real Kafka broker (KRaft, one node) in this JVM, on loopback. {@link #close()} deletes its log unless a data directory was given. */
public final class EmbeddedKafka implements AutoCloseable {

    /** A request body of 10 MiB, plus the overhead of its record. */
    public static final int DEFAULT_MAX_MESSAGE_BYTES = 11 << 20;

    private static final int NODE_ID = 1;
    private static final int MAX_ATTEMPTS = 3;

    // Strong references: java.util.logging drops the level of a logger that is garbage-collected. At WARNING, the
    // controller
    // would log each start, and a client each stop.
    private static final Logger CLIENT_LOG = Logger.getLogger("org.apache.kafka.clients.NetworkClient");
    private static final Map<Logger, Level> LOG_LEVELS = Map.of(
            Logger.getLogger("kafka"), Level.WARNING,
            Logger.getLogger("org.apache.kafka"), Level.WARNING,
            Logger.getLogger("org.apache.kafka.controller"), Level.SEVERE,
            Logger.getLogger("state.change.logger"), Level.WARNING);

    private static final ThreadLocal<Boolean> STARTING = ThreadLocal.withInitial(() -> false);

    static {
        LOG_LEVELS.forEach(Logger::setLevel);
        CLIENT_LOG.setFilter(entry -> !entry.getMessage().contains("NetworkClient that has already been closed"));
        // A broker that cannot start halts the JVM. In this JVM it must throw instead.
        Exit.setHaltProcedure((status, message) -> {
            if (STARTING.get()) {
                throw new HaltedException(status);
            }
            Runtime.getRuntime().halt(status);
        });
    }

    private static final class HaltedException extends IllegalStateException {
        HaltedException(int status) {
            super("the broker would have ended the process with status " + status);
        }
    }

    private final KafkaRaftServer server;
    private final int port;
    private final LocalFolder folder;

    private EmbeddedKafka(KafkaRaftServer server, int port, LocalFolder folder) {
        this.server = server;
        this.port = port;
        this.folder = folder;
    }

    /** Starts a broker on a free port, with a log that is deleted on close. */
    public static EmbeddedKafka start() {
        return start(Ports.ANY, Optional.empty(), DEFAULT_MAX_MESSAGE_BYTES);
    }

    /**
     * @param port 0 for any free port; may differ from the port that was last used with this data directory
     * @param dataDir keeps the log across restarts; when empty, the log is in a temporary folder and deleted on close
     */
    public static EmbeddedKafka start(int port, Optional<Path> dataDir, int maxMessageBytes) {
        return start(port, dataDir, maxMessageBytes, Map.of());
    }

    /** @param more settings of the broker, which go before its own */
    static EmbeddedKafka start(int port, Optional<Path> dataDir, int maxMessageBytes, Map<String, String> more) {
        Ports.requireFree(port, "--kafka-port");
        LocalFolder folder = dataDir.map(LocalFolder::kept).orElseGet(() -> LocalFolder.temporary("penstock-kafka"));
        try {
            format(folder);
            for (int attempt = 1; ; attempt++) {
                int brokerPort = Ports.resolve(port);
                try {
                    return new EmbeddedKafka(
                            startServer(folder, brokerPort, maxMessageBytes, more), brokerPort, folder);
                } catch (RuntimeException e) {
                    // Another process may have taken a port since it was checked. A controller that finds its port
                    // taken only halts.
                    boolean lostARace = causes(e)
                            .anyMatch(cause -> cause instanceof BindException || cause instanceof HaltedException);
                    if (!lostARace || attempt == MAX_ATTEMPTS) {
                        throw e;
                    }
                }
            }
        } catch (Exception e) {
            folder.close();
            Throwable reason = causes(e).reduce((outer, inner) -> inner).orElse(e);
            throw new CannotStartException(
                    "cannot start the embedded broker in folder %s: %s".formatted(folder.path(), reason), e);
        }
    }

    public String bootstrapServers() {
        return "127.0.0.1:" + port;
    }

    public int port() {
        return port;
    }

    Path folder() {
        return folder.path();
    }

    @Override
    public void close() {
        server.shutdown();
        server.awaitShutdown();
        folder.close();
    }

    private static void format(LocalFolder folder) throws Exception {
        if (Files.exists(folder.resolve("meta.properties"))) {
            return;
        }
        new Formatter()
                .setPrintStream(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8))
                .setNodeId(NODE_ID)
                .setClusterId(Uuid.randomUuid().toString())
                .setControllerListenerName("CONTROLLER")
                .setMetadataLogDirectory(folder.path().toString())
                .addDirectory(folder.path().toString())
                .run();
    }

    private static KafkaRaftServer startServer(
            LocalFolder folder, int brokerPort, int maxMessageBytes, Map<String, String> more) {
        Map<String, String> settings = settings(folder, brokerPort, Ports.resolve(Ports.ANY), maxMessageBytes);
        settings.putAll(more);
        KafkaRaftServer server = new KafkaRaftServer(new KafkaConfig(settings), Time.SYSTEM);
        STARTING.set(true);
        try {
            server.startup();
            return server;
        } catch (RuntimeException e) {
            server.shutdown();
            throw e;
        } finally {
            STARTING.remove();
        }
    }

    private static Map<String, String> settings(
            LocalFolder folder, int brokerPort, int controllerPort, int maxMessageBytes) {
        Map<String, String> settings = new HashMap<>();
        settings.put("process.roles", "broker,controller");
        settings.put("node.id", String.valueOf(NODE_ID));
        settings.put("controller.quorum.voters", NODE_ID + "@127.0.0.1:" + controllerPort);
        settings.put("controller.listener.names", "CONTROLLER");
        settings.put("listeners", "BROKER://127.0.0.1:" + brokerPort + ",CONTROLLER://127.0.0.1:" + controllerPort);
        settings.put("listener.security.protocol.map", "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT");
        settings.put("inter.broker.listener.name", "BROKER");
        settings.put("log.dirs", folder.path().toString());
        settings.put("auto.create.topics.enable", "false");

        String maxBytes = String.valueOf(maxMessageBytes);
        settings.put("message.max.bytes", maxBytes);
        settings.put("replica.fetch.max.bytes", maxBytes);
        settings.put("socket.request.max.bytes", String.valueOf(2L * maxMessageBytes));

        // A single node: one replica for all topics, one partition for internal topics, and no rebalance delay.
        for (String topic : List.of("offsets.topic", "transaction.state.log", "share.coordinator.state.topic")) {
            settings.put(topic + ".num.partitions", "1");
            settings.put(topic + ".replication.factor", "1");
        }
        settings.put("default.replication.factor", "1");
        settings.put("min.insync.replicas", "1");
        settings.put("transaction.state.log.min.isr", "1");
        settings.put("share.coordinator.state.topic.min.isr", "1");
        settings.put("group.initial.rebalance.delay.ms", "0");

        // Sized for a laptop: two cores shared with the service, its clients and Redis, and little disk.
        // With one network thread, requests that come together wake it once: a call of a tiny model costs a tenth less.
        settings.put("num.network.threads", "1");
        settings.put("num.io.threads", "2");
        settings.put("background.threads", "2");
        settings.put("log.cleaner.dedupe.buffer.size", String.valueOf(4 << 20));
        settings.put("log.segment.bytes", String.valueOf(128 << 20));
        settings.put("log.retention.bytes", String.valueOf(1 << 30));
        settings.put("metric.reporters", "");
        // As in the clients: the system sizes the buffers of sockets.
        settings.put("socket.send.buffer.bytes", "-1");
        settings.put("socket.receive.buffer.bytes", "-1");
        return settings;
    }

    private static Stream<Throwable> causes(Throwable e) {
        return Stream.iterate(e, Objects::nonNull, Throwable::getCause);
    }
}
