package dev.penstock.messages;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Lane;
import dev.penstock.protocol.RunMode;
import dev.penstock.protocol.ScaleToZero;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Signature;
import dev.penstock.protocol.TensorSpec;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class AnnouncementTest {
    private static final Announcement OLDER = new Announcement(
            "m", "1", "w", new Signature(List.of(), List.of()), 8, 1000, 0, 100, "cpu", true, Optional.empty());

    @Test
    void tellsWhichPartitionsItsWorkerReads() throws IOException {
        Announcement sent = OLDER.reading(Map.of(Lane.INTERACTIVE, List.of(3, 17), Lane.BULK, List.of()));
        assertThat(new ObjectMapper().readTree(sent.toJson()).path("partitions").toString())
                .isIn("{\"interactive\":[3,17],\"bulk\":[]}", "{\"bulk\":[],\"interactive\":[3,17]}");
        assertThat(Announcement.read(sent.toJson())).isEqualTo(sent);
        assertThat(sent.notReady().partitions()).isEqualTo(sent.partitions());
    }

    @Test
    void tellsTheLabelsOfAnOutput() throws IOException {
        TensorSpec output = new TensorSpec("scores", Datatype.BF16, Shape.of(-1, 2)).withLabels(List.of("no", "yes"));
        Announcement sent = new Announcement(
                "m",
                "1",
                "w",
                new Signature(List.of(), List.of(output)),
                8,
                1000,
                0,
                100,
                "cpu",
                true,
                Optional.empty());

        assertThat(Announcement.read(sent.toJson())).isEqualTo(sent);
    }

    @Test
    void tellsThatAModelMayScaleToZeroAlsoWhenItsWorkerLeaves() throws IOException {
        Announcement sent = OLDER.scalingToZero(
                        Optional.of(new ScaleToZero(Duration.ofSeconds(30), OptionalInt.of(20))))
                .reading(Map.of(Lane.INTERACTIVE, List.of(1), Lane.BULK, List.of()))
                .notReady();
        assertThat(new ObjectMapper()
                        .readTree(sent.toJson())
                        .path("scale_to_zero")
                        .toString())
                .isEqualTo("{\"start_ms\":30000,\"requests_per_second\":20}");
        assertThat(Announcement.read(sent.toJson())).isEqualTo(sent);
    }

    @Test
    void ofAnOlderWorkerTellsNoPartitions() throws IOException {
        assertThat(Announcement.read(OLDER.toJson())).isEqualTo(OLDER);
    }

    @Test
    void tellsHowTheModelIsRunAndWhereItsRowsAre() throws IOException {
        Signature signature = new Signature(
                List.of(
                        new TensorSpec("x", Datatype.FP32, Shape.of(-1, 3)),
                        new TensorSpec("state", Datatype.FP32, Shape.of(2, -1), OptionalInt.of(1)),
                        new TensorSpec("rate", Datatype.INT64, Shape.of(), OptionalInt.empty())),
                List.of(),
                List.of(),
                RunMode.batched("a probe proved it"));
        Announcement sent = new Announcement("m", "1", "w", signature, 8, 1000, 0, 100, "cpu", true, Optional.empty());

        assertThat(Announcement.read(sent.toJson())).isEqualTo(sent);
    }
}
