package dev.penstock.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.tribuo.classification.Label;
import org.tribuo.classification.sgd.fm.FMClassificationModel;

class DigitsModelTest {
    private final DigitsTable table = DigitsTable.load();
    private byte[] shipped;
    private OrtSession session;

    @BeforeEach
    void open() throws IOException, OrtException {
        shipped = Files.readAllBytes(DigitsTraining.FOLDER.resolve("1/model.onnx"));
        session = OrtEnvironment.getEnvironment().createSession(shipped);
    }

    @AfterEach
    void close() throws OrtException {
        session.close();
    }

    @Test
    void theCommandRebuildsTheShippedFiles() throws IOException {
        byte[] built = DigitsTraining.model();

        assertThat(built).isEqualTo(shipped);
        assertThat(DigitsTraining.FOLDER.resolve("model.yaml")).hasContent(DigitsTraining.description(built));
    }

    @Test
    void recognizesTheHeldOutRows() throws OrtException {
        List<DigitsTable.Row> rows = table.heldOut();

        long[] answers = digits(rows);

        int right = 0;
        for (int i = 0; i < answers.length; i++) {
            right += answers[i] == rows.get(i).digit() ? 1 : 0;
        }
        assertThat((double) right / rows.size()).isGreaterThanOrEqualTo(0.94);
    }

    @Test
    void scoresLikeTheTrainedModel() throws OrtException {
        FMClassificationModel trained = DigitsTraining.train();
        List<DigitsTable.Row> rows = table.heldOut();

        float[][] scores = scores(rows);

        for (int i = 0; i < scores.length; i++) {
            for (Label expected : trained.predict(DigitsTraining.example(rows.get(i)))
                    .getOutputScores()
                    .values()) {
                double score = scores[i][Integer.parseInt(expected.getLabel())];
                assertThat(score).isCloseTo(expected.getScore(), within(1e-4));
            }
        }
    }

    @Test
    void scoresARowAloneAsInABatch() throws OrtException {
        List<DigitsTable.Row> some = table.heldOut().subList(0, 20);

        float[][] together = scores(some);

        for (int i = 0; i < some.size(); i++) {
            assertThat(scores(List.of(some.get(i)))[0]).containsExactly(together[i], within(1e-4f));
        }
    }

    @Test
    void hasAReadableSignature() throws OrtException {
        assertThat(session.getInputInfo().values())
                .extracting(NodeInfo::toString)
                .satisfiesExactly(pixels -> assertThat(pixels)
                        .contains("name=pixels", "javaType=FLOAT", "shape=[-1, 64]", "dimNames=[batch,"));
        assertThat(session.getOutputInfo().values())
                .extracting(NodeInfo::toString)
                .satisfiesExactly(
                        digit -> assertThat(digit)
                                .contains("name=digit", "javaType=INT64", "shape=[-1]", "dimNames=[batch]"),
                        scores -> assertThat(scores).contains("name=scores", "javaType=FLOAT", "shape=[-1, 10]"));
    }

    @Test
    void recordsItsTrainingDataButNotTheMachine() throws IOException {
        String provenance = ModelProto.parseFrom(shipped).getMetadataProps(0).getValue();

        assertThat(provenance)
                .contains("Handwritten Digits", "FMClassificationTrainer", "\"seed\"")
                .doesNotContain(
                        System.getProperty("user.dir"),
                        System.getProperty("os.name"),
                        System.getProperty("java.version"));
    }

    @Test
    void holdsOutEveryFifthRow() {
        assertThat(table.training()).hasSize(1438);
        assertThat(table.heldOut()).hasSize(359);
        assertThat(table.heldOut().getFirst().digit()).isEqualTo(4);
    }

    private long[] digits(List<DigitsTable.Row> rows) throws OrtException {
        return (long[]) output("digit", rows);
    }

    private float[][] scores(List<DigitsTable.Row> rows) throws OrtException {
        return (float[][]) output("scores", rows);
    }

    /** The shipped model's scores, computed with ONNX Runtime directly, all rows in one batch. */
    private Object output(String name, List<DigitsTable.Row> rows) throws OrtException {
        FloatBuffer pixels = FloatBuffer.allocate(rows.size() * DigitsTable.PIXELS);
        rows.forEach(row -> pixels.put(row.pixels()));
        long[] shape = {rows.size(), DigitsTable.PIXELS};
        try (OnnxTensor input = OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), pixels.flip(), shape);
                OrtSession.Result result = session.run(Map.of("pixels", input))) {
            return result.get(name).orElseThrow().getValue();
        }
    }
}
