package dev.penstock.mutants;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A fault in the code of one type, to be planted on purpose.
 *
 * @param type its simple name
 * @param original the correct code; must occur once; a blank matches any white space
 * @param mutated the faulty code
 */
record Mutant(String type, String effect, String original, String mutated) {
    private static final Path LIST = Path.of("src/mutants/batching.txt");
    private static final List<Path> PACKAGES = List.of(
            Path.of("src/main/java/dev/penstock/batching"),
            Path.of("src/main/java/dev/penstock/worker/loop"),
            Path.of("src/main/java/dev/penstock/worker/accepted"),
            Path.of("src/main/java/dev/penstock/worker/intake/rules"));
    private static final Pattern FORM = Pattern.compile("(\\w+): (.+)\n- (.+)\n\\+ ?(.*)");

    static List<Mutant> all() throws IOException {
        String list = Files.readString(LIST)
                .lines()
                .filter(line -> !line.startsWith("#"))
                .collect(Collectors.joining("\n"));
        return Arrays.stream(list.strip().split("\n{2,}", -1))
                .map(Mutant::parse)
                .toList();
    }

    private static Mutant parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "a mutant must be the lines 'Type: effect', '- original' and '+ mutated', was " + text);
        }
        return new Mutant(matcher.group(1), matcher.group(2), matcher.group(3), matcher.group(4));
    }

    Path source() {
        return PACKAGES.stream()
                .map(folder -> folder.resolve(type + ".java"))
                .filter(Files::exists)
                .findFirst()
                .orElseThrow(
                        () -> new IllegalArgumentException("type must be in one of " + PACKAGES + ", was " + type));
    }

    /** The source of the type with the fault in it. */
    String planted() throws IOException {
        String source = Files.readString(source());
        String spaced =
                Arrays.stream(original.split(" ", -1)).map(Pattern::quote).collect(Collectors.joining("\\s+"));
        List<MatchResult> found =
                Pattern.compile(spaced).matcher(source).results().toList();
        if (found.size() != 1) {
            throw new IllegalArgumentException(
                    type + " must have this code once, had it " + found.size() + " times: " + original);
        }
        MatchResult only = found.getFirst();
        return source.substring(0, only.start()) + mutated + source.substring(only.end());
    }

    @Override
    public String toString() {
        return type + " " + effect;
    }
}
