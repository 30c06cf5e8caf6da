package dev.penstock.model.config;

import dev.penstock.model.ModelRefusedException;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.regex.Pattern;

/**
 * The expected SHA-256 of the model files: {@code sha256} in model.yaml. It maps versions to hashes; a model with one version may leave out
 * the version. In place of the hash of model.onnx there may be a mapping of file names to hashes. It must have all files of the version, so
 * that a hash for model.onnx alone never lets other weights pass. Without the key, files are not checked.
 *
 * @param ofOnly the hashes for the only version, by file name, in lower-case hex
 * @param byVersion the same by version
 */
public record Checksums(Map<String, String> ofOnly, Map<Long, Map<String, String>> byVersion) {
    private static final String MODEL = "model.onnx";
    private static final Pattern SHA256 = Pattern.compile("[0-9a-fA-F]{64}");

    public Checksums {
        ofOnly = Map.copyOf(ofOnly);
        byVersion = Map.copyOf(byVersion);
    }

    static Checksums read(YamlSection config) throws ModelRefusedException {
        if (config.isText("sha256")) {
            return new Checksums(Map.of(MODEL, hash(config, "sha256")), Map.of());
        }
        YamlSection section = config.section("sha256");
        if (section.keys().contains(MODEL)) {
            return new Checksums(hashes(section), Map.of());
        }
        Map<Long, Map<String, String>> byVersion = new HashMap<>();
        for (String version : section.keys()) {
            if (!ModelNames.isVersion(version)) {
                throw section.refused(version, "must be a version, a positive integer", version);
            }
            byVersion.put(
                    Long.parseLong(version),
                    section.isText(version) ? Map.of(MODEL, hash(section, version)) : hashes(section.section(version)));
        }
        return new Checksums(Map.of(), byVersion);
    }

    private static Map<String, String> hashes(YamlSection files) throws ModelRefusedException {
        Map<String, String> hashes = new HashMap<>();
        for (String file : files.keys()) {
            hashes.put(file, hash(files, file));
        }
        return hashes;
    }

    private static String hash(YamlSection section, String key) throws ModelRefusedException {
        String hash = section.text(key).orElseThrow();
        if (!SHA256.matcher(hash).matches()) {
            throw section.refused(key, "must be a SHA-256 with 64 hex digits", hash);
        }
        return hash.toLowerCase(Locale.ROOT);
    }

    /** The versions that have hashes of their own. */
    public Set<Long> versions() {
        return byVersion.keySet();
    }

    /** The expected hashes of the files of a version, by name, in lower-case hex; empty if none is known. */
    public Map<String, String> of(long version) {
        return byVersion.getOrDefault(version, Map.of());
    }

    /**
     * @param versions the number of versions of the model
     * @param actual the SHA-256 of each file of this version, by name, in lower-case hex
     * @throws ModelRefusedException if a hash differs or is missing
     */
    public void check(long version, int versions, SortedMap<String, String> actual) throws ModelRefusedException {
        if (ofOnly.isEmpty() && byVersion.isEmpty()) {
            return;
        }
        if (!ofOnly.isEmpty() && versions > 1) {
            throw new ModelRefusedException(
                    "model.yaml: sha256 must map each version to its hash: the model has " + versions + " versions");
        }
        Map<String, String> expected = ofOnly.isEmpty() ? of(version) : ofOnly;
        if (expected.isEmpty()) {
            throw new ModelRefusedException("model.yaml: sha256 must have a hash for version " + version);
        }
        for (Map.Entry<String, String> file : actual.entrySet()) {
            String hash = expected.get(file.getKey());
            if (hash == null) {
                throw new ModelRefusedException("model.yaml: sha256 must have a hash for " + file.getKey()
                        + " of version " + version + ", as in {" + MODEL + ": …, " + file.getKey() + ": …}");
            }
            if (!hash.equals(file.getValue())) {
                throw new ModelRefusedException(file.getKey() + " must have the SHA-256 " + hash
                        + " (sha256 in model.yaml), was " + file.getValue());
            }
        }
    }
}
