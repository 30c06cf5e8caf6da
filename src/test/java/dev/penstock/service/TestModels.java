package dev.penstock.service;

import dev.penstock.model.OnnxModels;
import dev.penstock.protocol.Datatype;
import dev.penstock.zoo.ModelFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The models that the service under test serves in addition to the samples. */
final class TestModels {
    /** Takes an index into a table of three rows. Any other index fails its whole batch. */
    static final String PICK = "pick";

    /** Runs for as many iterations as its input says, one request at a time. */
    static final String PATIENCE = "patience";

    /** Takes sequences of any length. */
    static final String TOKENS = "tokens";

    /** Takes sequences of any length, padded to 4, 8 or 16. Sequences share a run of up to 32 positions. */
    static final String BUCKETS = "buckets";

    /** Takes tensors of up to 24 bytes. */
    static final String SMALL_TENSORS = "small-tensors";

    /** Takes a customer's name and one value, looks up two more, and returns all three. */
    static final String LOOKED_UP = "looked-up";

    /** The same, but fails for an unknown customer. */
    static final String LOOKED_UP_OR_FAILED = "looked-up-or-failed";

    /** Takes two values, and looks up the values between them. */
    static final String LOOKED_UP_BETWEEN = "looked-up-between";

    /** The feature source of {@link #LOOKED_UP}, with the customers anna, bert and carl. */
    static final String CUSTOMERS = "jdbc:h2:mem:customers;DB_CLOSE_DELAY=-1;INIT="
            + "CREATE TABLE IF NOT EXISTS customers (name VARCHAR, age INT, income REAL) AS "
            + "VALUES ('anna', 41, 5.5), ('bert', 29, 7.25), ('carl', 50, 1.5)";

    /** The worker refuses to load it: its operator needs a native library. */
    static final String REFUSED = "custom-operator";

    /** Takes a table of shape [1, 3], as exports with a batch size of 1 do. */
    static final String ONE_ROW = "one-row";

    /** The share of each number in the sum of its column: rows depend on each other. */
    static final String SHARES = "shares";

    /** Multiplies rows with a scalar. */
    static final String SCALED = "scaled";

    /** Returns the places of the positive numbers, any number of them. */
    static final String FOUND = "found";

    /** Returns a constant, and takes nothing. */
    static final String CONSTANT = "constant";

    /** Takes two numbers, and returns a label, and what a ZipMap makes of the probabilities. */
    static final String CLASSES = "classes";

    /** Has 70 inputs, and as many outputs. */
    static final String COLUMNS = "columns";

    /** Returns 30,000 numbers for each row. */
    static final String WIDE = "wide";

    /** Runs for as many iterations as its largest input says, whatever the number of rows. */
    static final String HEAVY = "heavy";

    /** The same, with at most two rows in a run. */
    static final String HEAVY_IN_SMALL_BATCHES = "heavy-in-small-batches";

    /** Holds each request back for 300 ms. */
    static final String HELD_BACK = "held-back";

    /** Returns as many zeros as its input says: more than there is memory for. */
    static final String MEMORY_HOG = "memory-hog";

    /** Looks up a number between 1 and 1000, which takes a quarter of a second. */
    static final String LOOKED_UP_SLOWLY = "looked-up-slowly";

    /** The feature source of {@link #LOOKED_UP_SLOWLY}. */
    static final String SLOW_NUMBERS = "jdbc:h2:mem:numbers;DB_CLOSE_DELAY=-1;INIT="
            + "CREATE ALIAS IF NOT EXISTS PAUSE FOR 'java.lang.Thread.sleep(long)'";

    static final String SLOW_NUMBERS_QUERY =
            "SELECT CAST(x AS VARCHAR) AS name, 1 AS age, 2 AS income FROM SYSTEM_RANGE(1, 1000)"
                    + " WHERE CAST(x AS VARCHAR) IN (?) AND PAUSE(250) IS NULL";

    /** No test calls it. */
    static final String UNCALLED = "uncalled";

    /** Stands where a model should be: the pointer that Git LFS leaves. */
    static final String POINTER = "pointer.v1";

    /** Its name has a dot, and it differs from {@link #UNDERSCORED} by that alone. */
    static final String DOTTED = "named.v1";

    /** Its output has labels, from a file. */
    static final String UNDERSCORED = "named_v1";

    private TestModels() {}

    static String echo(Datatype datatype) {
        return "echo-" + datatype.name().toLowerCase(Locale.ROOT);
    }

    /** Models of the ONNX project's tests, with their test data. Each is served under its name. */
    static List<ModelFile> zoo() throws IOException {
        return ModelFile.in(Path.of("src/test/resources/zoo"));
    }

    static List<String> names() {
        List<String> names = new ArrayList<>(List.of(
                "churn",
                "digits",
                PICK,
                PATIENCE,
                TOKENS,
                BUCKETS,
                CLASSES,
                COLUMNS,
                WIDE,
                SMALL_TENSORS,
                LOOKED_UP,
                LOOKED_UP_OR_FAILED,
                LOOKED_UP_BETWEEN,
                ONE_ROW,
                SHARES,
                SCALED,
                FOUND,
                CONSTANT,
                UNCALLED,
                DOTTED,
                UNDERSCORED,
                HEAVY,
                HEAVY_IN_SMALL_BATCHES,
                HELD_BACK,
                MEMORY_HOG,
                LOOKED_UP_SLOWLY));
        for (Datatype datatype : Datatype.values()) {
            names.add(echo(datatype));
        }
        return names;
    }

    private static String features(String onMissing) {
        return """
                features:
                  entity: customer
                  view: customers
                  names: [age, income]
                  from_column: 1
                  default: [0, -1]
                  on_missing: %s
                  on_unavailable: stale
                  source: customers
                """.formatted(onMissing);
    }

    static void writeTo(Path folder) throws IOException {
        for (Datatype datatype : Datatype.values()) {
            OnnxModels.write(folder, echo(datatype), 1, OnnxModels.identity(datatype));
        }
        OnnxModels.write(folder, PICK, 1, OnnxModels.lookup());
        OnnxModels.write(folder, PATIENCE, 1, OnnxModels.patience());
        OnnxModels.writeConfig(folder, PATIENCE, """
                max_batch_size: 1
                execution_providers: [{cpu: {concurrent_runs: 1}}]
                """);
        OnnxModels.write(folder, TOKENS, 1, OnnxModels.sequence());
        OnnxModels.write(folder, BUCKETS, 1, OnnxModels.sequence());
        OnnxModels.writeConfig(folder, BUCKETS, """
                max_batch_elements: 32
                shape_buckets:
                  sequence: {sizes: [4, 8, 16], pad: {ids: 7, mask: 0}, mask: mask}
                """);
        OnnxModels.write(folder, CLASSES, 1, OnnxModels.classifier());
        OnnxModels.write(folder, COLUMNS, 1, OnnxModels.columns(70));
        OnnxModels.write(folder, WIDE, 1, OnnxModels.wide(30_000));
        OnnxModels.write(folder, SMALL_TENSORS, 1, OnnxModels.identity(Datatype.FP32));
        OnnxModels.writeConfig(folder, SMALL_TENSORS, "max_tensor_bytes: 24\n");
        OnnxModels.write(folder, LOOKED_UP, 1, OnnxModels.identity(Datatype.FP32));
        OnnxModels.writeConfig(folder, LOOKED_UP, features("default"));
        OnnxModels.write(folder, LOOKED_UP_OR_FAILED, 1, OnnxModels.identity(Datatype.FP32));
        OnnxModels.writeConfig(folder, LOOKED_UP_OR_FAILED, features("fail"));
        OnnxModels.write(folder, LOOKED_UP_BETWEEN, 1, OnnxModels.identity(Datatype.FP32));
        OnnxModels.writeConfig(folder, LOOKED_UP_BETWEEN, """
                features:
                  entity: customer
                  view: ages
                  names: [age]
                  from_column: 1
                  source: customers
                """);
        for (ModelFile model : zoo()) {
            Path version = Files.createDirectories(folder.resolve(model.name()).resolve("1"));
            Files.copy(model.file(), version.resolve("model.onnx"));
        }
        OnnxModels.write(folder, REFUSED, 1, OnnxModels.customOperator());
        OnnxModels.write(folder, ONE_ROW, 1, OnnxModels.fixedBatch());
        OnnxModels.write(folder, SHARES, 1, OnnxModels.shares());
        OnnxModels.write(folder, SCALED, 1, OnnxModels.scaled());
        OnnxModels.write(folder, FOUND, 1, OnnxModels.found("places"));
        OnnxModels.write(folder, CONSTANT, 1, OnnxModels.constant());
        String oneRun = "batching: trusted\nexecution_providers: [{cpu: {concurrent_runs: 1}}]\n";
        OnnxModels.write(folder, HEAVY, 1, OnnxModels.patience());
        OnnxModels.writeConfig(folder, HEAVY, oneRun);
        OnnxModels.write(folder, HEAVY_IN_SMALL_BATCHES, 1, OnnxModels.patience());
        OnnxModels.writeConfig(folder, HEAVY_IN_SMALL_BATCHES, oneRun + "max_batch_size: 2\n");
        OnnxModels.write(folder, HELD_BACK, 1, OnnxModels.identity(Datatype.FP32));
        OnnxModels.writeConfig(folder, HELD_BACK, "min_queue_delay: 300ms\n");
        OnnxModels.write(folder, MEMORY_HOG, 1, OnnxModels.memoryHog());
        OnnxModels.write(folder, LOOKED_UP_SLOWLY, 1, OnnxModels.identity(Datatype.FP32));
        OnnxModels.writeConfig(
                folder,
                LOOKED_UP_SLOWLY,
                features("default")
                        .replace("view: customers", "view: numbers")
                        .replace("source: customers", "source: slow"));
        OnnxModels.write(folder, UNCALLED, 1, OnnxModels.identity(Datatype.FP32));
        OnnxModels.write(folder, DOTTED, 1, OnnxModels.identity(Datatype.FP32));
        OnnxModels.write(folder, UNDERSCORED, 1, OnnxModels.identity(Datatype.FP32));
        OnnxModels.writeConfig(folder, UNDERSCORED, "labels: {y: fruit.txt}\n");
        Files.writeString(folder.resolve(UNDERSCORED).resolve("fruit.txt"), "apple\npear\nplum\n");
        Files.writeString(
                OnnxModels.write(folder, POINTER, 1, OnnxModels.addition()),
                "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n");
    }
}
