package dev.penstock.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every input in the fuzzing corpus, including inputs that once broke a property, satisfies the properties. */
class FuzzCorpusTest {
    @ParameterizedTest
    @EnumSource
    void satisfiesTheProperties(Target target) throws IOException {
        List<Path> inputs;
        try (Stream<Path> files = Files.list(target.corpus())) {
            inputs = files.sorted().toList();
        }
        assertThat(inputs).isNotEmpty();
        for (Path input : inputs) {
            try {
                target.run(Files.readAllBytes(input));
            } catch (AssertionError | RuntimeException broken) {
                throw new AssertionError(input.toString(), broken);
            }
        }
    }
}
