package dev.penstock.ingress.call;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.kafka.TopicFollower;
import dev.penstock.messages.Announcement;
import dev.penstock.messages.ModelStatus;
import dev.penstock.messages.Topics;
import dev.penstock.threads.LimitedLog;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jboss.logging.Logger;

/** Follows {@code penstock.models} from its beginning, without a group, so that every ingress knows every model. */
public final class CatalogueListener implements TopicFollower.Listener {
    private static final LimitedLog SKIPPED = new LimitedLog(Logger.getLogger(CatalogueListener.class));

    private final Catalogue catalogue;
    private final java.util.function.Consumer<String> modelHeard;
    private final LongSupplier wallClock;
    private long freshFrom;

    /**
     * @param modelHeard called with the name of each model that is announced, on the follower's thread; must not block
     * @param wallClock milliseconds, to be compared with the broker's timestamps
     */
    public CatalogueListener(
            Catalogue catalogue, java.util.function.Consumer<String> modelHeard, LongSupplier wallClock) {
        this.catalogue = catalogue;
        this.modelHeard = modelHeard;
        this.wallClock = wallClock;
    }

    @Override
    public void assign(Consumer<byte[], byte[]> consumer) {
        TopicPartition partition = new TopicPartition(Topics.MODELS, 0);
        consumer.assign(List.of(partition));
        Map<TopicPartition, Long> end = consumer.endOffsets(List.of(partition), Duration.ofSeconds(30));
        freshFrom = end.getOrDefault(partition, 0L);
        consumer.seekToBeginning(List.of(partition));
    }

    @Override
    public void received(ConsumerRecord<byte[], byte[]> record) {
        if (record.key() == null) {
            SKIPPED.warn(
                    "%s@%d has no key; skipped. Only workers may write to this topic", record.topic(), record.offset());
            return;
        }
        String key = new String(record.key(), UTF_8);
        if (record.value() == null) {
            catalogue.forgotten(key);
            catalogue.statuses().forgotten(key);
            return;
        }
        boolean isFresh = record.offset() >= freshFrom;
        Duration age = Duration.ofMillis(isFresh ? 0 : Math.max(0, wallClock.getAsLong() - record.timestamp()));
        try {
            if (ModelStatus.isKey(key)) {
                catalogue.statuses().heard(ModelStatus.read(record.value()), age);
                return;
            }
            Announcement announcement = Announcement.read(record.value());
            if (isFresh) {
                catalogue.heard(announcement);
            } else {
                catalogue.heardBefore(announcement, age);
            }
            modelHeard.accept(announcement.model());
        } catch (IOException notOurs) {
            SKIPPED.warn(
                    "%s@%d is no announcement; skipped. Only workers may write to this topic",
                    record.topic(), record.offset());
        }
    }
}
