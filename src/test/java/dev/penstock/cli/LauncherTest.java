package dev.penstock.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./penstock}, as users type it. */
class LauncherTest {
    private static final Path LAUNCHER = Path.of("penstock").toAbsolutePath();

    @TempDir
    Path elsewhere;

    @Test
    void findsAJdkAndTheCheckoutFromAnyFolder() throws Exception {
        Outcome outcome = run("--help");

        assertThat(outcome.exitCode()).isZero();
        assertThat(outcome.output()).contains("Run it", "Models", "Tenants and keys", "Develop");
    }

    @Test
    void namesTheNearestCommand() throws Exception {
        Outcome outcome = run("upp");

        assertThat(outcome.exitCode()).isEqualTo(2);
        assertThat(outcome.output()).contains("did you mean up?");
    }

    @Test
    void buildsNothingForAMistakeOrForHelp() throws Exception {
        assertThat(run("bench", "sync", "--secnds", "5").output()).contains("did you mean --seconds");
        assertThat(run("bench", "sync", "--help").output()).contains("--warm-up", "default: 60");
    }

    @Test
    void printsAScriptThatBashTakes() throws Exception {
        Path script = elsewhere.resolve("completion");
        Process print = new ProcessBuilder(LAUNCHER.toString(), "completion")
                .redirectOutput(script.toFile())
                .start();
        assertThat(print.waitFor()).isZero();

        Process bash = new ProcessBuilder("bash", "-c", "source " + script + " && complete -p penstock")
                .redirectErrorStream(true)
                .start();

        assertThat(new String(bash.getInputStream().readAllBytes(), UTF_8)).contains("_complete_penstock");
        assertThat(script).content().contains("--management-port", "raw-tensor");
    }

    @Test
    void saysBeforeItBuildsThatAnOldJdkCannotTrain() throws Exception {
        Path old = elsewhere.resolve("jdk");
        Files.createDirectories(old.resolve("bin"));
        for (String tool : List.of("java", "javac")) {
            Files.createSymbolicLink(
                    old.resolve("bin").resolve(tool), Path.of(System.getProperty("java.home"), "bin", tool));
        }
        Files.writeString(old.resolve("release"), "JAVA_VERSION=\"21.0.4\"\n");

        Outcome outcome = run(Map.of("JAVA_HOME", old.toString()), "up", "--train");

        assertThat(outcome.exitCode()).isEqualTo(1);
        assertThat(outcome.output())
                .isEqualTo("penstock: --train needs a JDK 25 or newer, and %s is older%n".formatted(old));
    }

    private record Outcome(int exitCode, String output) {}

    private Outcome run(String... arguments) throws IOException, InterruptedException {
        return run(Map.of(), arguments);
    }

    private Outcome run(Map<String, String> environment, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(LAUNCHER.toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder =
                new ProcessBuilder(command).directory(elsewhere.toFile()).redirectErrorStream(true);
        builder.environment().remove("JAVA_HOME");
        builder.environment().putAll(environment);
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        return new Outcome(process.waitFor(), output);
    }
}
