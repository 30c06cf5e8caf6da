package dev.penstock.worker.reply;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.penstock.kafka.BrokerClock;
import dev.penstock.messages.Announcement;
import dev.penstock.messages.ModelStatus;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.Signature;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

class AnnouncerTest {
    private static final Announcement MODEL = new Announcement(
            "m", "1", "w", new Signature(List.of(), List.of()), 8, 1000, 0, 100, "cpu", true, Optional.empty());
    private static final Map<Lane, List<Integer>> READS =
            Map.of(Lane.INTERACTIVE, List.of(1, 4), Lane.BULK, List.of(0));

    private final MockProducer<byte[], byte[]> producer =
            new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer());

    @Test
    void announcesAtOnceWhichPartitionsItsWorkerReads() throws Exception {
        try (Announcer announcer = new Announcer(producer, new BrokerClock(), Duration.ofHours(1), fault -> {})) {
            announcer.announce(MODEL);
            assertThat(announced(0).partitions()).isEmpty();

            announcer.reads("m", READS);

            await().until(() -> producer.history().size() == 2);
            assertThat(announced(1)).isEqualTo(MODEL.reading(READS));
        }
    }

    @Test
    void keepsThemInLaterAnnouncements() throws Exception {
        try (Announcer announcer = new Announcer(producer, new BrokerClock(), Duration.ofHours(1), fault -> {})) {
            announcer.reads("m", READS);
            announcer.announce(MODEL);
            assertThat(announced(producer.history().size() - 1)).isEqualTo(MODEL.reading(READS));
        }
    }

    @Test
    void announcesAStoppedModelAsNotReadyWhateverComesLater() throws Exception {
        try (Announcer announcer = new Announcer(producer, new BrokerClock(), Duration.ofHours(1), fault -> {})) {
            announcer.announce(MODEL);
            announcer.stop("m");
            announcer.announce(MODEL);
            assertThat(announced(0).ready()).isTrue();
            assertThat(announced(1).ready()).isFalse();
            assertThat(announced(2).ready()).isFalse();
        }
    }

    @Test
    void tellsAStatusOnceAndDeletesItWhenItIsOver() throws Exception {
        ModelStatus status = new ModelStatus("m", Optional.of("2"), "w", ModelStatus.State.LOADING, "it is large");
        try (Announcer announcer = new Announcer(producer, new BrokerClock(), Duration.ofHours(1), fault -> {})) {
            announcer.tell(status);
            announcer.tell(status);
            announcer.takeBack(status);
            announcer.takeBack(status);
            assertThat(producer.history()).hasSize(2);
            assertThat(ModelStatus.read(producer.history().get(0).value())).isEqualTo(status);
            assertThat(producer.history().get(1).key())
                    .isEqualTo(producer.history().get(0).key());
            assertThat(producer.history().get(1).value()).isNull();
        }
    }

    @Test
    void tellsAgainWhatTheBrokerDidNotTake() {
        MockProducer<byte[], byte[]> failing =
                new MockProducer<>(false, null, new ByteArraySerializer(), new ByteArraySerializer());
        try (Announcer announcer = new Announcer(failing, new BrokerClock(), Duration.ofMillis(10), fault -> {})) {
            announcer.tell(new ModelStatus("m", Optional.empty(), "w", ModelStatus.State.UNAVAILABLE, "no version"));
            failing.errorNext(new TimeoutException("no metadata yet"));
            await().until(() -> failing.history().size() >= 2);
        }
    }

    @Test
    void deletesItsStatusesWhenItWithdraws() {
        try (Announcer announcer = new Announcer(producer, new BrokerClock(), Duration.ofHours(1), fault -> {})) {
            announcer.tell(new ModelStatus("m", Optional.empty(), "w", ModelStatus.State.UNAVAILABLE, "no version"));
            announcer.withdraw();
            assertThat(producer.history()).hasSize(2);
            assertThat(producer.history().getLast().value()).isNull();
        }
    }

    private Announcement announced(int index) throws IOException {
        return Announcement.read(producer.history().get(index).value());
    }
}
