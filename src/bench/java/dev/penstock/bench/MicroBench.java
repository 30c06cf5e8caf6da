package dev.penstock.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/** Microbenchmarks with JMH: {@code ./penstock bench batcher} and {@code assembly}. Reports time and allocated bytes per call. */
final class MicroBench {
    private static final Path REPORT = Path.of("target/bench/jmh.json");

    private MicroBench() {}

    /** @param pattern of the benchmark class name */
    static long run(String pattern) throws IOException {
        Files.createDirectories(REPORT.getParent());
        try {
            new Runner(new OptionsBuilder()
                            .include(pattern)
                            .addProfiler(GCProfiler.class)
                            .jvmArgsAppend("--enable-native-access=ALL-UNNAMED")
                            .resultFormat(ResultFormatType.JSON)
                            .result(REPORT.toString())
                            .build())
                    .run();
            return 0;
        } catch (RunnerException e) {
            throw new IOException(e);
        }
    }
}
