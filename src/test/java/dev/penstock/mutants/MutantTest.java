package dev.penstock.mutants;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;

class MutantTest {

    /** The mutants must match the current source. {@code ./penstock mutants} checks that the tests kill them. */
    @Test
    void everyMutantCanStillBePlanted() throws IOException {
        for (Mutant mutant : Mutant.all()) {
            assertThat(mutant.planted()).as(mutant.toString()).isNotEqualTo(Files.readString(mutant.source()));
        }
        assertThat(Mutant.all()).hasSizeGreaterThan(30);
    }
}
