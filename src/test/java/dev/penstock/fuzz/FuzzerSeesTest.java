package dev.penstock.fuzz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A fuzzer without coverage feedback runs but finds nothing. Jazzer before 0.30 has no feedback on JDK 25. */
class FuzzerSeesTest {
    @Test
    void findsAPlantedCrash(@TempDir Path folder) throws IOException, InterruptedException {
        List<String> output = new ArrayList<>();

        // With feedback, this takes some 100,000 runs. Without, the fuzzer would have to guess five bytes, one chance
        // in 10^12 a run.
        Fuzzer.Result result =
                new Fuzzer(PlantedFuzz.class.getName(), folder, output::add).run("-runs=20000000", List.of());

        assertThat(result.crashed()).as(String.join("\n", output)).isTrue();
        assertThat(output).anyMatch(line -> line.contains("the planted crash"));
        try (Stream<Path> found = Files.list(folder)) {
            assertThat(found.filter(file -> file.getFileName().toString().startsWith("crash-")))
                    .singleElement()
                    .satisfies(crash ->
                            assertThat(Files.readString(crash, ISO_8859_1)).startsWith("stock"));
        }
    }
}
