package dev.penstock.local;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/** An embedded broker on which everybody may do everything, until a right is withdrawn. */
public final class BrokerWithRights implements AutoCloseable {
    private final EmbeddedKafka kafka;
    private final Admin admin;

    private BrokerWithRights(EmbeddedKafka kafka) {
        this.kafka = kafka;
        this.admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()));
    }

    public static BrokerWithRights start() {
        return new BrokerWithRights(EmbeddedKafka.start(
                Ports.ANY,
                Optional.empty(),
                EmbeddedKafka.DEFAULT_MAX_MESSAGE_BYTES,
                Map.of(
                        "authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                        "allow.everyone.if.no.acl.found", "true")));
    }

    public Map<String, Object> clients() {
        return Map.of("bootstrap.servers", kafka.bootstrapServers());
    }

    public Admin admin() {
        return admin;
    }

    /** Nobody may do this with the topic from now on. Everything else stays allowed. */
    public void withdraw(AclOperation operation, String topic) throws ExecutionException, InterruptedException {
        admin.createAcls(List.of(
                        entry(topic, operation, AclPermissionType.DENY),
                        entry(topic, AclOperation.ALL, AclPermissionType.ALLOW)))
                .all()
                .get();
    }

    public void giveBack(AclOperation operation, String topic) throws ExecutionException, InterruptedException {
        admin.deleteAcls(List.of(entry(topic, operation, AclPermissionType.DENY).toFilter()))
                .all()
                .get();
    }

    private static AclBinding entry(String topic, AclOperation operation, AclPermissionType permission) {
        return new AclBinding(
                new ResourcePattern(ResourceType.TOPIC, topic, PatternType.LITERAL),
                new AccessControlEntry("User:ANONYMOUS", "*", operation, permission));
    }

    @Override
    public void close() {
        admin.close();
        kafka.close();
    }
}
