package dev.penstock.ingress.submit;

import static org.awaitility.Awaitility.await;

import dev.penstock.threads.Faults;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;

class ModelTopicsTest {
    private final Faults faults = new Faults("ingress");
    private final List<String> prepared = new CopyOnWriteArrayList<>();
    private final CountDownLatch metadata = new CountDownLatch(1);

    @Test
    void whoeverAnnouncesDoesNotWaitForMetadata() {
        try (ModelTopics topics = new ModelTopics(faults, this::prepare)) {
            topics.announced("a");
            topics.announced("b");
            metadata.countDown();
            await().until(() -> prepared.equals(List.of("a", "b")));
        }
    }

    @Test
    void aModelWithoutTopicsComesAgainWithItsNextAnnouncement() {
        metadata.countDown();
        try (ModelTopics topics = new ModelTopics(faults, this::prepare)) {
            topics.announced("missing");
            topics.announced("a");
            await().until(() -> prepared.equals(List.of("a")));
            topics.announced("missing");
            topics.announced("b");
            await().until(() -> prepared.equals(List.of("a", "b")) && faults.isEmpty());
        }
    }

    private void prepare(String model) {
        try {
            metadata.await();
        } catch (InterruptedException stopping) {
            throw new IllegalStateException(stopping);
        }
        if (model.equals("missing")) {
            throw new TimeoutException("no metadata within 1000 ms");
        }
        prepared.add(model);
    }
}
