package dev.penstock.bench;

import ai.onnxruntime.OrtException;
import dev.penstock.messages.Topics;
import dev.penstock.protocol.Lane;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;

/**
 * Measures whether responses keep their deadlines under overload: over REST, where the gate refuses most of the excess, and over Kafka,
 * where the batcher must detect it. Runs the model with batch size 1, and with batching.
 */
final class DeadlinesBench {
    private static final String REPLY_TOPIC = "penstock.replies.demo";
    private static final int PEAK_CONNECTIONS = 256;
    private static final int OPEN_LOOP_CONNECTIONS = 2000;
    private static final int MOST_OUTSTANDING = 100_000;
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration LEARNS = Duration.ofSeconds(2);

    /**
     * @param factor the offered load, as a multiple of what the service can do over this interface
     * @param warmUpSeconds of load on each copy before the measurement, over each interface
     */
    record Settings(String model, int factor, int deadlineMillis, int seconds, int warmUpSeconds) {}

    /**
     * @param late successful responses after the deadline, measured from the time of sending
     * @param lateStarts batches that started after the latest start of a member
     * @param behind calls that the ingress refused because its own event loops were behind
     * @param recalls batches taken back because they would have started late
     */
    record Outcome(
            String title,
            double offeredPerSecond,
            LoadResult result,
            long succeeded,
            long late,
            double behind,
            double lateStarts,
            double recalls,
            double meanBatch) {}

    private interface Drive {
        LoadResult run() throws IOException, InterruptedException;
    }

    private final Settings settings;
    private final PrintStream out;

    DeadlinesBench(Settings settings, PrintStream out) {
        this.settings = settings;
        this.out = out;
    }

    /** Prints the table, writes the report, and returns the number of wrong or missing responses. */
    long run() throws IOException, OrtException, InterruptedException {
        Workload workload = Workload.named(settings.model());
        WorkloadCorpus corpus = new WorkloadCorpus(workload, workload.binary());
        // A record in the binary format would need a header for the length of its JSON part.
        WorkloadCorpus json = new WorkloadCorpus(workload, false);
        List<String> names =
                List.of(BatchingBench.Copy.ONE_BY_ONE.model(workload), BatchingBench.Copy.ADAPTIVE.model(workload));
        List<Outcome> outcomes = new ArrayList<>();
        try (LocalService service =
                LocalService.start(LocalService.Setup.of(BatchingBench.serve(workload, Processor.CPU), names))) {
            for (BatchingBench.Copy copy : BatchingBench.Copy.values()) {
                String model = copy.model(workload);
                outcomes.add(byRest(service.target(), model, corpus, copy.title()));
                outcomes.add(byKafka(service.target(), model, json, copy.title()));
            }
        }
        out.println();
        out.print(table(outcomes));
        out.println("deadline " + settings.deadlineMillis() + " ms, measured from the time of sending; offered load is "
                + settings.factor() + " times the capacity over this interface");
        out.println("wrote " + Report.now("deadlines", settings, outcomes).write());
        return outcomes.stream()
                .map(Outcome::result)
                .mapToLong(result -> result.wrong() + result.ioErrors() + result.unanswered())
                .sum();
    }

    private Outcome byRest(Target target, String model, WorkloadCorpus corpus, String title)
            throws IOException, InterruptedException {
        HttpLoad plain = rest(target, model, corpus, List.of()).withConnections(PEAK_CONNECTIONS);
        plain.withExtent(lasting(settings.warmUpSeconds())).run();
        double rate = plain.withExtent(lasting(settings.seconds())).run().throughputPerSecond() * settings.factor();
        Lateness lateness = new Lateness(settings.deadlineMillis());
        HttpLoad load = rest(target, model, corpus, List.of("Penstock-Timeout-Ms: " + settings.deadlineMillis()))
                .withConnections(OPEN_LOOP_CONNECTIONS)
                .withPace(new HttpLoad.OpenLoop(rate))
                .withWarmUp(LEARNS)
                .withExtent(lasting(settings.seconds()));
        HttpLoad timed = new HttpLoad(
                load.target(),
                lateness.sent(load.requests()),
                load.connections(),
                load.pace(),
                load.extent(),
                load.warmUp(),
                load.patience(),
                lateness.answered(load.check(), "200"));
        return measure(target, model, title + ", REST", rate, lateness, timed::run);
    }

    private Outcome byKafka(Target target, String model, WorkloadCorpus corpus, String title)
            throws IOException, InterruptedException {
        Check right = (index, status, body) -> corpus.check(index, body);
        KafkaLoad trial = new KafkaLoad(
                target.kafka(),
                Topics.requests(model, Lane.INTERACTIVE),
                REPLY_TOPIC,
                corpus::body,
                PEAK_CONNECTIONS * 16,
                PEAK_CONNECTIONS,
                PATIENCE,
                right);
        double guess = trial.run().throughputPerSecond();
        paced(trial, (int) (guess * settings.warmUpSeconds()), OptionalDouble.empty(), Optional.empty())
                .run();
        double peak = paced(trial, (int) (guess * settings.seconds()), OptionalDouble.empty(), Optional.empty())
                .run()
                .throughputPerSecond();
        double rate = peak * settings.factor();
        Optional<Duration> deadline = Optional.of(Duration.ofMillis(settings.deadlineMillis()));
        Lateness lateness = new Lateness(settings.deadlineMillis());
        KafkaLoad load = paced(trial, (int) (rate * settings.seconds()), OptionalDouble.of(rate), deadline);
        KafkaLoad timed = new KafkaLoad(
                load.bootstrapServers(),
                load.requestTopic(),
                load.replyTopic(),
                lateness.sent(load.bodies()),
                load.requests(),
                MOST_OUTSTANDING,
                load.patience(),
                lateness.answered(right, "succeeded"),
                load.ratePerSecond(),
                load.timeout());
        return measure(target, model, title + ", Kafka", rate, lateness, timed::run);
    }

    private static KafkaLoad paced(KafkaLoad load, int requests, OptionalDouble rate, Optional<Duration> timeout) {
        return new KafkaLoad(
                load.bootstrapServers(),
                load.requestTopic(),
                load.replyTopic(),
                load.bodies(),
                Math.max(1, requests),
                load.outstanding(),
                load.patience(),
                load.check(),
                rate,
                timeout);
    }

    private static Outcome measure(
            Target target, String model, String title, double rate, Lateness lateness, Drive drive)
            throws IOException, InterruptedException {
        String label = "model=\"" + model + "\"";
        Metrics before = Metrics.scrape(target.management());
        LoadResult result = drive.run();
        Metrics after = Metrics.scrape(target.management());
        return new Outcome(
                title,
                rate,
                result,
                lateness.succeeded.get(),
                lateness.late.get(),
                since(before, after, "inference_rejected_total", label, "reason=\"ingress\""),
                since(before, after, "inference_late_starts_total", label),
                since(before, after, "inference_batch_recalls_total", label),
                BatchSizes.of(after, model).meanSince(BatchSizes.of(before, model)));
    }

    private static double since(Metrics before, Metrics after, String metric, String... labels) {
        return after.sum(metric, labels) - before.sum(metric, labels);
    }

    private static HttpLoad rest(Target target, String model, WorkloadCorpus corpus, List<String> headers) {
        URI uri = target.infer(model);
        PostTemplate post = corpus.isBinary()
                ? PostTemplate.binary(uri, corpus.jsonLength(), headers)
                : new PostTemplate(uri, headers);
        return HttpLoad.of(target.http(), i -> post.with(corpus.body(i)))
                .withCheck((i, status, body) -> corpus.check(i, body));
    }

    private static HttpLoad.Lasting lasting(int seconds) {
        return new HttpLoad.Lasting(Duration.ofSeconds(seconds));
    }

    private static Table table(List<Outcome> outcomes) {
        Table table = new Table(
                "deadlines",
                "offered/s",
                "succeeded/s",
                "late",
                "of succeeded",
                "p50 ms",
                "p99 ms",
                "other outcomes",
                "ingress behind",
                "late starts",
                "recalls",
                "mean batch",
                "wrong or lost");
        for (Outcome each : outcomes) {
            LoadResult result = each.result();
            table.add(
                    each.title(),
                    "%,.0f".formatted(each.offeredPerSecond()),
                    "%,.0f".formatted(result.throughputPerSecond()),
                    Long.toString(each.late()),
                    "%.3f %%".formatted(100.0 * each.late() / Math.max(1, each.succeeded())),
                    "%.1f".formatted(result.latency().p50Millis()),
                    "%.1f".formatted(result.latency().p99Millis()),
                    result.otherStatuses().toString(),
                    "%.0f".formatted(each.behind()),
                    "%.0f".formatted(each.lateStarts()),
                    "%.0f".formatted(each.recalls()),
                    "%.1f".formatted(each.meanBatch()),
                    Long.toString(result.wrong() + result.ioErrors() + result.unanswered()));
        }
        return table;
    }

    /** Counts the responses after their deadline, including those of the warm-up. */
    private static final class Lateness {
        private final long limitNanos;
        private final Map<Integer, Long> sentNanos = new ConcurrentHashMap<>();
        private final AtomicLong succeeded = new AtomicLong();
        private final AtomicLong late = new AtomicLong();

        Lateness(int limitMillis) {
            this.limitNanos = Duration.ofMillis(limitMillis).toNanos();
        }

        IntFunction<byte[]> sent(IntFunction<byte[]> requests) {
            return index -> {
                sentNanos.put(index, System.nanoTime());
                return requests.apply(index);
            };
        }

        Check answered(Check check, String success) {
            return (index, status, body) -> {
                Long sent = sentNanos.remove(index);
                if (sent != null && status.equals(success)) {
                    succeeded.incrementAndGet();
                    late.addAndGet(System.nanoTime() - sent > limitNanos ? 1 : 0);
                }
                return check.accepts(index, status, body);
            };
        }
    }
}
