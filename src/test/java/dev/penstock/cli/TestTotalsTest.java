package dev.penstock.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestTotalsTest {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    @TempDir
    Path folder;

    @Test
    void sumsTheReportsOfThisRun() throws IOException {
        report("unit/TEST-a.xml", 10, 1, 2, 3, START.plusSeconds(1));
        report("unit/TEST-b.xml", 5, 0, 0, 0, START.plusSeconds(2));
        report("unit/TEST-old.xml", 100, 0, 0, 0, START.minusSeconds(1));
        report("unit/notes.xml", 100, 0, 0, 0, START.plusSeconds(1));

        TestTotals totals = TestTotals.since(START, List.of(folder.resolve("unit"), folder.resolve("missing")));

        assertThat(totals).hasToString("9 passed, 4 failed, 2 skipped");
    }

    private void report(String name, int tests, int errors, int skipped, int failures, Instant written)
            throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, """
                <?xml version="1.0" encoding="UTF-8"?>
                <testsuite xmlns:xsi="x" name="a" time="0.1" tests="%d" errors="%d" skipped="%d" failures="%d">
                  <testcase name="errors=&quot;7&quot;"/>
                </testsuite>
                """.formatted(tests, errors, skipped, failures));
        Files.setLastModifiedTime(file, FileTime.from(written));
    }
}
