package dev.penstock.kafka;

import java.util.Collection;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.SSLException;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.config.SaslConfigs;
import org.apache.kafka.common.config.SslConfigs;
import org.apache.kafka.common.config.types.Password;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.IllegalSaslStateException;
import org.apache.kafka.common.errors.SslAuthenticationException;
import org.apache.kafka.common.errors.UnsupportedSaslMechanismException;
import org.apache.kafka.common.security.JaasContext;

/**
 * The connection of this process to Kafka: whether it works, and otherwise whether waiting can help. A broker that is away may come back. A
 * broker that wants TLS, another login or another certificate will not change its mind: then the message says what the broker said and which
 * key to set. Thread-safe.
 */
public final class Connection {
    private static final int PATIENCE_MILLIS = 3000;
    private static final String PROPERTIES = "penstock.kafka.properties.";
    private static final String PROTOCOL = CommonClientConfigs.SECURITY_PROTOCOL_CONFIG;

    /** How Kafka's clients say that no name in their list has an address now. */
    private static final String UNKNOWN_HOSTS = "No resolvable bootstrap urls";

    private final Map<String, Object> settings;
    private final KafkaClients kafka;

    Connection(Map<String, Object> settings, KafkaClients kafka) {
        this.settings = settings;
        this.kafka = kafka;
    }

    /**
     * Asks the cluster who it is. Blocks for seconds.
     *
     * @throws BadConnectionException when only another configuration helps
     * @throws Exception when no broker answers
     */
    public void check() throws Exception {
        requireReadableLogin();
        for (String broker : brokers().split(",", -1)) {
            if (BrokerDoor.at(broker.strip()).isKnown()) {
                ask();
                return;
            }
        }
        throw new java.net.UnknownHostException(brokers() + " names no host that is known here");
    }

    /** Before a client reads it: of a login that it cannot read, its error would show a part. */
    private void requireReadableLogin() throws BadConnectionException {
        Object login = settings.get(SaslConfigs.SASL_JAAS_CONFIG);
        if (login == null) {
            return;
        }
        try {
            JaasContext.loadClientContext(Map.of(SaslConfigs.SASL_JAAS_CONFIG, new Password(String.valueOf(login))));
        } catch (IllegalArgumentException unreadable) {
            throw new BadConnectionException(
                    "Kafka at " + brokers() + " cannot be used: " + key(SaslConfigs.SASL_JAAS_CONFIG)
                            + " must be of the form: a.LoginModule required username=\"a\" password=\"b\";"
                            + " It is not shown, since it may hold a secret");
        }
    }

    private void ask() throws Exception {
        try (Admin admin = kafka.admin()) {
            Collection<Node> nodes = admin.describeCluster(new DescribeClusterOptions().timeoutMs(PATIENCE_MILLIS))
                    .nodes()
                    .get();
            if (nodes.isEmpty()) {
                throw new org.apache.kafka.common.errors.TimeoutException(brokers() + " lists no broker");
            }
        } catch (Exception failure) {
            Optional<String> refusal = refusal(failure);
            if (refusal.isEmpty()) {
                refusal = refusalAtTheDoor();
            }
            if (refusal.isPresent()) {
                throw new BadConnectionException("Kafka at " + brokers() + " cannot be used: " + refusal.get());
            }
            throw failure;
        }
    }

    /** What the broker, or the client itself, says against the configuration; empty when waiting may help. */
    public static Optional<String> refusal(Throwable failure) {
        return causes(failure)
                .flatMap(cause -> Stream.ofNullable(
                        switch (cause) {
                            case UnsupportedSaslMechanismException other ->
                                said(other) + ". Set " + key(SaslConfigs.SASL_MECHANISM);
                            case IllegalSaslStateException none ->
                                said(none) + ". It wants no login: set " + key(PROTOCOL) + " to PLAINTEXT or SSL";
                            case SslAuthenticationException tls -> tls(tls);
                            case AuthenticationException login ->
                                said(login) + ". Set " + key(SaslConfigs.SASL_JAAS_CONFIG)
                                        + " to a user and password that it knows, and "
                                        + key(SaslConfigs.SASL_MECHANISM)
                                        + " to their mechanism";
                            case ConfigException broken
                            when !String.valueOf(broken.getMessage()).startsWith(UNKNOWN_HOSTS) ->
                                innermost(failure) + ". Change " + PROPERTIES + "*";
                            default -> null;
                        }))
                .findFirst();
    }

    /** A broker that expects something else hangs up without a word. Its port tells what. */
    private Optional<String> refusalAtTheDoor() {
        String ours = String.valueOf(settings.getOrDefault(PROTOCOL, "PLAINTEXT"));
        return Stream.of(brokers().split(",", -1))
                .map(broker -> BrokerDoor.at(broker.strip()).ask())
                .flatMap(Optional::stream)
                .filter(theirs -> !theirs.protocol().equals(ours))
                .findFirst()
                .map(theirs -> "it speaks %s%s, and this process %s. Set %s to %s%s"
                        .formatted(
                                theirs.protocol(),
                                theirs.mechanisms()
                                        .map(names -> " with a login by " + names)
                                        .orElse(""),
                                ours,
                                key(PROTOCOL),
                                theirs.protocol(),
                                theirs.mechanisms().isPresent()
                                        ? ", and set %s and %s"
                                                .formatted(
                                                        key(SaslConfigs.SASL_MECHANISM),
                                                        key(SaslConfigs.SASL_JAAS_CONFIG))
                                        : ""));
    }

    private static String tls(SslAuthenticationException failure) {
        String reason = causes(failure)
                .filter(SSLException.class::isInstance)
                .findFirst()
                .map(innermost -> String.valueOf(innermost(innermost).getMessage()))
                .orElseGet(() -> String.valueOf(failure.getMessage()));
        String cure;
        if (reason.contains("unable to find valid certification path") || reason.contains("PKIX")) {
            cure = "Its certificate is of an unknown authority: set " + key(SslConfigs.SSL_TRUSTSTORE_LOCATION_CONFIG)
                    + ", or " + key(SslConfigs.SSL_TRUSTSTORE_CERTIFICATES_CONFIG) + " and "
                    + key(SslConfigs.SSL_TRUSTSTORE_TYPE_CONFIG);
        } else if (reason.contains("certificate_required") || reason.contains("bad_certificate")) {
            cure = "It wants a certificate of this process: set " + key(SslConfigs.SSL_KEYSTORE_LOCATION_CONFIG);
        } else if (reason.contains("No subject alternative") || reason.contains("No name matching")) {
            cure = "Its certificate is for another host: use that name in penstock.kafka.bootstrap-servers and in the"
                    + " brokers' advertised.listeners";
        } else {
            cure = "Check " + PROPERTIES + "\"ssl.*\"";
        }
        return "the TLS handshake failed: " + reason + ". " + cure;
    }

    private String brokers() {
        return String.valueOf(settings.get(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG));
    }

    private static String said(Exception broker) {
        return "the broker said: " + String.valueOf(broker.getMessage()).replaceFirst("\\.$", "");
    }

    private static String key(String name) {
        return PROPERTIES + '"' + name + '"';
    }

    private static Stream<Throwable> causes(Throwable failure) {
        return Stream.iterate(failure, Objects::nonNull, Throwable::getCause);
    }

    private static Throwable innermost(Throwable failure) {
        return causes(failure).reduce((outer, inner) -> inner).orElse(failure);
    }
}
