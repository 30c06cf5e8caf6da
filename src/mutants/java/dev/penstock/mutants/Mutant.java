package dev.penstock.mutants;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A fault in the code of one type, to be planted on purpose.
 *
 * @param type its simple name
 * @param original the correct code; must occur once; a blank matches any white space
 * @param mutated the faulty code
 * @param tests the tests that may find it, quick ones first; each is a class below {@code dev.penstock}, perhaps with
 *     {@code #method}
 */
record Mutant(String type, String effect, String original, String mutated, List<String> tests) {
    private static final Path LISTS = Path.of("src/mutants");
    private static final Path CODE = Path.of("src/main/java");
    private static final String TESTS = "tests:";
    private static final Pattern FORM = Pattern.compile("(\\w+): (.+)\n- (.+)\n\\+ ?(.*)");

    Mutant {
        tests = List.copyOf(tests);
    }

    /** The faults of all lists, in the order of the lists' names. */
    static List<Mutant> all() throws IOException {
        List<Mutant> mutants = new ArrayList<>();
        try (Stream<Path> files = Files.list(LISTS)) {
            for (Path list : files.filter(file -> file.toString().endsWith(".txt"))
                    .sorted()
                    .toList()) {
                mutants.addAll(read(list));
            }
        }
        return mutants;
    }

    private static List<Mutant> read(Path list) throws IOException {
        String text = Files.readString(list)
                .lines()
                .filter(line -> !line.startsWith("#"))
                .collect(Collectors.joining("\n"));
        List<Mutant> mutants = new ArrayList<>();
        List<String> tests = List.of();
        for (String paragraph : text.strip().split("\n{2,}", -1)) {
            if (paragraph.startsWith(TESTS)) {
                tests = Arrays.asList(
                        paragraph.substring(TESTS.length()).strip().split("\\s+", -1));
            } else {
                mutants.add(parse(paragraph, tests));
            }
        }
        return mutants;
    }

    private static Mutant parse(String text, List<String> tests) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "a mutant must be the lines 'Type: effect', '- original' and '+ mutated', was " + text);
        }
        if (tests.isEmpty()) {
            throw new IllegalArgumentException("a mutant must have a line '" + TESTS + "' above it, was " + text);
        }
        return new Mutant(matcher.group(1), matcher.group(2), matcher.group(3), matcher.group(4), tests);
    }

    Path source() throws IOException {
        try (Stream<Path> files = Files.walk(CODE)) {
            List<Path> found =
                    files.filter(file -> file.endsWith(type + ".java")).toList();
            if (found.size() != 1) {
                throw new IllegalArgumentException(
                        "type must be one class in " + CODE + ", was " + type + ": " + found);
            }
            return found.getFirst();
        }
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
