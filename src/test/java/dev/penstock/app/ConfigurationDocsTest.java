package dev.penstock.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Holds docs/configuration.md current; {@code -Dpenstock.write-docs=true} writes it. */
final class ConfigurationDocsTest {
    private static final Path PAGE = Path.of("docs/configuration.md");

    @Test
    void thePageSaysWhatTheInterfacesSay() throws IOException {
        String page = ConfigurationDocs.page();
        if (Boolean.getBoolean("penstock.write-docs")) {
            Files.writeString(PAGE, page);
        }

        assertThat(PAGE)
                .as("not current; write it with ./mvnw test -Dtest=ConfigurationDocsTest -Dpenstock.write-docs=true")
                .content()
                .isEqualTo(page);
    }

    @Test
    void thePageNamesEveryKeyOnce() throws IOException {
        String page = ConfigurationDocs.page();

        assertThat(ConfigKeys.all())
                .hasSizeGreaterThan(70)
                .allSatisfy(key -> assertThat(page).containsOnlyOnce("| `" + key.name() + "`<br>"));
    }
}
