package dev.penstock.local;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.authorizer.StandardAuthorizer;
import org.apache.kafka.metadata.storage.Formatter;

/**
 * A real broker with a listener of each kind: in the clear, where everybody is a superuser; with a login by user and password; by TLS. The user
 * {@link #USER} has the rights that a test grants. Started once for all tests of the JVM.
 */
public final class SecuredKafka {
    public static final String USER = "penstock";
    public static final String PASSWORD = "a password";

    private final LocalFolder folder = LocalFolder.temporary("penstock-secured-kafka");
    private final int clear = Ports.resolve(Ports.ANY);
    private final int login = Ports.resolve(Ports.ANY);
    private final int tls = Ports.resolve(Ports.ANY);
    private final KafkaRaftServer server;

    private static final class Shared {
        static final SecuredKafka BROKER = started();
    }

    private SecuredKafka() throws Exception {
        Certificates.make(store(), "localhost");
        new Formatter()
                .setPrintStream(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8))
                .setNodeId(1)
                .setClusterId(Uuid.randomUuid().toString())
                .setControllerListenerName("CONTROLLER")
                .setMetadataLogDirectory(folder.path().toString())
                .addDirectory(folder.path().toString())
                .run();
        server = new KafkaRaftServer(new KafkaConfig(settings()), Time.SYSTEM);
        server.startup();
        Runtime.getRuntime().addShutdownHook(new Thread(folder::close, "secured-kafka-end"));
    }

    public static SecuredKafka shared() {
        return Shared.BROKER;
    }

    public String clear() {
        return "127.0.0.1:" + clear;
    }

    public String login() {
        return "127.0.0.1:" + login;
    }

    public String tls() {
        return "127.0.0.1:" + tls;
    }

    /** A store that trusts the broker's certificate. */
    public Map<String, Object> trust() {
        return Map.of(
                "ssl.truststore.location",
                store().toString(),
                "ssl.truststore.type",
                "PKCS12",
                "ssl.truststore.password",
                Certificates.STORE_PASSWORD);
    }

    /** What logs {@link #USER} in. */
    public static Map<String, Object> credentials(String password) {
        return Map.of(
                "security.protocol",
                "SASL_PLAINTEXT",
                "sasl.mechanism",
                "PLAIN",
                "sasl.jaas.config",
                "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"%s\" password=\"%s\";"
                        .formatted(USER, password));
    }

    /** The connection of {@link #USER}. */
    public Map<String, Object> asUser() {
        Map<String, Object> settings = new HashMap<>(credentials(PASSWORD));
        settings.put("bootstrap.servers", login());
        return settings;
    }

    /** A client that may do everything. */
    public Admin admin() {
        return Admin.create(Map.of("bootstrap.servers", clear()));
    }

    /** Grants {@link #USER} operations on a topic or group. */
    public void grant(ResourceType kind, String name, AclOperation... operations) {
        try (Admin admin = admin()) {
            admin.createAcls(Arrays.stream(operations)
                            .map(operation -> new AclBinding(
                                    new ResourcePattern(kind, name, PatternType.LITERAL),
                                    new AccessControlEntry("User:" + USER, "*", operation, AclPermissionType.ALLOW)))
                            .toList())
                    .all()
                    .get();
        } catch (Exception failed) {
            throw new IllegalStateException(failed);
        }
    }

    private static SecuredKafka started() {
        try {
            return new SecuredKafka();
        } catch (Exception failed) {
            throw new IllegalStateException(failed);
        }
    }

    private Path store() {
        return folder.resolve("broker.p12");
    }

    private Map<String, String> settings() {
        int controller = Ports.resolve(Ports.ANY);
        Map<String, String> settings = new HashMap<>(Map.of(
                "process.roles", "broker,controller",
                "node.id", "1",
                "controller.quorum.voters", "1@127.0.0.1:" + controller,
                "controller.listener.names", "CONTROLLER",
                "listeners",
                        "CLEAR://127.0.0.1:%d,LOGIN://127.0.0.1:%d,TLS://127.0.0.1:%d,CONTROLLER://127.0.0.1:%d"
                                .formatted(clear, login, tls, controller),
                "listener.security.protocol.map", "CLEAR:PLAINTEXT,LOGIN:SASL_PLAINTEXT,TLS:SSL,CONTROLLER:PLAINTEXT",
                "inter.broker.listener.name", "CLEAR",
                "log.dirs", folder.path().toString(),
                "auto.create.topics.enable", "false"));
        settings.put("authorizer.class.name", StandardAuthorizer.class.getName());
        settings.put("super.users", "User:ANONYMOUS");
        settings.put("sasl.enabled.mechanisms", "PLAIN");
        settings.put(
                "listener.name.login.plain.sasl.jaas.config",
                "org.apache.kafka.common.security.plain.PlainLoginModule required user_%s=\"%s\";"
                        .formatted(USER, PASSWORD));
        settings.put("listener.name.tls.ssl.keystore.location", store().toString());
        settings.put("listener.name.tls.ssl.keystore.type", "PKCS12");
        settings.put("listener.name.tls.ssl.keystore.password", Certificates.STORE_PASSWORD);
        settings.put("listener.name.tls.ssl.key.password", Certificates.STORE_PASSWORD);
        for (String topic : List.of("offsets.topic", "transaction.state.log", "share.coordinator.state.topic")) {
            settings.put(topic + ".num.partitions", "1");
            settings.put(topic + ".replication.factor", "1");
        }
        settings.put("transaction.state.log.min.isr", "1");
        settings.put("share.coordinator.state.topic.min.isr", "1");
        settings.put("group.initial.rebalance.delay.ms", "0");
        settings.put("num.network.threads", "2");
        settings.put("num.io.threads", "2");
        settings.put("background.threads", "2");
        settings.put("log.cleaner.dedupe.buffer.size", String.valueOf(4 << 20));
        settings.put("log.segment.bytes", String.valueOf(16 << 20));
        settings.put("metric.reporters", "");
        return settings;
    }
}
