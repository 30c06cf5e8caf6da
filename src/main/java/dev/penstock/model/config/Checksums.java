package dev.penstock.model.config;

import dev.penstock.model.ModelRefusedException;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The expected SHA-256 of the model files: {@code sha256} in model.yaml. It maps versions to hashes; a model with one version may give
 * one hash. Without it, files are not checked.
 *
 * @param single one hash for the only version, in lower-case hex
 * @param byVersion hashes by version, in lower-case hex
 */
public record Checksums(Optional<String> single, Map<Long, String> byVersion) {
    private static final Pattern SHA256 = Pattern.compile("[0-9a-fA-F]{64}");

    public Checksums {
        byVersion = Map.copyOf(byVersion);
    }

    static Checksums read(YamlSection config) throws ModelRefusedException {
        if (config.isText("sha256")) {
            return new Checksums(Optional.of(hash(config, "sha256")), Map.of());
        }
        Map<Long, String> byVersion = new HashMap<>();
        YamlSection section = config.section("sha256");
        for (String version : section.keys()) {
            if (!ModelNames.isVersion(version)) {
                throw section.refused(version, "must be a version, a positive integer", version);
            }
            byVersion.put(Long.parseLong(version), hash(section, version));
        }
        return new Checksums(Optional.empty(), byVersion);
    }

    private static String hash(YamlSection section, String key) throws ModelRefusedException {
        String hash = section.text(key).orElseThrow();
        if (!SHA256.matcher(hash).matches()) {
            throw section.refused(key, "must be a SHA-256 with 64 hex digits", hash);
        }
        return hash.toLowerCase(Locale.ROOT);
    }

    /**
     * @param versions the number of versions of the model
     * @param actual the SHA-256 of the file, in lower-case hex
     * @throws ModelRefusedException if the hash differs or is missing
     */
    public void check(long version, int versions, String actual) throws ModelRefusedException {
        if (single.isEmpty() && byVersion.isEmpty()) {
            return;
        }
        if (single.isPresent() && versions > 1) {
            throw new ModelRefusedException(
                    "model.yaml: sha256 must map each version to its hash: the model has " + versions + " versions");
        }
        String expected = single.orElse(byVersion.getOrDefault(version, ""));
        if (expected.isEmpty()) {
            throw new ModelRefusedException("model.yaml: sha256 must have a hash for version " + version);
        }
        if (!expected.equals(actual)) {
            throw new ModelRefusedException(
                    "model.onnx must have the SHA-256 " + expected + " (sha256 in model.yaml), was " + actual);
        }
    }
}
