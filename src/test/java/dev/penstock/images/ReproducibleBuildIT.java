package dev.penstock.images;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The same sources give the same bytes, except in the one file that Quarkus generates (docs/deployment.md says why). Builds the production package
 * twice, in two folders.
 */
@Tag("long")
class ReproducibleBuildIT {
    private static final String GENERATED = "quarkus-app/quarkus/generated-bytecode.jar";

    @Test
    void twoBuildsGiveTheSameFiles() throws Exception {
        Map<String, String> first = built("target/reproduced/first");
        Map<String, String> second = built("target/reproduced/second");

        assertThat(first).containsKeys("quarkus-app/quarkus-run.jar", "sbom.json", "THIRD-PARTY.txt");
        assertThat(first.remove(GENERATED)).isNotNull();
        assertThat(second.remove(GENERATED)).isNotNull();
        assertThat(second).isEqualTo(first);
    }

    /** @return the digests of the files that go into an image, by name */
    private static Map<String, String> built(String folder) throws Exception {
        Path log = Files.createDirectories(Path.of(folder)).resolveSibling("build.log");
        ProcessBuilder maven = new ProcessBuilder(
                        Path.of("mvnw").toAbsolutePath().toString(),
                        "--quiet",
                        "--batch-mode",
                        "-Dspotless.check.skip",
                        "-Derrorprone.checks=-XepDisableAllChecks -XepOpt:NullAway:OnlyNullMarked=true",
                        "-Dproduction",
                        "-Dbuild.folder=" + folder,
                        "package")
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        maven.environment().put("JAVA_HOME", System.getProperty("java.home"));
        Process build = maven.start();
        try {
            assertThat(build.waitFor(10, TimeUnit.MINUTES)).isTrue();
        } finally {
            build.destroy();
        }
        assertThat(build.exitValue()).as(Files.readString(log)).isZero();

        Map<String, String> digests = new TreeMap<>();
        Path root = Path.of(folder);
        for (String part : new String[] {"quarkus-app", "sbom.json", "THIRD-PARTY.txt"}) {
            try (Stream<Path> files = Files.walk(root.resolve(part))) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    digests.put(root.relativize(file).toString(), digest(file));
                }
            }
        }
        return digests;
    }

    private static String digest(Path file) throws IOException, NoSuchAlgorithmException {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
    }
}
