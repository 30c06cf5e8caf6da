package dev.penstock.mutants;

import dev.penstock.cli.command.MutantsCommand;
import dev.penstock.cli.command.Tool;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/**
 * The command {@code ./penstock mutants}. Compiles each mutant alone and runs its tests with it in a separate JVM, after they have
 * passed without it. Prints the test that failed first. Exits with an error if a mutant passes all its tests.
 */
public final class Mutants implements Tool<MutantsCommand> {
    private static final Path FOLDER = Path.of("target/mutants").toAbsolutePath();
    private static final String CLASSPATH = System.getProperty("java.class.path");

    /** A mutant that never ends counts as found. */
    private static final int LIMIT_SECONDS = 120;

    @Override
    public int run(MutantsCommand command) throws IOException, InterruptedException {
        String word = command.word().orElse("").toLowerCase(Locale.ROOT);
        List<Mutant> mutants = Mutant.all().stream()
                .filter(mutant -> mutant.toString().toLowerCase(Locale.ROOT).contains(word))
                .toList();
        clear();
        Files.createDirectories(FOLDER);
        Set<List<String>> passing = new HashSet<>();
        int survived = 0;
        for (int i = 0; i < mutants.size(); i++) {
            Mutant mutant = mutants.get(i);
            if (passing.add(mutant.tests())) {
                requirePassing(mutant.tests());
            }
            String verdict = verdict(compile(mutant, FOLDER.resolve(Integer.toString(i + 1))), mutant.tests());
            survived += verdict.equals(MutantRun.PASSED) ? 1 : 0;
            System.out.println(mutant + ": " + verdict);
        }
        System.out.println(mutants.size() + " mutants, " + survived + " survived");
        return survived == 0 ? 0 : 1;
    }

    /** A mutant of an earlier run must not be found in this one. */
    private static void clear() throws IOException {
        if (Files.exists(FOLDER)) {
            try (Stream<Path> old = Files.walk(FOLDER)) {
                for (Path each : old.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(each);
                }
            }
        }
    }

    private static void requirePassing(List<String> tests) throws IOException, InterruptedException {
        String without = verdict(FOLDER, tests);
        if (!without.equals(MutantRun.PASSED)) {
            throw new IllegalStateException("all tests must pass without a mutant; " + without);
        }
    }

    private static Path compile(Mutant mutant, Path folder) throws IOException {
        Path source = folder.resolve(mutant.source().getFileName());
        Files.createDirectories(folder);
        Files.writeString(source, mutant.planted());
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        int exit = compiler.run(
                null,
                null,
                null,
                "-nowarn",
                "-proc:none",
                "-cp",
                CLASSPATH,
                "-d",
                folder.toString(),
                source.toString());
        if (exit != 0) {
            throw new IllegalArgumentException("must compile: " + mutant);
        }
        return folder;
    }

    /** @param classes before all others */
    private static String verdict(Path classes, List<String> tests) throws IOException, InterruptedException {
        Path log = classes.resolve("tests.log");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
                "-Dsimulation.seeds=1000",
                "-Djqwik.database=" + FOLDER.resolve("jqwik-database"),
                MutantRun.class.getName()));
        command.addAll(tests);
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().put("CLASSPATH", classes + File.pathSeparator + CLASSPATH);
        Process run = builder.start();
        if (!run.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
            run.destroyForcibly();
            return "found, as the tests did not end within " + LIMIT_SECONDS + " s";
        }
        return Files.readAllLines(log).reversed().stream()
                .filter(MutantRun::isVerdict)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("the tests must give a verdict; see " + log));
    }
}
