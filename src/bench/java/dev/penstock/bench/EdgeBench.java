package dev.penstock.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * What an edge gives its users: two stacks, a centre and an edge, and a link between them that takes time and is cut now and then. Clients are
 * near the edge. Each of their calls has a connection of its own. A part of the calls is for a model that the edge has, all others are for
 * one that the centre has; their inputs follow Zipf's law. Beside them, asynchronous requests for the centre's model are submitted.
 */
final class EdgeBench {
    private static final long SEED = 7;
    private static final int OK = 200;
    private static final int ACCEPTED = 202;
    private static final int ASYNC_TIMEOUT_MILLIS = 600_000;
    private static final Duration LONGEST_DRAIN = Duration.ofMinutes(2);

    /**
     * @param oneWayMillis from the region to the centre
     * @param rate of calls per second
     * @param asyncRate of asynchronous requests per second
     * @param ownPercent of the calls: they are for the model that the edge has
     * @param exponent of Zipf's law
     * @param cutSeconds of each ten times as long, in the middle of which the link is cut
     * @param limitMillis after which an answer is too late
     * @param callMillis the edge's longest call to the centre
     */
    record Settings(
            List<EdgeVariant> variants,
            int oneWayMillis,
            int rate,
            int asyncRate,
            int ownPercent,
            double exponent,
            int seconds,
            int warmUpSeconds,
            int cutSeconds,
            boolean resets,
            int limitMillis,
            int callMillis) {}

    /**
     * @param status 0 without an answer in time
     * @param isRight whether a successful answer is that to its request
     */
    private record Call(long atMillis, boolean isFar, int status, boolean isRight, long nanos, String body) {
        boolean isGood() {
            return status == OK && isRight;
        }
    }

    /** An asynchronous request that was accepted. */
    private record Accepted(long atMillis, long doneMillis, boolean hasSucceeded) {}

    /**
     * @param failures by second, the statuses of the calls without a right answer in time
     * @param drainSeconds the longest time from the end of a cut until all that was accepted before had its outcome
     * @param lost accepted, and without an outcome
     * @param peak bytes per second towards the centre in the ten seconds after a cut, as a multiple of those without one
     */
    record Row(
            long calls,
            double availability,
            double availabilityInCuts,
            double meanMillis,
            double p50Millis,
            double p99Millis,
            double hits,
            double fallbacks,
            long wrong,
            Map<Long, List<Integer>> failures,
            long accepted,
            long lost,
            double drainSeconds,
            double peak) {}

    private final Settings settings;
    private final DigitsCorpus corpus;
    private final PrintStream out;

    EdgeBench(Settings settings, DigitsCorpus corpus, PrintStream out) {
        this.settings = settings;
        this.corpus = corpus;
        this.out = out;
    }

    /** Prints the table, writes report and plot, and returns the number of wrong and lost answers. */
    long run() throws IOException, InterruptedException {
        Map<String, Row> rows = new LinkedHashMap<>();
        try (EdgeStacks stacks = new EdgeStacks();
                LocalService centre = stacks.centre()) {
            for (EdgeVariant variant : settings.variants()) {
                out.println(variant.title());
                rows.put(variant.title(), measure(variant, centre.target().http(), stacks));
            }
        }
        out.println();
        out.print(table(rows));
        out.println("wrote " + Report.now("edge", settings, rows).write());
        Chart.bars(
                        "An edge, and a centre " + settings.oneWayMillis() + " ms away",
                        "",
                        "mean, ms",
                        List.copyOf(rows.keySet()))
                .with(
                        "mean",
                        rows.values().stream().mapToDouble(Row::meanMillis).toArray())
                .write(Path.of("target/bench/edge-latency.svg"));
        Chart.bars("Answered in time while the link is cut", "", "share", List.copyOf(rows.keySet()))
                .with(
                        "cut",
                        rows.values().stream()
                                .mapToDouble(Row::availabilityInCuts)
                                .toArray())
                .with(
                        "all",
                        rows.values().stream().mapToDouble(Row::availability).toArray())
                .write(Path.of("target/bench/edge-availability.svg"));
        return rows.values().stream().mapToLong(row -> row.wrong() + row.lost()).sum();
    }

    private Row measure(EdgeVariant variant, URI centre, EdgeStacks stacks) throws IOException, InterruptedException {
        try (DistantLink link = new DistantLink(centre, settings.oneWayMillis(), settings.resets())) {
            if (variant == EdgeVariant.NONE) {
                return measure(link, link.url());
            }
            try (LocalService edge = stacks.edge(variant, link.url(), settings.callMillis())) {
                return measure(link, edge.target().http());
            }
        }
    }

    private Row measure(DistantLink link, URI clients) throws InterruptedException {
        Zipf zipf = new Zipf(corpus.size(), settings.exponent(), new Random(SEED));
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            pace(
                    settings.warmUpSeconds(),
                    settings.rate(),
                    n -> threads.submit(() -> call(clients, n, zipf.next(), 0)));
            ConcurrentLinkedQueue<Call> calls = new ConcurrentLinkedQueue<>();
            ConcurrentLinkedQueue<Accepted> accepted = new ConcurrentLinkedQueue<>();
            List<Long> bytes = new ArrayList<>();
            long start = System.nanoTime();
            Future<?> script = threads.submit(() -> script(link, start, bytes));
            Future<?> submitted = threads.submit(() -> {
                pace(
                        settings.seconds(),
                        settings.asyncRate(),
                        n -> threads.submit(() -> submit(clients, n, zipf.next(), start, accepted)));
                return null;
            });
            int base = settings.warmUpSeconds() * settings.rate();
            pace(
                    settings.seconds(),
                    settings.rate(),
                    n -> threads.submit(() -> calls.add(call(clients, base + n, zipf.next(), start))));
            await(script);
            await(submitted);
            threads.shutdown(); // and waits for the calls, and for the outcomes of what was accepted
            if (!threads.awaitTermination(1, TimeUnit.HOURS)) {
                throw new IllegalStateException("the calls did not end");
            }
            return row(List.copyOf(calls), List.copyOf(accepted), bytes);
        }
    }

    private interface Action {
        void run(int number);
    }

    private static void pace(int seconds, int rate, Action action) throws InterruptedException {
        long begun = System.nanoTime();
        for (int i = 0; i < seconds * rate; i++) {
            TimeUnit.NANOSECONDS.sleep(begun + i * 1_000_000_000L / rate - System.nanoTime());
            action.run(i);
        }
    }

    private static void await(Future<?> task) throws InterruptedException {
        try {
            task.get();
        } catch (ExecutionException bug) {
            throw new IllegalStateException(bug.getCause());
        }
    }

    /** Cuts and heals, and notes the bytes of each second. */
    private Void script(DistantLink link, long start, List<Long> bytes) throws InterruptedException {
        long before = link.sentBytes();
        for (int second = 0; second < settings.seconds(); second++) {
            if (isCut(second)) {
                link.cut();
            } else {
                link.heal();
            }
            TimeUnit.NANOSECONDS.sleep(start + (second + 1) * 1_000_000_000L - System.nanoTime());
            long now = link.sentBytes();
            bytes.add(now - before);
            before = now;
        }
        link.heal();
        return null;
    }

    private boolean isCut(long second) {
        if (settings.cutSeconds() == 0) {
            return false;
        }
        long inPeriod = second % (10L * settings.cutSeconds());
        return inPeriod >= 5L * settings.cutSeconds() && inPeriod < 6L * settings.cutSeconds();
    }

    private Call call(URI to, int number, int image, long start) {
        boolean isFar = Math.floorMod(number * 37, 100) >= settings.ownPercent();
        int id = image + corpus.size() * number;
        long begun = System.nanoTime();
        EdgeCall.Answer answer = EdgeCall.send(
                to,
                post(
                                to,
                                isFar ? EdgeStacks.FAR : EdgeStacks.NEAR,
                                List.of("Penstock-Timeout-Ms: " + settings.limitMillis()))
                        .with(corpus.body(id)),
                settings.limitMillis());
        long nanos = System.nanoTime() - begun;
        boolean isRight =
                answer.status() != OK || corpus.check(id, answer.body().getBytes(UTF_8));
        return new Call((begun - start) / 1_000_000, isFar, answer.status(), isRight, nanos, answer.body());
    }

    private static PostTemplate post(URI to, String model, List<String> headers) {
        List<String> all = new ArrayList<>(headers);
        all.add("Connection: close");
        return new PostTemplate(to.resolve("/v2/models/" + model + "/infer"), all);
    }

    /** Submits a request and, if it is accepted, asks for its outcome until it has succeeded. */
    private Void submit(URI to, int number, int image, long start, Queue<Accepted> accepted)
            throws InterruptedException {
        byte[] request = post(
                        to,
                        EdgeStacks.FAR,
                        List.of("Prefer: respond-async", "Penstock-Timeout-Ms: " + ASYNC_TIMEOUT_MILLIS))
                .with(corpus.body(image + corpus.size() * number));
        EdgeCall.Answer answer = EdgeCall.send(to, request, settings.limitMillis());
        if (answer.status() == ACCEPTED) {
            String id = member(answer.body(), "id");
            long at = millisSince(start);
            long end = 1000L * settings.seconds() + LONGEST_DRAIN.toMillis();
            boolean hasSucceeded = isSucceeded(to, id);
            while (!hasSucceeded && millisSince(start) < end) {
                TimeUnit.MILLISECONDS.sleep(500);
                hasSucceeded = isSucceeded(to, id);
            }
            accepted.add(new Accepted(at, millisSince(start), hasSucceeded));
        }
        return null;
    }

    private static long millisSince(long start) {
        return (System.nanoTime() - start) / 1_000_000;
    }

    private static String member(String json, String name) {
        try {
            return new ObjectMapper().readTree(json).path(name).asText();
        } catch (IOException notJson) {
            return "";
        }
    }

    /** The longest time from the end of a cut until all that was accepted before has succeeded. */
    private double drainSeconds(List<Accepted> accepted) {
        long longest = 0;
        for (int second = 1; second < settings.seconds(); second++) {
            if (isCut(second - 1L) && !isCut(second)) {
                long healed = 1000L * second;
                longest = accepted.stream()
                        .filter(each -> each.atMillis < healed)
                        .mapToLong(each -> each.doneMillis - healed)
                        .reduce(longest, Math::max);
            }
        }
        return longest / 1e3;
    }

    private boolean isSucceeded(URI to, String id) {
        byte[] request = ("GET /v2/requests/" + id + " HTTP/1.1\r\nHost: " + to.getRawAuthority()
                        + "\r\nConnection: close\r\n\r\n")
                .getBytes(UTF_8);
        EdgeCall.Answer answer = EdgeCall.send(to, request, 10 * settings.limitMillis());
        return answer.status() == OK && member(answer.body(), "status").equals("succeeded");
    }

    private Row row(List<Call> calls, List<Accepted> accepted, List<Long> bytes) {
        List<Call> good = calls.stream().filter(Call::isGood).toList();
        List<Call> cut =
                calls.stream().filter(call -> isCut(call.atMillis / 1000)).toList();
        double[] millis =
                good.stream().mapToDouble(call -> call.nanos / 1e6).sorted().toArray();
        return new Row(
                calls.size(),
                share(good.size(), calls.size()),
                share(cut.stream().filter(Call::isGood).count(), cut.size()),
                Arrays.stream(millis).average().orElse(0),
                at(millis, 0.5),
                at(millis, 0.99),
                share(
                        good.stream()
                                .filter(call -> call.isFar && call.body.contains("\"cache\":\"hit\""))
                                .count(),
                        good.size()),
                share(
                        good.stream()
                                .filter(call -> call.body.contains("\"fallback\":true"))
                                .count(),
                        good.size()),
                calls.stream().filter(call -> !call.isRight).count(),
                failures(calls),
                accepted.size(),
                accepted.stream().filter(each -> !each.hasSucceeded).count(),
                drainSeconds(accepted),
                peak(bytes));
    }

    private static Map<Long, List<Integer>> failures(List<Call> calls) {
        return calls.stream()
                .filter(call -> !call.isGood())
                .collect(Collectors.groupingBy(
                        call -> call.atMillis / 1000,
                        TreeMap::new,
                        Collectors.mapping(Call::status, Collectors.toList())));
    }

    private double peak(List<Long> bytes) {
        List<Long> usual = new ArrayList<>();
        long most = 0;
        for (int second = 0; second < bytes.size(); second++) {
            boolean isAfterCut = false;
            for (int before = Math.max(0, second - 10); before < second; before++) {
                isAfterCut |= isCut(before);
            }
            if (!isCut(second) && !isAfterCut) {
                usual.add(bytes.get(second));
            } else if (!isCut(second)) {
                most = Math.max(most, bytes.get(second));
            }
        }
        usual.sort(Long::compare);
        double median = usual.isEmpty() ? 0 : usual.get(usual.size() / 2);
        return median == 0 ? 0 : most / median;
    }

    private static double share(long part, long all) {
        return all == 0 ? 1 : (double) part / all;
    }

    private static double at(double[] sorted, double quantile) {
        return sorted.length == 0
                ? 0
                : sorted[(int) Math.min(sorted.length - 1L, Math.round(quantile * sorted.length))];
    }

    private static Table table(Map<String, Row> rows) {
        Table table = new Table(
                "",
                "calls",
                "answered %",
                "in cuts %",
                "mean ms",
                "p50 ms",
                "p99 ms",
                "hits %",
                "fallback %",
                "wrong",
                "accepted",
                "lost",
                "drain s",
                "peak");
        rows.forEach((title, row) -> table.add(
                title,
                Long.toString(row.calls),
                "%.2f".formatted(100 * row.availability),
                "%.1f".formatted(100 * row.availabilityInCuts),
                "%.0f".formatted(row.meanMillis),
                "%.0f".formatted(row.p50Millis),
                "%.0f".formatted(row.p99Millis),
                "%.0f".formatted(100 * row.hits),
                "%.1f".formatted(100 * row.fallbacks),
                Long.toString(row.wrong),
                Long.toString(row.accepted),
                Long.toString(row.lost),
                "%.1f".formatted(row.drainSeconds),
                "%.1f".formatted(row.peak)));
        return table;
    }

    /** Ranks that follow Zipf's law: the rank r comes with a probability in proportion to 1/r^s. Thread-safe. */
    static final class Zipf {
        private final double[] cumulated;
        private final Random random;

        Zipf(int size, double exponent, Random random) {
            this.random = random;
            this.cumulated = new double[size];
            double sum = 0;
            for (int i = 0; i < size; i++) {
                sum += Math.pow(i + 1, -exponent);
                cumulated[i] = sum;
            }
        }

        synchronized int next() {
            double at = random.nextDouble() * cumulated[cumulated.length - 1];
            int found = Arrays.binarySearch(cumulated, at);
            return Math.min(cumulated.length - 1, found < 0 ? -found - 1 : found);
        }
    }
}
