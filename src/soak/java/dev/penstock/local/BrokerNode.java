package dev.penstock.local;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.utils.Time;

/** The main class of a {@link BrokerCluster} node. Runs until SIGTERM, or until its parent has died and its standard input ends. */
final class BrokerNode {
    private static final int PARENT_DIED = 3;

    /** Kept, since a logger that nobody holds forgets its settings. */
    private static final Logger LOG = Logger.getLogger("");

    private BrokerNode() {}

    public static void main(String[] arguments) throws IOException {
        LOG.setLevel(Level.WARNING);
        Properties settings = new Properties();
        try (Reader file = Files.newBufferedReader(Path.of(arguments[0]))) {
            settings.load(file);
        }
        endWithTheParent();
        Map<String, String> config =
                settings.stringPropertyNames().stream().collect(Collectors.toMap(name -> name, settings::getProperty));
        KafkaRaftServer server = new KafkaRaftServer(new KafkaConfig(config), Time.SYSTEM);
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdown, "shutdown"));
        server.startup();
        server.awaitShutdown();
    }

    private static void endWithTheParent() {
        Thread.ofPlatform().name("parent-watch").daemon().start(() -> {
            try {
                while (System.in.read() >= 0) {
                    // The parent writes nothing.
                }
            } catch (IOException broken) {
                // As good as the end.
            }
            Runtime.getRuntime().halt(PARENT_DIED);
        });
    }
}
