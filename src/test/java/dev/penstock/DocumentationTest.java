package dev.penstock;

import static java.util.stream.Collectors.toCollection;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The pages for people: their links lead somewhere, and the code guide names classes that exist. */
final class DocumentationTest {
    private static final Path DOCS = Path.of("docs");
    private static final Path CLASSES = Path.of("src/main/java/dev/penstock");

    /** A relative link of Markdown, without its anchor. */
    private static final Pattern LINK = Pattern.compile("]\\((?!https?:|#)([^)#\\s]+)");

    /** A class below {@code dev.penstock} in code font, such as {@code batching/Batcher.next}. */
    private static final Pattern CLASS = Pattern.compile("`((?:[a-z]+/)+[A-Z]\\w+)");

    @Test
    void everyLinkLeadsToAFile() throws IOException {
        List<Path> pages;
        try (Stream<Path> docs = Files.walk(DOCS)) {
            pages = Stream.concat(
                            Stream.of("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "kubernetes/README.md")
                                    .map(Path::of),
                            docs.filter(page -> page.toString().endsWith(".md")))
                    .toList();
        }
        TreeSet<String> broken = new TreeSet<>();
        for (Path page : pages) {
            found(LINK, page)
                    .filter(link -> !Files.exists(page.resolveSibling(link)))
                    .forEach(link -> broken.add(page + ": " + link));
        }
        assertThat(broken).isEmpty();
    }

    @Test
    void theCodeGuideNamesClassesThatExist() throws IOException {
        TreeSet<String> missing = found(CLASS, DOCS.resolve("code-guide.md"))
                .filter(name -> !Files.exists(CLASSES.resolve(name + ".java")))
                .collect(toCollection(TreeSet::new));
        assertThat(missing).isEmpty();
    }

    private static Stream<String> found(Pattern pattern, Path page) throws IOException {
        return pattern.matcher(Files.readString(page)).results().map((MatchResult match) -> match.group(1));
    }
}
