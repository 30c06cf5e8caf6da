package dev.penstock.fuzz;

import dev.penstock.model.repository.ModelFuzz;
import dev.penstock.worker.intake.RecordFuzz;
import java.nio.file.Path;
import java.util.Locale;

/** What can be fuzzed. */
enum Target {
    /** Requests as JSON. */
    JSON(JsonFuzz.class),
    /** Requests in the binary form, and raw ones. */
    BINARY(BinaryFuzz.class),
    /** Requests as Kafka records, headers and all. */
    RECORD(RecordFuzz.class),
    /** Replies as Kafka records, the responses and problems in them, and workers' announcements. */
    REPLY(ReplyFuzz.class),
    /** Models, and their model.yaml. */
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

    /** Where its corpus is kept. */
    Path corpus() {
        return Path.of("src", "test", "resources", "fuzz", label());
    }

    /** Throws what breaks a property. */
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
