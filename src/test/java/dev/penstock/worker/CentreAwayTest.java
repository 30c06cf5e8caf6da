package dev.penstock.worker;

import static dev.penstock.worker.CentreOnKafka.REPLIES;
import static dev.penstock.worker.CentreOnKafka.soon;
import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.messages.Topics;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Requests for a model whose centre is away, on a real broker. */
class CentreAwayTest {
    private static final String INPUT =
            "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[1,3],\"data\":[1,2,3]}]}";

    @TempDir
    Path models;

    private CentreOnKafka centre;

    @BeforeEach
    void start() throws Exception {
        centre = new CentreOnKafka(models, models);
        centre.configure("", "use: centre");
        centre.isAway = true;
    }

    @AfterEach
    void stop() {
        centre.close();
    }

    @Test
    void onlyWhoWaitsForItFailsAndTheRestIsAnsweredWhenItIsBack() throws Exception {
        try (WorkerUnderTest worker = worker()) {
            send("of a system", REPLIES);
            send("of a poller", Topics.RESULTS);
            soon().until(() -> centre.calls() > 0);
            send("of a call", Topics.REPLIES);
            soon().until(() -> centre.outcomes(Topics.REPLIES).equals(List.of("of a call failed")));
            assertThat(centre.outcomes(REPLIES)).isEmpty();
            assertThat(centre.outcomes(Topics.RESULTS)).isEmpty();

            centre.isAway = false;
            soon().until(() -> centre.outcomes(REPLIES).equals(List.of("of a system succeeded"))
                    && centre.outcomes(Topics.RESULTS).equals(List.of("of a poller succeeded")));
        }
    }

    @Test
    void aWorkerThatStopsLeavesWhatWaitsToTheNext() throws Exception {
        try (WorkerUnderTest worker = worker()) {
            send("patient", REPLIES);
            soon().until(() -> centre.calls() > 2);
        }
        assertThat(centre.outcomes(REPLIES)).isEmpty();
        centre.isAway = false;
        try (WorkerUnderTest next = worker()) {
            soon().until(() -> centre.outcomes(REPLIES).equals(List.of("patient succeeded")));
        }
    }

    private WorkerUnderTest worker() throws Exception {
        return centre.worker().start();
    }

    private void send(String id, String replyTopic) throws Exception {
        centre.send(id, replyTopic, INPUT);
    }
}
