package dev.penstock.messages;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.protocol.Lane;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TopicsTest {
    private static final int LONGEST_OF_KAFKA = 249;

    @Test
    void keepsNamesWithoutDots() {
        for (String model : List.of("digits", "my_model", "all-MiniLM-L6-v2", "a_-b")) {
            assertThat(Topics.requests(model, Lane.INTERACTIVE)).isEqualTo("penstock." + model + ".requests");
        }
    }

    @Test
    void writesADotSoThatKafkaTellsItFromAnUnderscore() {
        assertThat(Topics.requests("resnet50.v1"))
                .containsExactly("penstock.resnet50-.v1.requests", "penstock.resnet50-.v1.requests.bulk");
        assertThat(Topics.deadLetters("resnet50.v1")).isEqualTo("penstock.resnet50-.v1.dead-letters");
        assertThat(Topics.workerGroup("resnet50.v1")).isEqualTo("penstock.resnet50-.v1.workers");
    }

    /** All names of up to seven characters, also with the names of our topics' parts in them. */
    @Test
    void noTwoModelsShareATopicNotEvenForKafkasMetrics() {
        List<String> models = new ArrayList<>(List.of("a"));
        for (int from = 0, length = 1; length < 7; length++) {
            int to = models.size();
            for (int i = from; i < to; i++) {
                for (String more : List.of("a", "-", ".", "_")) {
                    models.add(models.get(i) + more);
                }
            }
            from = to;
        }
        for (String part : List.of("requests", "bulk", "dead-letters", "requests.bulk", "replies", "features")) {
            models.addAll(List.of("a." + part, "a_" + part, "a-." + part, "a-_" + part));
        }
        Map<String, String> owners = new HashMap<>();
        for (String model : models) {
            List<String> topics = new ArrayList<>(Topics.requests(model));
            topics.add(Topics.deadLetters(model));
            for (String topic : topics) {
                String owner = owners.put(topic.replace('.', '_'), model);
                assertThat(owner)
                        .as("model with the topic %s of %s", topic, model)
                        .isNull();
            }
        }
    }

    @Test
    void theLongestNameFitsIntoATopic() {
        assertThat(Topics.requests("a" + "-.".repeat(49) + ".", Lane.BULK)).hasSizeLessThan(LONGEST_OF_KAFKA);
        assertThat(Topics.requests("a" + ".".repeat(99), Lane.BULK)).hasSizeLessThan(LONGEST_OF_KAFKA);
    }
}
