package dev.penstock.mutants;

import dev.penstock.cli.command.MutantsCommand;
import dev.penstock.cli.command.Tool;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;

/**
 * The command {@code ./penstock mutants}. Compiles each mutant alone and runs the tests with it in a separate JVM. Prints the test that
 * failed first. Exits with an error if a mutant passes all tests.
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
        Files.createDirectories(FOLDER);
        String without = verdict(FOLDER);
        if (!without.equals(MutantRun.PASSED)) {
            throw new IllegalStateException("all tests must pass without a mutant; " + without);
        }
        int survived = 0;
        for (int i = 0; i < mutants.size(); i++) {
            Mutant mutant = mutants.get(i);
            String verdict = verdict(compile(mutant, FOLDER.resolve(Integer.toString(i + 1))));
            survived += verdict.equals(MutantRun.PASSED) ? 1 : 0;
            System.out.println(mutant + ": " + verdict);
        }
        System.out.println(mutants.size() + " mutants, " + survived + " survived");
        return survived == 0 ? 0 : 1;
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
    private static String verdict(Path classes) throws IOException, InterruptedException {
        Path log = classes.resolve("tests.log");
        ProcessBuilder builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Dsimulation.seeds=1000",
                        "-Djqwik.database=jqwik-database",
                        MutantRun.class.getName())
                .directory(FOLDER.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        builder.environment().put("CLASSPATH", classes + File.pathSeparator + CLASSPATH);
        Process tests = builder.start();
        if (!tests.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
            tests.destroyForcibly();
            return "found, as the tests did not end within " + LIMIT_SECONDS + " s";
        }
        return Files.readAllLines(log).reversed().stream()
                .filter(MutantRun::isVerdict)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("the tests must give a verdict; see " + log));
    }
}
