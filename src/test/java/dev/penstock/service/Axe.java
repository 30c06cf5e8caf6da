package dev.penstock.service;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** The accessibility checker axe-core, from npm; for tests alone. */
final class Axe {
    private static final Path FOLDER = Path.of("target/axe");
    private static final Path SCRIPT = FOLDER.resolve("node_modules/axe-core/axe.min.js");
    private static final String VERSION = "4.10.3";
    private static final int LIMIT_SECONDS = 60;

    private Axe() {}

    /** Its script; empty where npm is missing or cannot reach its registry. */
    static Optional<String> script() throws IOException, InterruptedException {
        if (!Files.exists(SCRIPT)) {
            install();
        }
        return Files.exists(SCRIPT) ? Optional.of(Files.readString(SCRIPT)) : Optional.empty();
    }

    private static void install() throws InterruptedException {
        try {
            Files.createDirectories(FOLDER);
            Process npm = new ProcessBuilder(
                            "npm",
                            "install",
                            "--no-audit",
                            "--no-fund",
                            "--ignore-scripts",
                            "--prefix",
                            FOLDER.toString(),
                            "axe-core@" + VERSION)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!npm.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
                npm.destroyForcibly();
            }
        } catch (IOException noNpm) {
            // The caller says so.
        }
    }
}
