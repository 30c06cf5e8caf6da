package dev.penstock.model.config;

import dev.penstock.model.ModelRefusedException;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What the model files must hash to: {@code sha256} of model.yaml, a mapping from version to hash, or one hash where there is one
 * version. SHA-256 in lower-case hex. Empty: not checked.
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
                throw section.refused(version, "must be a version: a positive integer", version);
            }
            byVersion.put(Long.parseLong(version), hash(section, version));
        }
        return new Checksums(Optional.empty(), byVersion);
    }

    private static String hash(YamlSection section, String key) throws ModelRefusedException {
        String hash = section.text(key).orElseThrow();
        if (!SHA256.matcher(hash).matches()) {
            throw section.refused(key, "must be a SHA-256 of 64 hex digits", hash);
        }
        return hash.toLowerCase(Locale.ROOT);
    }

    public void check(long version, int versions, String actual) throws ModelRefusedException {
        if (single.isEmpty() && byVersion.isEmpty()) {
            return;
        }
        if (single.isPresent() && versions > 1) {
            throw new ModelRefusedException(
                    "model.yaml: sha256 must map each version to its hash, since there are " + versions + " versions");
        }
        String expected = single.orElse(byVersion.getOrDefault(version, ""));
        if (expected.isEmpty()) {
            throw new ModelRefusedException("model.yaml: sha256 names no hash for version " + version);
        }
        if (!expected.equals(actual)) {
            throw new ModelRefusedException("model.onnx has the SHA-256 " + actual + ", model.yaml wants " + expected);
        }
    }
}
