package dev.penstock.ingress.submit;

import static org.awaitility.Awaitility.await;

import dev.penstock.messages.Topics;
import dev.penstock.threads.Faults;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;

class ModelTopicsTest {
    private final Faults faults = new Faults("ingress");
    private final Set<String> prepared = new CopyOnWriteArraySet<>();
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

    private static Set<String> topics(String... models) {
        return Stream.concat(
                        Stream.of(Topics.RESULTS), Stream.of(models).flatMap(model -> Topics.requests(model).stream()))
                .collect(Collectors.toSet());
    }

    private void prepare(Collection<String> topics) {
        try {
            metadata.await();
        } catch (InterruptedException stopping) {
            throw new IllegalStateException(stopping);
        }
        List<String> missing = Topics.requests("missing");
        topics.stream().filter(topic -> !missing.contains(topic)).forEach(prepared::add);
        if (topics.stream().anyMatch(missing::contains)) {
            throw new TimeoutException("no metadata within 1000 ms");
        }
    }
}
