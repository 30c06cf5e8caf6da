package dev.penstock.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;

/** The machine-readable report of a benchmark: all rounds in full. */
record Report(String benchmark, String takenAt, Machine machine, Object settings, Object results) {
    private static final Path FOLDER = Path.of("target/bench");

    static Report now(String benchmark, Object settings, Object results) {
        return new Report(benchmark, Instant.now().toString(), Machine.here(), settings, results);
    }

    /** Writes {@code target/bench/NAME.json}, and returns its path. */
    Path write() throws IOException {
        Files.createDirectories(FOLDER);
        Path file = FOLDER.resolve(benchmark + ".json");
        new ObjectMapper()
                .registerModule(new Jdk8Module())
                .enable(SerializationFeature.INDENT_OUTPUT)
                .writeValue(file.toFile(), this);
        return file;
    }
}
