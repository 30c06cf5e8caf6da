package dev.penstock.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The ways in which the same model gets its input. */
enum FeatureVariant {
    RAW("raw tensor", true, true),
    ALL("all tiers", true, true),
    WITHOUT_L1("without L1", false, true),
    WITHOUT_REDIS("without Redis", true, false),
    SOURCE_ONLY("source only", false, false);

    static final List<String> NAMES =
            Arrays.stream(values()).map(FeatureVariant::option).toList();

    static final String VIEW = "images";

    private static final String LOOKED_UP = "digits-by-id";
    private static final Path SAMPLE = Path.of("src/main/models/digits/1/model.onnx");
    private static final Path SERVED = Path.of("target/bench/served-features");

    private final String title;
    private final boolean hasL1;
    private final boolean hasRedis;

    FeatureVariant(String title, boolean hasL1, boolean hasRedis) {
        this.title = title;
        this.hasL1 = hasL1;
        this.hasRedis = hasRedis;
    }

    static FeatureVariant named(String option) {
        return values()[NAMES.indexOf(option)];
    }

    String title() {
        return title;
    }

    /** The variant's name on the command line. */
    String option() {
        return title.toLowerCase(Locale.ROOT).replace(' ', '-');
    }

    String model() {
        return this == RAW ? "digits" : LOOKED_UP;
    }

    /** The variant whose service is used: the raw tensor goes to the service with all tiers. */
    FeatureVariant servedBy() {
        return this == RAW ? ALL : this;
    }

    /**
     * @param more additional settings of the service
     * @param redis an external Redis, instead of an embedded one
     */
    LocalService start(SlowFeast source, int l1, Map<String, String> more, Optional<String> redis)
            throws IOException, InterruptedException {
        Map<String, String> settings = new HashMap<>(more);
        settings.put("penstock.features.sources.images.type", "feast");
        settings.put("penstock.features.sources.images.url", source.url().toString());
        settings.put("penstock.features.sources.images.join-key", SlowFeast.JOIN_KEY);
        settings.put("penstock.features.entities", Integer.toString(hasL1 ? l1 : 1));
        settings.put("penstock.features.redis.enabled", Boolean.toString(hasRedis));
        return LocalService.start(new LocalService.Setup(
                models(),
                List.of("/v2/models/" + RAW.model() + "/ready", "/v2/models/" + LOOKED_UP + "/ready"),
                settings,
                redis,
                "service-" + option()));
    }

    /** Writes the sample model twice: unchanged, and with its input looked up as features. */
    private static Path models() throws IOException {
        for (String name : List.of(RAW.model(), LOOKED_UP)) {
            Path folder = SERVED.resolve(name);
            Files.createDirectories(folder.resolve("1"));
            Files.copy(SAMPLE, folder.resolve("1/model.onnx"), StandardCopyOption.REPLACE_EXISTING);
            Files.writeString(folder.resolve("model.yaml"), "max_batch_size: 64\n");
        }
        Files.writeString(SERVED.resolve(LOOKED_UP).resolve("model.yaml"), """
                max_batch_size: 64
                features:
                  entity: %s
                  entity_datatype: INT64
                  view: %s
                  names: [%s]
                  on_missing: fail
                  on_unavailable: stale
                  source: images
                """.formatted(
                        SlowFeast.JOIN_KEY, VIEW, String.join(", ", SlowFeast.FEATURES)));
        return SERVED;
    }
}
