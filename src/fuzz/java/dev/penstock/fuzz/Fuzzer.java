package dev.penstock.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Runs Jazzer in its own process, because it instruments every class that it loads and exits its JVM. */
final class Fuzzer {
    private static final int MAX_INPUT_BYTES = 4096;
    private static final int SLOWEST_INPUT_SECONDS = 10;
    private static final Pattern EXECUTIONS = Pattern.compile("stat::number_of_executed_units:\\s*(\\d+)");

    private final String className;
    private final Path folder;
    private final Consumer<String> output;

    /**
     * @param className a class with {@code fuzzerTestOneInput(byte[])}
     * @param folder receives crashing inputs, and in {@code corpus} the inputs that reached new code
     * @param output receives the output of Jazzer, line by line
     */
    Fuzzer(String className, Path folder, Consumer<String> output) {
        this.className = className;
        this.folder = folder;
        this.output = output;
    }

    /** @param crashed whether an input broke a property or the fuzzer itself failed; see its output */
    record Result(long executions, boolean crashed) {}

    /**
     * Runs until a crash or until the bound is reached.
     *
     * @param bound a Jazzer option: {@code -runs=N} or {@code -max_total_time=N}
     * @param seeds folders with further inputs to start from
     */
    Result run(String bound, List<Path> seeds) throws IOException, InterruptedException {
        List<Path> folders = new ArrayList<>(List.of(Files.createDirectories(corpus())));
        folders.addAll(seeds);
        return start(List.of(bound, "-print_final_stats=1", "-use_value_profile=1"), folders);
    }

    /** Adds to {@code kept} the smallest inputs that reach code which {@code kept} does not reach yet. */
    Result merge(Path kept) throws IOException, InterruptedException {
        return start(List.of("-merge=1", "-use_counters=0"), List.of(kept, corpus()));
    }

    private Path corpus() {
        return folder.resolve("corpus");
    }

    private Result start(List<String> options, List<Path> folders) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "-XX:+EnableDynamicAgentLoading",
                "--enable-native-access=ALL-UNNAMED",
                "com.code_intelligence.jazzer.Jazzer",
                "--target_class=" + className,
                "--instrumentation_includes=dev.penstock.**",
                "--custom_hook_includes=dev.penstock.**",
                "--reproducer_path=" + Files.createDirectories(folder),
                "-artifact_prefix=" + folder + "/",
                "-max_len=" + MAX_INPUT_BYTES,
                "-timeout=" + SLOWEST_INPUT_SECONDS));
        command.addAll(options);
        folders.forEach(each -> command.add(each.toString()));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        // Passed in the environment, because it is too long for a command line.
        builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
        Process process = builder.start();
        try {
            long executions = follow(process);
            return new Result(executions, process.waitFor() != 0);
        } finally {
            process.destroy();
        }
    }

    private long follow(Process process) {
        long executions = 0;
        try (var lines = process.inputReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                output.accept(line);
                Matcher executed = EXECUTIONS.matcher(line);
                if (executed.find()) {
                    executions = Long.parseLong(executed.group(1));
                }
            }
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
        return executions;
    }
}
