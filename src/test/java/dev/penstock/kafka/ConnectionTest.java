package dev.penstock.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.penstock.local.SecuredKafka;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Against a real broker: each mistake is one line that says what the broker said, and which key to set. */
class ConnectionTest {
    private static final SecuredKafka BROKER = SecuredKafka.shared();

    @Test
    void worksWithTheRightSettings() throws Exception {
        check(BROKER.clear(), Map.of());
        check(BROKER.login(), SecuredKafka.credentials(SecuredKafka.PASSWORD));
        check(BROKER.tls(), with(BROKER.trust(), "security.protocol", "SSL"));
    }

    @Test
    void aBrokerThatWantsTls() {
        assertRefused(
                BROKER.tls(),
                Map.of(),
                "it speaks SSL, and this process PLAINTEXT",
                "Set penstock.kafka.properties.\"security.protocol\" to SSL");
    }

    @Test
    void aBrokerThatWantsALogin() {
        assertRefused(
                BROKER.login(),
                Map.of(),
                "it speaks SASL_PLAINTEXT with a login by PLAIN, and this process PLAINTEXT",
                "\"security.protocol\" to SASL_PLAINTEXT, and set ",
                "\"sasl.jaas.config\"");
    }

    @Test
    void aWrongPassword() {
        assertRefused(
                BROKER.login(),
                SecuredKafka.credentials("wrong"),
                "the broker said: Authentication failed: Invalid username or password",
                "Set penstock.kafka.properties.\"sasl.jaas.config\"");
    }

    /** Kafka's own error would name the word after the password's first space. */
    @Test
    void aLoginThatCannotBeReadIsNotShown() {
        for (String login : List.of(
                "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"a\" password=hunter2 hunter3;",
                "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"a\" password=\"hunter2\"",
                "hunter2")) {
            Map<String, Object> settings = new HashMap<>(SecuredKafka.credentials("any"));
            settings.put("sasl.jaas.config", login);

            assertThatThrownBy(() -> check(BROKER.login(), settings))
                    .isInstanceOf(BadConnectionException.class)
                    .hasMessageContaining("penstock.kafka.properties.\"sasl.jaas.config\" must be")
                    .satisfies(refused -> assertThat(refused).hasNoCause())
                    .message()
                    .doesNotContain("hunter");
        }
    }

    @Test
    void aMechanismThatTheBrokerDoesNotHave() {
        assertRefused(
                BROKER.login(),
                Map.of(
                        "security.protocol",
                        "SASL_PLAINTEXT",
                        "sasl.mechanism",
                        "SCRAM-SHA-256",
                        "sasl.jaas.config",
                        "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"a\" password=\"b\";"),
                "enabled mechanisms are [PLAIN]",
                "Set penstock.kafka.properties.\"sasl.mechanism\"");
    }

    @Test
    void anUnknownAuthority() {
        assertRefused(
                BROKER.tls(),
                Map.of("security.protocol", "SSL"),
                "unable to find valid certification path",
                "set penstock.kafka.properties.\"ssl.truststore.location\"");
    }

    @Test
    void aBrokerInTheClear() {
        assertRefused(
                BROKER.clear(),
                SecuredKafka.credentials(SecuredKafka.PASSWORD),
                "It wants no login",
                "\"security.protocol\" to PLAINTEXT or SSL");
        assertRefused(
                BROKER.clear(),
                Map.of("security.protocol", "SSL"),
                "it speaks PLAINTEXT, and this process SSL",
                "\"security.protocol\" to PLAINTEXT");
    }

    @Test
    void aSettingThatKafkaDoesNotTake() {
        assertRefused(
                BROKER.clear(),
                Map.of("security.protocol", "TLS"),
                "security.protocol",
                "Change penstock.kafka.properties.*");
    }

    /** Waiting helps where nobody answers. */
    @Test
    void anAbsentBrokerIsNoMistake() throws Exception {
        try (ServerSocket mute = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> check("127.0.0.1:" + mute.getLocalPort(), Map.of()))
                    .isNotInstanceOf(BadConnectionException.class);
        }
        assertThatThrownBy(() -> check("no-such-host.invalid:9092", Map.of()))
                .isNotInstanceOf(BadConnectionException.class)
                .hasMessageContaining("no-such-host.invalid:9092");
    }

    private static void assertRefused(String broker, Map<String, Object> settings, String... words) {
        assertThatThrownBy(() -> check(broker, settings))
                .isInstanceOf(BadConnectionException.class)
                .hasMessageStartingWith("Kafka at " + broker + " cannot be used: ")
                .hasMessageNotContainingAny("\n", SecuredKafka.PASSWORD)
                .satisfies(refusal -> assertThat(refusal.getMessage()).contains(words));
    }

    private static void check(String broker, Map<String, Object> settings) throws Exception {
        new KafkaClients(with(settings, "bootstrap.servers", broker))
                .connection()
                .check();
    }

    private static Map<String, Object> with(Map<String, Object> settings, String name, String value) {
        Map<String, Object> all = new HashMap<>(settings);
        all.put(name, value);
        return all;
    }
}
