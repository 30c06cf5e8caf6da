package dev.penstock.ingress.call;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.penstock.kafka.TopicFollower;
import dev.penstock.messages.Announcement;
import dev.penstock.messages.Topics;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.jboss.logging.Logger;

/** Follows {@code penstock.models} from its beginning, without a group: every ingress hears everything. */
public final class CatalogueListener implements TopicFollower.Listener {
    private static final Logger LOG = Logger.getLogger(CatalogueListener.class);

    private final Catalogue catalogue;
    private final Consumer<String> modelHeard;
    private long freshFrom;

    /** @param modelHeard told of every model that is announced, on this follower's thread */
    public CatalogueListener(Catalogue catalogue, Consumer<String> modelHeard) {
        this.catalogue = catalogue;
        this.modelHeard = modelHeard;
    }

    @Override
    public void assign(KafkaConsumer<byte[], byte[]> consumer) {
        TopicPartition partition = new TopicPartition(Topics.MODELS, 0);
        consumer.assign(List.of(partition));
        Map<TopicPartition, Long> end = consumer.endOffsets(List.of(partition), Duration.ofSeconds(30));
        freshFrom = end.getOrDefault(partition, 0L);
        consumer.seekToBeginning(List.of(partition));
    }

    @Override
    public void received(ConsumerRecord<byte[], byte[]> record) {
        if (record.key() == null) {
            LOG.warnf("%s@%d has no key; skipped", record.topic(), record.offset());
            return;
        }
        if (record.value() == null) {
            catalogue.forgotten(new String(record.key(), UTF_8));
            return;
        }
        try {
            Announcement announcement = Announcement.read(record.value());
            catalogue.heard(announcement, record.offset() >= freshFrom);
            modelHeard.accept(announcement.model());
        } catch (IOException notOurs) {
            LOG.warnf(notOurs, "%s@%d is no announcement; skipped", record.topic(), record.offset());
        }
    }
}
