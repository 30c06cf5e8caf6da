package dev.penstock.samples;

import dev.penstock.protocol.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.tribuo.Example;
import org.tribuo.MutableDataset;
import org.tribuo.ONNXExportable;
import org.tribuo.classification.Label;
import org.tribuo.classification.LabelFactory;
import org.tribuo.classification.sgd.fm.FMClassificationModel;
import org.tribuo.classification.sgd.fm.FMClassificationTrainer;
import org.tribuo.classification.sgd.objectives.Hinge;
import org.tribuo.datasource.ListDataSource;
import org.tribuo.impl.ArrayExample;
import org.tribuo.math.optimisers.AdaGrad;
import org.tribuo.provenance.ModelProvenance;
import org.tribuo.provenance.SimpleDataSourceProvenance;

/**
 * Trains the sample model {@code churn} and writes it to {@code src/main/models}. Like {@link DigitsTraining}, it produces the same bytes on
 * every machine and JDK.
 *
 * <p>The settings had the highest F1 of 108 in five-fold cross-validation on the training rows: 0.671, with an area under the ROC curve of
 * 0.884. A linear model reached 0.490 and 0.830, so the pairs of features matter.
 */
public final class ChurnTraining {
    /** The output folder, relative to the root of the repository. */
    static final Path FOLDER = Path.of("src/main/models/churn");

    static final String LEAVES = "yes";
    static final String STAYS = "no";

    /** One customer in seven leaves. The weight offsets the imbalance. */
    private static final float WEIGHT_OF_LEAVING = 3;

    private static final int EPOCHS = 20;
    private static final double LEARNING_RATE = 0.3;
    private static final int FACTORS = 2;
    private static final double INITIAL_VARIANCE = 0.1;
    private static final long SEED = 1;
    private static final int SILENT = -1;

    /** The publication date of the package that contains the table. */
    private static final OffsetDateTime TABLE_TIME = OffsetDateTime.of(2023, 1, 25, 0, 0, 0, 0, ZoneOffset.UTC);

    private static final OffsetDateTime NO_TIME = OffsetDateTime.of(1970, 1, 1, 0, 0, 0, 0, ZoneOffset.UTC);

    private final ChurnTable table = ChurnTable.load();
    private final Standardisation standard = Standardisation.of(table.training());

    static void write() throws IOException {
        byte[] model = new ChurnTraining().model();
        Path file = FOLDER.resolve("1/model.onnx");
        Files.createDirectories(file.getParent());
        Files.write(file, model);
        Files.writeString(FOLDER.resolve("model.yaml"), description(model));
        System.out.printf("%s: %d bytes, sha256 %s%n", file, model.length, Sha256.hex(model));
    }

    /** The bytes of {@code model.onnx}. */
    byte[] model() {
        FMClassificationModel model = train();
        return ChurnGraph.of(model, standard, provenance(model)).toByteArray();
    }

    /** The text of {@code model.yaml}. */
    static String description(byte[] model) {
        return """
                # Predicts whether a customer of a telephone company will leave. Requests send "customer_id" (1 to 5000); the features come from the
                # source "telecom", which ./penstock up configures. "leaves" is the answer; a higher "score" means more likely. Trained by
                # ChurnTraining; see docs/samples.md.
                max_batch_size: 64
                features:
                  entity: customer_id
                  entity_datatype: INT64
                  view: telecom-customers
                  names:
                    - %s
                  on_missing: fail
                  on_unavailable: stale
                  source: telecom
                sha256:
                  1: %s
                """.formatted(String.join("\n    - ", ChurnTable.FEATURES), Sha256.hex(model));
    }

    FMClassificationModel train() {
        LabelFactory labels = new LabelFactory();
        String description = "mlc_churn of modeldata 1.1.0 without each fifth row, standardised";
        ListDataSource<Label> source = new ListDataSource<>(
                table.training().stream().map(this::example).toList(),
                labels,
                new SimpleDataSourceProvenance(description, TABLE_TIME, labels));
        FMClassificationModel model = new FMClassificationTrainer(
                        new Hinge(), new AdaGrad(LEARNING_RATE), EPOCHS, SILENT, SEED, FACTORS, INITIAL_VARIANCE)
                .train(new MutableDataset<>(source));
        requireNaturalOrder(model);
        return model;
    }

    Example<Label> example(ChurnTable.Row row) {
        String[] names = IntStream.range(0, ChurnTable.FEATURES.size())
                .mapToObj(ChurnTraining::featureName)
                .toArray(String[]::new);
        Example<Label> example = new ArrayExample<>(new Label(row.left() ? LEAVES : STAYS), names, standard.of(row));
        example.setWeight(row.left() ? WEIGHT_OF_LEAVING : 1);
        return example;
    }

    private static String featureName(int index) {
        return String.format(Locale.ROOT, "f%02d", index);
    }

    /** Tribuo numbers features by name. The graph requires the natural order. */
    private static void requireNaturalOrder(FMClassificationModel model) {
        for (int i = 0; i < ChurnTable.FEATURES.size(); i++) {
            if (model.getFeatureIDMap().getID(featureName(i)) != i) {
                throw new IllegalStateException("feature " + i + " must be at its natural index");
            }
        }
    }

    /** Tribuo's provenance of data, trainer and settings, without the parts that differ between runs: time, JDK and system. */
    private static String provenance(FMClassificationModel model) {
        ModelProvenance own = model.getProvenance();
        return ONNXExportable.SERIALIZER.marshalAndSerialize(new ModelProvenance(
                own.getClassName(), NO_TIME, own.getDatasetProvenance(), own.getTrainerProvenance(), Map.of(), false));
    }
}
