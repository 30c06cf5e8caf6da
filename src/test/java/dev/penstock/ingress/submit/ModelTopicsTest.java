package dev.penstock.ingress.submit;

import static org.awaitility.Awaitility.await;

import dev.penstock.messages.Topics;
import dev.penstock.protocol.Lane;
import dev.penstock.threads.Faults;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;

class ModelTopicsTest {
    private final Faults faults = new Faults("ingress");
    private final List<String> prepared = new CopyOnWriteArrayList<>();
    private final CountDownLatch metadata = new CountDownLatch(1);

    @Test
    void whoeverAnnouncesDoesNotWaitForMetadata() {
        try (ModelTopics models = new ModelTopics(faults, List.of(Topics.RESULTS), this::prepare)) {
            models.announced("a");
            models.announced("b");
            metadata.countDown();
            await().until(() -> prepared.equals(topics("a", "b")));
        }
    }

    @Test
    void aModelWithoutTopicsComesAgainWithItsNextAnnouncement() {
        metadata.countDown();
        try (ModelTopics models = new ModelTopics(faults, List.of(Topics.RESULTS), this::prepare)) {
            models.announced("missing");
            models.announced("a");
            await().until(() -> prepared.equals(topics("a")));
            models.announced("missing");
            models.announced("b");
            await().until(() -> prepared.equals(topics("a", "b")) && faults.isEmpty());
        }
    }

    private static List<String> topics(String... models) {
        return Stream.concat(
                        Stream.of(Topics.RESULTS), Stream.of(models).flatMap(model -> Topics.requests(model).stream()))
                .toList();
    }

    private void prepare(String topic) {
        try {
            metadata.await();
        } catch (InterruptedException stopping) {
            throw new IllegalStateException(stopping);
        }
        if (topic.equals(Topics.requests("missing", Lane.INTERACTIVE))
                || topic.equals(Topics.requests("missing", Lane.BULK))) {
            throw new TimeoutException("no metadata within 1000 ms");
        }
        prepared.add(topic);
    }
}
