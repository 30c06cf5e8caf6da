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
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.tribuo.classification.Label;
import org.tribuo.classification.sgd.fm.FMClassificationModel;

class ChurnModelTest {
    private final ChurnTable table = ChurnTable.load();
    private byte[] shipped;
    private OrtSession session;

    @BeforeEach
    void open() throws IOException, OrtException {
        shipped = Files.readAllBytes(ChurnTraining.FOLDER.resolve("1/model.onnx"));
        session = OrtEnvironment.getEnvironment().createSession(shipped);
    }

    @AfterEach
    void close() throws OrtException {
        session.close();
    }

    @Test
    void theCommandRebuildsTheShippedFiles() throws IOException {
        byte[] built = new ChurnTraining().model();

        assertThat(built).isEqualTo(shipped);
        assertThat(ChurnTraining.FOLDER.resolve("model.yaml")).hasContent(ChurnTraining.description(built));
    }

    /** One customer in seven leaves. A model that always answers "stays" would be right for six in seven. */
    @Test
    void predictsHeldOutRowsBetterThanTheMajorityClass() throws OrtException {
        List<ChurnTable.Row> rows = table.heldOut();

        boolean[] answers = leaves(rows);
        float[] scores = scores(rows);

        int left = count(rows, answers, true, true) + count(rows, answers, true, false);
        int foundOut = count(rows, answers, true, true);
        double precision = (double) foundOut / (foundOut + count(rows, answers, false, true));
        double recall = (double) foundOut / left;
        double right = (double) (foundOut + count(rows, answers, false, false)) / rows.size();
        double majority = 1 - (double) left / rows.size();
        System.out.printf(
                "churn, %d held-out rows: area under the ROC curve %.3f, F1 %.3f (precision %.3f, recall %.3f), right %.3f, majority %.3f%n",
                rows.size(),
                areaUnderTheCurve(rows, scores),
                2 * precision * recall / (precision + recall),
                precision,
                recall,
                right,
                majority);
        assertThat(areaUnderTheCurve(rows, scores)).isGreaterThan(0.85); // chance: 0.5
        assertThat(2 * precision * recall / (precision + recall)).isGreaterThan(0.6); // the majority's: 0
        assertThat(right).isGreaterThan(majority + 0.02);
    }

    @Test
    void scoresLikeTheTrainedModel() throws OrtException {
        ChurnTraining training = new ChurnTraining();
        FMClassificationModel trained = training.train();
        List<ChurnTable.Row> rows = table.heldOut();

        float[] scores = scores(rows);

        for (int i = 0; i < scores.length; i++) {
            Map<String, Label> expected =
                    trained.predict(training.example(rows.get(i))).getOutputScores();
            double margin = score(expected, ChurnTraining.LEAVES) - score(expected, ChurnTraining.STAYS);
            assertThat((double) scores[i]).isCloseTo(margin, within(1e-3));
        }
    }

    @Test
    void scoresARowAloneAsInABatch() throws OrtException {
        List<ChurnTable.Row> some = table.heldOut().subList(0, 20);

        float[] together = scores(some);

        for (int i = 0; i < some.size(); i++) {
            assertThat(scores(List.of(some.get(i)))[0]).isCloseTo(together[i], within(1e-4f));
        }
    }

    @Test
    void hasAReadableSignature() throws OrtException {
        assertThat(session.getInputInfo().values())
                .extracting(NodeInfo::toString)
                .satisfiesExactly(customer -> assertThat(customer)
                        .contains("name=customer", "javaType=FLOAT", "shape=[-1, 13]", "dimNames=[batch,"));
        assertThat(session.getOutputInfo().values())
                .extracting(NodeInfo::toString)
                .satisfiesExactly(
                        leaves -> assertThat(leaves).contains("name=leaves", "javaType=BOOL", "shape=[-1]"),
                        score -> assertThat(score).contains("name=score", "javaType=FLOAT", "shape=[-1]"));
    }

    @Test
    void recordsItsTrainingDataButNotTheMachine() throws IOException {
        String provenance = ModelProto.parseFrom(shipped).getMetadataProps(0).getValue();

        assertThat(provenance)
                .contains("mlc_churn", "FMClassificationTrainer", "\"seed\"")
                .doesNotContain(
                        System.getProperty("user.dir"),
                        System.getProperty("os.name"),
                        System.getProperty("java.version"));
    }

    @Test
    void holdsOutEveryFifthRow() {
        assertThat(table.training()).hasSize(4000);
        assertThat(table.heldOut()).hasSize(1000);
        assertThat(table.heldOut().getFirst().id()).isEqualTo(5);
    }

    private static double score(Map<String, Label> scores, String label) {
        Label found = scores.get(label);
        return found == null ? Double.NaN : found.getScore();
    }

    private static int count(List<ChurnTable.Row> rows, boolean[] answers, boolean left, boolean answer) {
        return (int) IntStream.range(0, answers.length)
                .filter(i -> rows.get(i).left() == left && answers[i] == answer)
                .count();
    }

    /** The probability that a customer who left has a higher score than one who stayed. */
    private static double areaUnderTheCurve(List<ChurnTable.Row> rows, float[] scores) {
        double pairs = 0;
        double right = 0;
        for (int i = 0; i < scores.length; i++) {
            for (int j = 0; j < scores.length; j++) {
                if (rows.get(i).left() && !rows.get(j).left()) {
                    pairs++;
                    right += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
                }
            }
        }
        return right / pairs;
    }

    private boolean[] leaves(List<ChurnTable.Row> rows) throws OrtException {
        return (boolean[]) output("leaves", rows);
    }

    private float[] scores(List<ChurnTable.Row> rows) throws OrtException {
        return (float[]) output("score", rows);
    }

    /** The shipped model's scores, computed with ONNX Runtime directly, all rows in one batch. */
    private Object output(String name, List<ChurnTable.Row> rows) throws OrtException {
        int features = ChurnTable.FEATURES.size();
        FloatBuffer values = FloatBuffer.allocate(rows.size() * features);
        rows.forEach(row -> IntStream.range(0, features).forEach(i -> values.put((float) row.feature(i))));
        long[] shape = {rows.size(), features};
        try (OnnxTensor input = OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), values.flip(), shape);
                OrtSession.Result result = session.run(Map.of("customer", input))) {
            return result.get(name).orElseThrow().getValue();
        }
    }
}
