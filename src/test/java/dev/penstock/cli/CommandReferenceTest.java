package dev.penstock.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Holds {@code docs/cli.md} current. Renew it with {@code ./mvnw test -Dtest=CommandReferenceTest -Ddocs.write}. */
class CommandReferenceTest {
    private static final Path PAGE = Path.of("docs/cli.md");

    @Test
    void thePageHasEachCommandAndExitCodeAsTheyAre() throws IOException {
        String page = Files.readString(PAGE);
        String current =
                with(with(page, "exit codes", CommandReference.exitCodes()), "commands", CommandReference.commands());
        if (System.getProperty("docs.write") != null) {
            Files.writeString(PAGE, current);
        }

        assertThat(Files.readString(PAGE))
                .as("renew it: ./mvnw test -Dtest=CommandReferenceTest -Ddocs.write")
                .isEqualTo(current);
    }

    private static String with(String page, String part, String text) {
        String begin = "<!-- begin: %s -->\n".formatted(part);
        String end = "<!-- end: %s -->".formatted(part);
        assertThat(page).contains(begin, end);
        return page.substring(0, page.indexOf(begin) + begin.length()) + text.strip() + "\n"
                + page.substring(page.indexOf(end));
    }
}
