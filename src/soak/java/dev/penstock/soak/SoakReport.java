package dev.penstock.soak;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * What a soak saw, as JSON and as a table.
 *
 * @param failures faults without proof or without progress after it, and processes that grew; empty in a soak that holds
 * @param verdict of the ledger, in words
 */
record SoakReport(
        long seed,
        int brokers,
        double ratePerSecond,
        double seconds,
        long requests,
        long accepted,
        long outcomes,
        long violations,
        List<Strike> strikes,
        List<Growth> growths,
        List<String> failures,
        String verdict,
        boolean isKept) {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    private static final String FILE = "report.json";

    SoakReport {
        strikes = List.copyOf(strikes);
        growths = List.copyOf(growths);
        failures = List.copyOf(failures);
    }

    /**
     * A fault that struck.
     *
     * @param atMillis since the load began
     * @param recoveryMillis from the healing until all doors served
     * @param violations that were found between its strike and the next
     */
    record Strike(String fault, long atMillis, String proof, long recoveryMillis, long violations) {}

    /**
     * What a process held in the first and in the second half of its life, as medians.
     *
     * @param seconds that it lived
     */
    record Growth(String process, long seconds, Usage early, Usage late) {
        /** A shorter life says nothing: the heap is still being filled. */
        private static final long JUDGED_SECONDS = 360;

        private static final double TOLERANCE = 1.15;
        private static final int TOLERATED_MIB = 48;
        private static final int TOLERATED_THREADS = 8;
        private static final int TOLERATED_FILES = 16;

        /** False for a process that lived long and held noticeably more memory, threads or files in its second half. */
        boolean staysFlat() {
            return seconds < JUDGED_SECONDS
                    || (late.memoryMib() <= early.memoryMib() * TOLERANCE + TOLERATED_MIB
                            && late.threads() <= early.threads() * TOLERANCE + TOLERATED_THREADS
                            && late.files() <= early.files() * TOLERANCE + TOLERATED_FILES);
        }

        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "%-10s %5d s  memory %4d to %4d MiB  threads %3d to %3d  files %3d to %3d",
                    process,
                    seconds,
                    early.memoryMib(),
                    late.memoryMib(),
                    early.threads(),
                    late.threads(),
                    early.files(),
                    late.files());
        }
    }

    void write(Path folder) throws IOException {
        JSON.writeValue(folder.resolve(FILE).toFile(), this);
    }

    /** @throws IOException when there is no report of an earlier soak in the folder */
    static SoakReport read(Path folder) throws IOException {
        return JSON.readValue(folder.resolve(FILE).toFile(), SoakReport.class);
    }

    /** Markdown: a row for each fault that struck. */
    String table() {
        List<String> lines = new ArrayList<>();
        lines.add("| fault | how it is made | what must hold | struck | recovery, median and longest |");
        lines.add("| --- | --- | --- | --- | --- |");
        for (Fault fault : Fault.values()) {
            long[] millis = strikes.stream()
                    .filter(each -> each.fault().equals(fault.label()))
                    .mapToLong(Strike::recoveryMillis)
                    .sorted()
                    .toArray();
            if (millis.length > 0) {
                lines.add(String.format(
                        Locale.ROOT,
                        "| `%s` | %s | %s | %d | %.1f s, %.1f s |",
                        fault.label(),
                        fault.making(),
                        fault.rule(),
                        millis.length,
                        millis[millis.length / 2] / 1e3,
                        Arrays.stream(millis).max().orElseThrow() / 1e3));
            }
        }
        lines.add("");
        lines.add(totals());
        return String.join("\n", lines);
    }

    private String totals() {
        return String.format(
                Locale.ROOT,
                "%d requests and %d faults in %.0f s, seed %d, %d broker%s: %d accepted, %d outcomes, %d violations.",
                requests,
                strikes.size(),
                seconds,
                seed,
                brokers,
                brokers == 1 ? "" : "s",
                accepted,
                outcomes,
                violations);
    }

    /** For people: totals, processes, failures, verdict. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(totals()).append('\n');
        growths.forEach(each -> text.append(each).append('\n'));
        text.append(verdict);
        failures.forEach(each -> text.append("failed: ").append(each).append('\n'));
        return text.append(isKept ? "The soak holds." : "The soak does not hold; its seed is " + seed + ".")
                .append('\n')
                .toString();
    }
}
