package dev.penstock.mutants;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;

class MutantTest {

    /** A change of the code needs a change of the list. Whether the tests find each mutant is checked by {@code ./penstock mutants}. */
    @Test
    void everyMutantCanStillBePlanted() throws IOException {
        for (Mutant mutant : Mutant.all()) {
            assertThat(mutant.planted()).as(mutant.toString()).isNotEqualTo(Files.readString(mutant.source()));
        }
        assertThat(Mutant.all()).hasSizeGreaterThan(30);
    }
}
