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
 * Trains the sample model {@code digits} and writes it to {@code src/main/models}. The bytes are the same on every machine and JDK.
 *
 * <p>The model is a factorization machine with hinge loss and AdaGrad. Training uses one thread, a fixed seed, and only {@code + - * /} and
 * square roots, whose results Java defines exactly. Log loss would need {@code Math.exp}, whose result Java does not define exactly. The
 * settings were chosen by cross-validation on the training rows.
 */
public final class DigitsTraining {
    /** The output folder, relative to the root of the repository. */
    static final Path FOLDER = Path.of("src/main/models/digits");

    private static final int EPOCHS = 20;
    private static final double LEARNING_RATE = 0.1;
    private static final int FACTORS = 4;
    private static final double INITIAL_VARIANCE = 0.1;
    private static final long SEED = 1;
    private static final int SILENT = -1;

    /** The month in the description of the data set. */
    private static final OffsetDateTime TABLE_TIME = OffsetDateTime.of(1998, 7, 1, 0, 0, 0, 0, ZoneOffset.UTC);

    private static final OffsetDateTime NO_TIME = OffsetDateTime.of(1970, 1, 1, 0, 0, 0, 0, ZoneOffset.UTC);

    private DigitsTraining() {}

    static void write() throws IOException {
        byte[] model = model();
        Path file = FOLDER.resolve("1/model.onnx");
        Files.createDirectories(file.getParent());
        Files.write(file, model);
        Files.writeString(FOLDER.resolve("model.yaml"), description(model));
        System.out.printf("%s: %d bytes, sha256 %s%n", file, model.length, Sha256.hex(model));
    }

    /** The bytes of {@code model.onnx}. */
    static byte[] model() {
        FMClassificationModel model = train();
        return DigitsGraph.of(model, provenance(model)).toByteArray();
    }

    /** The text of {@code model.yaml}. */
    static String description(byte[] model) {
        return """
                # Reads a handwritten digit. "pixels" holds 8 x 8 values from 0 (paper) to 16 (ink), row by row. "digit" is the answer;
                # "scores" has one column per digit, higher means more likely. Trained by DigitsTraining; see docs/samples.md.
                max_batch_size: 64
                sha256:
                  1: %s
                """.formatted(Sha256.hex(model));
    }

    static FMClassificationModel train() {
        LabelFactory labels = new LabelFactory();
        String description =
                "UCI Optical Recognition of Handwritten Digits, optdigits.tes without each fifth row, pixels / 16";
        ListDataSource<Label> source = new ListDataSource<>(
                DigitsTable.load().training().stream()
                        .map(DigitsTraining::example)
                        .toList(),
                labels,
                new SimpleDataSourceProvenance(description, TABLE_TIME, labels));
        FMClassificationModel model = new FMClassificationTrainer(
                        new Hinge(), new AdaGrad(LEARNING_RATE), EPOCHS, SILENT, SEED, FACTORS, INITIAL_VARIANCE)
                .train(new MutableDataset<>(source));
        requireNaturalOrder(model);
        return model;
    }

    static Example<Label> example(DigitsTable.Row row) {
        float[] pixels = row.pixels();
        String[] names = IntStream.range(0, pixels.length)
                .mapToObj(DigitsTraining::pixelName)
                .toArray(String[]::new);
        double[] values = IntStream.range(0, pixels.length)
                .mapToDouble(i -> pixels[i] / DigitsTable.FULL_INK)
                .toArray();
        return new ArrayExample<>(new Label(Integer.toString(row.digit())), names, values);
    }

    private static String pixelName(int index) {
        return String.format(Locale.ROOT, "p%02d", index);
    }

    /** Tribuo numbers features by name and labels by hash. Here both yield the natural order, which the graph requires. */
    private static void requireNaturalOrder(FMClassificationModel model) {
        for (int i = 0; i < DigitsTable.PIXELS; i++) {
            require(model.getFeatureIDMap().getID(pixelName(i)) == i, "feature " + i);
        }
        for (int i = 0; i < DigitsTable.DIGITS; i++) {
            require(model.getOutputIDInfo().getOutput(i).getLabel().equals(Integer.toString(i)), "label " + i);
        }
    }

    private static void require(boolean holds, String name) {
        if (!holds) {
            throw new IllegalStateException(name + " must be at its natural index");
        }
    }

    /** Tribuo's provenance of data, trainer and settings, without the parts that differ between runs: time, JDK and system. */
    private static String provenance(FMClassificationModel model) {
        ModelProvenance own = model.getProvenance();
        return ONNXExportable.SERIALIZER.marshalAndSerialize(new ModelProvenance(
                own.getClassName(), NO_TIME, own.getDatasetProvenance(), own.getTrainerProvenance(), Map.of(), false));
    }
}
