package dev.penstock.cli;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The tests of one run, summed over the reports that Maven writes. */
record TestTotals(int passed, int failed, int skipped) {
    private static final Pattern COUNTS = Pattern.compile("(tests|errors|skipped|failures)=\"(\\d+)\"");

    /** Counts the reports in these folders that were written since then. */
    static TestTotals since(Instant start, List<Path> folders) throws IOException {
        TestTotals sum = new TestTotals(0, 0, 0);
        for (Path folder : folders) {
            if (!Files.isDirectory(folder)) {
                continue;
            }
            try (DirectoryStream<Path> reports = Files.newDirectoryStream(folder, "TEST-*.xml")) {
                for (Path report : reports) {
                    if (Files.getLastModifiedTime(report).compareTo(FileTime.from(start)) > 0) {
                        sum = sum.plus(of(report));
                    }
                }
            }
        }
        return sum;
    }

    /** For people and machines. */
    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%d passed, %d failed, %d skipped", passed, failed, skipped);
    }

    private TestTotals plus(TestTotals other) {
        return new TestTotals(passed + other.passed, failed + other.failed, skipped + other.skipped);
    }

    private static TestTotals of(Path report) throws IOException {
        try (Stream<String> lines = Files.lines(report)) {
            return lines.filter(line -> line.contains("<testsuite "))
                    .findFirst()
                    .map(TestTotals::read)
                    .orElse(new TestTotals(0, 0, 0));
        }
    }

    private static TestTotals read(String suite) {
        int tests = 0;
        int failed = 0;
        int skipped = 0;
        Matcher count = COUNTS.matcher(suite);
        while (count.find()) {
            int number = Integer.parseInt(count.group(2));
            switch (count.group(1)) {
                case "tests" -> tests += number;
                case "skipped" -> skipped += number;
                default -> failed += number;
            }
        }
        return new TestTotals(tests - failed - skipped, failed, skipped);
    }
}
