package dev.penstock.fuzz;

import dev.penstock.model.repository.ModelFuzz;
import dev.penstock.worker.intake.RecordFuzz;
import java.nio.file.Path;
import java.util.Locale;

/** The fuzz targets. */
enum Target {
    /** Requests as JSON. */
    JSON(JsonFuzz.class),
    /** Requests in binary form, and raw requests. */
    BINARY(BinaryFuzz.class),
    /** Requests as Kafka records with headers. */
    RECORD(RecordFuzz.class),
    /** Replies as Kafka records, with their responses and problems, and announcements of workers. */
    REPLY(ReplyFuzz.class),
    /** Models with their model.yaml. */
    MODEL(ModelFuzz.class);

    private final Class<?> entry;

    Target(Class<?> entry) {
        this.entry = entry;
    }

    String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The class whose {@code fuzzerTestOneInput} the fuzzer calls. */
    String className() {
        return entry.getName();
    }

    /** The folder of its corpus. */
    Path corpus() {
        return Path.of("src", "test", "resources", "fuzz", label());
    }

    /** Runs one input. Throws if it breaks a property. */
    void run(byte[] input) {
        switch (this) {
            case JSON -> JsonFuzz.fuzzerTestOneInput(input);
            case BINARY -> BinaryFuzz.fuzzerTestOneInput(input);
            case RECORD -> RecordFuzz.fuzzerTestOneInput(input);
            case REPLY -> ReplyFuzz.fuzzerTestOneInput(input);
            case MODEL -> ModelFuzz.fuzzerTestOneInput(input);
        }
    }
}
