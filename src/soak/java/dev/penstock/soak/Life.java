package dev.penstock.soak;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What one process held over its life, sampled between faults. The medians of its first half are compared with those of its second: what
 * leaks goes on growing, and a peak, such as the connections of callers that wait, does not count.
 */
final class Life {
    /** Classes are loaded and connections made by then. */
    private static final long SETTLED_SECONDS = 60;

    private final String process;
    private final List<Sample> samples = new ArrayList<>();

    Life(String process) {
        this.process = process;
    }

    /** @param seconds age of the process; rises from sample to sample */
    void add(long seconds, Usage usage) {
        if (seconds >= SETTLED_SECONDS) {
            samples.add(new Sample(seconds, usage));
        }
    }

    /** Empty for a life too short for a sample in both halves. */
    Optional<SoakReport.Growth> growth() {
        if (samples.isEmpty()) {
            return Optional.empty();
        }
        long first = samples.getFirst().seconds();
        long last = samples.getLast().seconds();
        long half = first + (last - first) / 2;
        return median(first, half)
                .flatMap(
                        early -> median(half + 1, last).map(late -> new SoakReport.Growth(process, last, early, late)));
    }

    private Optional<Usage> median(long fromSeconds, long toSeconds) {
        List<Usage> usages = samples.stream()
                .filter(each -> each.seconds() >= fromSeconds && each.seconds() <= toSeconds)
                .map(Sample::usage)
                .toList();
        return usages.isEmpty() ? Optional.empty() : Optional.of(Usage.median(usages));
    }

    private record Sample(long seconds, Usage usage) {}
}
