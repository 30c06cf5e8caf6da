package dev.penstock.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** {@code ./penstock test}: Maven's goal verify, and one last line about the tests of this run. */
final class TestRun {
    private final Path home;

    /** @param home the folder of the checkout */
    TestRun(Path home) {
        this.home = home;
    }

    /** @return Maven's exit status */
    int run(List<String> mavenArguments) throws IOException, InterruptedException {
        List<String> command =
                new ArrayList<>(List.of(home.resolve("mvnw").toAbsolutePath().toString(), "--batch-mode", "verify"));
        command.addAll(mavenArguments);
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(home.toAbsolutePath().toFile())
                .inheritIO();
        Instant start = Instant.now();
        Process maven = builder.start();
        // SIGTERM reaches this process only.
        Runtime.getRuntime().addShutdownHook(new Thread(maven::destroy, "stop-maven"));
        int status = maven.waitFor();
        System.out.println(TestTotals.since(
                start, List.of(home.resolve("target/surefire-reports"), home.resolve("target/failsafe-reports"))));
        return status;
    }
}
