package dev.penstock.bench;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.penstock.model.OnnxModels;
import dev.penstock.protocol.Datatype;
import dev.penstock.protocol.Shape;
import dev.penstock.protocol.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/**
 * A model and its requests.
 *
 * @param folder the model folder, as a worker reads it
 * @param output the requested FP32 output
 * @param binary whether inputs use the binary format by default
 * @param tolerance the largest distance between a result and the raw session's result for the same row alone, as vectors, relative to the
 *     length of the latter
 */
record Workload(
        String name, String model, Path folder, String output, boolean binary, double tolerance, Inputs inputs) {
    private static final Path SAMPLES = Path.of("src/main/models");
    private static final Path GENERATED = Path.of("target/bench/models");
    static final List<String> NAMES = List.of("digits", "mlp-19mb", "mlp-70mb", "mlp-1gb", "minilm-16", "minilm-64");

    /** The default models: all that a CPU runs within milliseconds. */
    static final List<String> ON_CPU =
            NAMES.stream().filter(name -> !name.equals("mlp-1gb")).toList();

    /** Tolerance for another order of summation. */
    private static final double ROUNDING = 1e-4;

    /**
     * Tolerance for the quantized model. It uses one scale per run, from its smallest to its largest activation, so that a result depends on
     * the other rows of the run: by 0.16 to 0.24 of its length, measured with 2 to 32 random rows. Results of other rows are at least 1.17
     * away.
     */
    private static final double SHARED_QUANTIZATION = 0.5;

    private static final int PIXELS = 64;
    private static final int FULL_INK = 16;
    private static final int FIRST_WORD = 1000;
    private static final int WORDS = 30_000;

    /** Draws the inputs of one row. */
    interface Inputs {
        List<Tensor> draw(Random random);
    }

    /** Returns the named workload. Generates its model if possible; otherwise the exception says how to get it. */
    static Workload named(String name) throws IOException {
        return switch (name) {
            case "digits" ->
                new Workload(name, name, SAMPLES.resolve(name), "scores", false, ROUNDING, Workload::image);
            case "mlp-19mb" -> mlp(name, 2048);
            case "mlp-70mb" -> mlp(name, 4096);
            case "mlp-1gb" -> mlp(name, 16_384);
            case "minilm-16" -> minilm(name, 16);
            case "minilm-64" -> minilm(name, 64);
            default -> throw new IllegalArgumentException("model must be one of " + NAMES + ", was " + name);
        };
    }

    /**
     * A model that gives back what it gets, and its requests in binary form.
     *
     * @param models the folder that the model's folder is in
     * @param kib size of a request's row
     */
    static Workload echo(Path models, int kib) throws IOException {
        Path folder = models.resolve("echo");
        Files.createDirectories(folder.resolve("1"));
        ModelProto echo = OnnxModels.model(GraphProto.newBuilder()
                .addInput(OnnxModels.value("x", DataType.FLOAT, "batch", "columns"))
                .addOutput(OnnxModels.value("y", DataType.FLOAT, "batch", "columns"))
                .addNode(OnnxModels.node("Identity", List.of("x"), "y")));
        Files.write(folder.resolve("1/model.onnx"), echo.toByteArray());
        return new Workload(
                "echo of " + kib + " KiB",
                "echo",
                folder,
                "y",
                true,
                ROUNDING,
                random -> List.of(floats("x", gaussian(random, kib * 1024 / Float.BYTES))));
    }

    /** The same model, with so many rows in each request. */
    Workload withRows(int rows) {
        return new Workload(
                name + " of " + rows + " rows",
                model,
                folder,
                output,
                binary,
                tolerance,
                random -> together(
                        Stream.generate(() -> inputs.draw(random)).limit(rows).toList()));
    }

    private static List<Tensor> together(List<List<Tensor>> rows) {
        List<Tensor> all = new ArrayList<>();
        for (int input = 0; input < rows.getFirst().size(); input++) {
            Tensor first = rows.getFirst().get(input);
            ByteBuffer data =
                    ByteBuffer.allocate(rows.size() * first.data().remaining()).order(ByteOrder.LITTLE_ENDIAN);
            for (List<Tensor> row : rows) {
                data.put(row.get(input).data().duplicate());
            }
            all.add(new Tensor(first.name(), first.datatype(), first.shape().withRows(rows.size()), data.flip()));
        }
        return all;
    }

    Path file() {
        return folder.resolve("1/model.onnx");
    }

    private static Workload mlp(String name, int hidden) throws IOException {
        Path folder = GENERATED.resolve(name);
        GeneratedMlp.build(folder, hidden);
        return new Workload(name, name, folder, "scores", true, ROUNDING, random -> List.of(features(random)));
    }

    private static Workload minilm(String name, int tokens) throws IOException {
        Path folder = SAMPLES.resolve("minilm");
        if (!Files.exists(folder)) {
            throw new IOException(folder + " must exist; run ./penstock models fetch minilm");
        }
        return new Workload(
                name,
                "minilm",
                folder,
                "last_hidden_state",
                false,
                SHARED_QUANTIZATION,
                random -> text(tokens, random));
    }

    private static List<Tensor> image(Random random) {
        float[] pixels = new float[PIXELS];
        for (int i = 0; i < PIXELS; i++) {
            pixels[i] = random.nextInt(FULL_INK + 1);
        }
        return List.of(floats("pixels", pixels));
    }

    private static Tensor features(Random random) {
        return floats("features", gaussian(random, GeneratedMlp.FEATURES));
    }

    private static float[] gaussian(Random random, int count) {
        float[] row = new float[count];
        for (int i = 0; i < count; i++) {
            row[i] = (float) random.nextGaussian();
        }
        return row;
    }

    private static List<Tensor> text(int tokens, Random random) {
        return List.of(
                longs("input_ids", random.longs(tokens, FIRST_WORD, WORDS).toArray()),
                longs("attention_mask", random.longs(tokens, 1, 2).toArray()),
                longs("token_type_ids", new long[tokens]));
    }

    private static Tensor floats(String name, float[] row) {
        ByteBuffer data = ByteBuffer.allocate(row.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        data.asFloatBuffer().put(row);
        return new Tensor(name, Datatype.FP32, Shape.of(1, row.length), data);
    }

    private static Tensor longs(String name, long[] row) {
        ByteBuffer data = ByteBuffer.allocate(row.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        data.asLongBuffer().put(row);
        return new Tensor(name, Datatype.INT64, Shape.of(1, row.length), data);
    }
}
