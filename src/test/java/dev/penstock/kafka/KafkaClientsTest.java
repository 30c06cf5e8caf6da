package dev.penstock.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.GroupProtocol;
import org.junit.jupiter.api.Test;

class KafkaClientsTest {
    private final KafkaClients clients = new KafkaClients(Map.of("bootstrap.servers", "b:9092"));

    @Test
    void aFollowerHasNoGroupAndCommitsNothing() {
        assertThat(clients.followerSettings(Map.of("auto.offset.reset", "latest")))
                .isEqualTo(withSockets(Map.of(
                        "bootstrap.servers",
                        "b:9092",
                        "metadata.max.age.ms",
                        5000,
                        "enable.auto.commit",
                        false,
                        "auto.offset.reset",
                        "latest")));
    }

    /** A fetch that waits at the end of a partition holds back the next reading, by half a second with Kafka's default. */
    @Test
    void noFetchOfASearcherWaits() {
        assertThat(clients.searcherSettings(Map.of("auto.offset.reset", "earliest")))
                .containsEntry("fetch.max.wait.ms", 0)
                .containsEntry("auto.offset.reset", "earliest")
                .containsAllEntriesOf(clients.followerSettings(Map.of()));
    }

    @Test
    void aRecorderIsMissedAfterSixSeconds() {
        assertThat(clients.recorderSettings("g", Map.of("max.poll.records", 250)))
                .isEqualTo(withSockets(Map.of(
                        "bootstrap.servers",
                        "b:9092",
                        "metadata.max.age.ms",
                        5000,
                        "enable.auto.commit",
                        false,
                        "group.id",
                        "g",
                        "session.timeout.ms",
                        6000,
                        "heartbeat.interval.ms",
                        1500,
                        "max.poll.records",
                        250)));
    }

    @Test
    void aMemberByTheClassicProtocolKeepsItsPartitionsInARebalance() {
        assertThat(clients.memberSettings("g", GroupProtocol.CLASSIC, Map.of()))
                .isEqualTo(withSockets(Map.of(
                        "bootstrap.servers", "b:9092",
                        "metadata.max.age.ms", 5000,
                        "isolation.level", "read_committed",
                        "enable.auto.commit", false,
                        "group.id", "g",
                        "group.protocol", "CLASSIC",
                        "partition.assignment.strategy", "org.apache.kafka.clients.consumer.CooperativeStickyAssignor",
                        "session.timeout.ms", 6000,
                        "heartbeat.interval.ms", 1500)));
    }

    @Test
    void aMemberByTheConsumerProtocolSetsNothingThatTheBrokerDecides() {
        assertThat(clients.memberSettings("g", GroupProtocol.CONSUMER, Map.of()))
                .isEqualTo(withSockets(Map.of(
                        "bootstrap.servers", "b:9092",
                        "metadata.max.age.ms", 5000,
                        "isolation.level", "read_committed",
                        "enable.auto.commit", false,
                        "group.id", "g",
                        "group.protocol", "CONSUMER")));
    }

    /** Requests of other systems may come in transactions, and an aborted one was never sent. */
    @Test
    void aMemberReadsCommittedRecordsAlone() {
        assertThat(clients.memberSettings("g", GroupProtocol.CLASSIC, Map.of()))
                .containsEntry("isolation.level", "read_committed");
    }

    @Test
    void aProducerKeepsItsViewOfTheClusterAndNoticesNewPartitionsInSeconds() {
        assertThat(clients.producerSettings(Map.of("linger.ms", 5)))
                .isEqualTo(withSockets(Map.of(
                        "bootstrap.servers",
                        "b:9092",
                        "metadata.max.age.ms",
                        5000,
                        "metadata.recovery.strategy",
                        "none",
                        "linger.ms",
                        5)));
    }

    @Test
    void theCallersOwnSettingsWin() {
        KafkaClients shared = new KafkaClients(
                Map.of("bootstrap.servers", "b:9092", "max.poll.records", "7", "receive.buffer.bytes", "65536"));
        assertThat(shared.followerSettings(Map.of())).containsEntry("receive.buffer.bytes", "65536");
        assertThat(shared.followerSettings(Map.of())).containsEntry("max.poll.records", "7");
        assertThat(shared.followerSettings(Map.of("max.poll.records", 1000))).containsEntry("max.poll.records", 1000);
    }

    /** The system sizes the buffers of their sockets. */
    private static Map<String, Object> withSockets(Map<String, Object> settings) {
        Map<String, Object> all = new HashMap<>(settings);
        all.put("send.buffer.bytes", -1);
        all.put("receive.buffer.bytes", -1);
        return all;
    }
}
