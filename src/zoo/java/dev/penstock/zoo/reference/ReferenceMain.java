package dev.penstock.zoo.reference;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * The process that runs models directly. Each line of its input names the file for a result, a model and its sets of test data, separated by
 * tabs. It answers each with a line {@link #DONE}.
 */
public final class ReferenceMain {
    /** ONNX Runtime may print lines of its own. */
    static final String DONE = "reference: done";

    private ReferenceMain() {}

    public static void main(String... arguments) throws IOException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            List<Path> paths = Arrays.stream(line.split("\t")).map(Path::of).toList();
            Reference reference = reference(paths.get(1), paths.subList(2, paths.size()));
            try (DataOutputStream out =
                    new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(paths.getFirst())))) {
                reference.write(out);
            }
            System.out.println(DONE);
        }
    }

    private static Reference reference(Path model, List<Path> dataSets) {
        try {
            return Reference.of(model, dataSets);
        } catch (IOException | RuntimeException e) {
            return Reference.none("its test data cannot be read: " + Objects.toString(e.getMessage(), e.toString()));
        }
    }
}
