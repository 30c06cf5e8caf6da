package dev.penstock.zoo.reference;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Runs {@link ReferenceMain}, and starts it again when a model has ended it. */
public final class ReferenceProcess implements AutoCloseable {
    private final Path folder;
    private final Duration limit;
    private @Nullable Process process;

    /**
     * @param folder for results and a log
     * @param limit for one model
     */
    public ReferenceProcess(Path folder, Duration limit) {
        this.folder = folder;
        this.limit = limit;
    }

    /** Runs a model directly. One whose run ends the process, or takes longer than the limit, cannot be run. */
    public Reference of(Path model, List<Path> dataSets) throws IOException, InterruptedException {
        Path result = folder.resolve("reference.bin");
        Files.deleteIfExists(result);
        List<String> paths = new ArrayList<>(List.of(result.toString(), model.toString()));
        dataSets.forEach(each -> paths.add(each.toString()));
        Process running = running();
        BufferedWriter requests = new BufferedWriter(new OutputStreamWriter(running.getOutputStream(), UTF_8));
        requests.write(String.join("\t", paths) + "\n");
        requests.flush();
        Optional<String> trouble = await(running);
        if (trouble.isPresent()) {
            close();
            return Reference.none(trouble.get());
        }
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(Files.newInputStream(result)))) {
            return Reference.read(in);
        }
    }

    private Process running() throws IOException {
        if (process != null && process.isAlive()) {
            return process;
        }
        Files.createDirectories(folder);
        ProcessBuilder builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-Xmx1g",
                        "-XX:+UseSerialGC",
                        "-XX:ErrorFile=" + folder.resolve("reference-crash.log"),
                        ReferenceMain.class.getName())
                .redirectError(folder.resolve("reference.log").toFile());
        // Not by option: a long command line makes ONNX Runtime's telemetry crash.
        builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
        builder.environment().put("ORT_DISABLE_TELEMETRY", "1");
        process = builder.start();
        return process;
    }

    /** Returns what went wrong, if anything. */
    private Optional<String> await(Process running) throws InterruptedException {
        CompletableFuture<Boolean> done = CompletableFuture.supplyAsync(
                () -> isDone(running),
                task -> Thread.ofPlatform().name("reference-answer").daemon().start(task));
        done.completeOnTimeout(false, limit.toMillis(), TimeUnit.MILLISECONDS);
        if (done.join()) {
            return Optional.empty();
        }
        return running.waitFor(1, TimeUnit.SECONDS)
                ? Optional.of("ONNX Runtime ended its process with status " + running.exitValue())
                : Optional.of("ONNX Runtime took longer than " + limit.toSeconds() + " s");
    }

    private static boolean isDone(Process running) {
        try {
            BufferedReader answers = running.inputReader(UTF_8);
            for (String line = answers.readLine(); line != null; line = answers.readLine()) {
                if (line.equals(ReferenceMain.DONE)) {
                    return true;
                }
            }
            return false;
        } catch (IOException ended) {
            return false;
        }
    }

    @Override
    public void close() throws InterruptedException {
        if (process != null) {
            process.destroyForcibly().waitFor();
        }
    }
}
