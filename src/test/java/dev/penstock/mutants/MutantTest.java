package dev.penstock.mutants;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;

class MutantTest {

    /** Whoever changes the code changes the list; whether each is found out is for {@code ./penstock mutants} to say. */
    @Test
    void eachCanStillBePlanted() throws IOException {
        for (Mutant mutant : Mutant.all()) {
            assertThat(mutant.planted()).as(mutant.toString()).isNotEqualTo(Files.readString(mutant.source()));
        }
        assertThat(Mutant.all()).hasSizeGreaterThan(30);
    }
}
