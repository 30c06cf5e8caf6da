package dev.penstock.bench;

import dev.penstock.messages.Topics;
import dev.penstock.protocol.Lane;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Sends the same requests over all three interfaces (synchronous REST, asynchronous REST, Kafka), and checks every response. */
public final class DoorsBench {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** @param outstanding the number of outstanding requests per interface */
    public record Settings(String model, int requests, int outstanding, String replyTopic) {}

    /** @param meanBatch mean rows per batch during this run; 0 when there was no batch */
    public record Door(LoadResult result, double meanBatch) {}

    private interface Drive {
        LoadResult run() throws IOException, InterruptedException;
    }

    private final Target target;
    private final Corpus corpus;
    private final Settings settings;

    public DoorsBench(Target target, Corpus corpus, Settings settings) {
        this.target = target;
        this.corpus = corpus;
        this.settings = settings;
    }

    /** Runs {@code sync}, {@code async} and {@code kafka} one after the other. */
    public Map<String, Door> drive() throws IOException, InterruptedException {
        Map<String, Door> doors = new LinkedHashMap<>();
        doors.put("sync", drive(sync()::run));
        doors.put("async", drive(async()::run));
        doors.put("kafka", drive(kafka()::run));
        return doors;
    }

    /** Prints the table, writes the report, and returns the number of errors. */
    long run(PrintStream out) throws IOException, InterruptedException {
        Map<String, Door> doors = drive();
        Table table = new Table(
                "interface",
                "correct",
                "wrong",
                "other statuses",
                "I/O errors",
                "unanswered",
                "duplicates",
                "requests/s",
                "p50 ms",
                "p99 ms",
                "mean batch");
        doors.forEach((name, door) -> {
            LoadResult result = door.result();
            table.add(
                    name,
                    "%,d".formatted(result.succeeded()),
                    "%,d".formatted(result.wrong()),
                    result.otherStatuses().isEmpty()
                            ? "0"
                            : result.otherStatuses().toString(),
                    "%,d".formatted(result.ioErrors()),
                    "%,d".formatted(result.unanswered()),
                    "%,d".formatted(result.duplicates()),
                    "%,.0f".formatted(result.throughputPerSecond()),
                    "%.2f".formatted(result.latency().p50Millis()),
                    "%.2f".formatted(result.latency().p99Millis()),
                    "%.1f".formatted(door.meanBatch()));
        });
        out.print(table);
        out.printf(
                "%,d requests per interface, %d outstanding, no warm-up%n",
                settings.requests(), settings.outstanding());
        out.println("wrote " + Report.now("doors", settings, doors).write());
        return doors.values().stream().mapToLong(door -> door.result().errors()).sum();
    }

    private Door drive(Drive drive) throws IOException, InterruptedException {
        BatchSizes before = BatchSizes.scrape(target.management(), settings.model());
        LoadResult result = drive.run();
        BatchSizes after = BatchSizes.scrape(target.management(), settings.model());
        return new Door(result, after.meanSince(before));
    }

    private HttpLoad sync() {
        PostTemplate post = new PostTemplate(target.infer(settings.model()), List.of());
        return HttpLoad.of(target.http(), i -> post.with(corpus.body(i)))
                .withConnections(settings.outstanding())
                .withExtent(new HttpLoad.Counting(settings.requests()))
                .withPatience(PATIENCE)
                .withCheck(this::isRight);
    }

    private AsyncLoad async() {
        return new AsyncLoad(
                target.infer(settings.model()),
                corpus::body,
                settings.requests(),
                settings.outstanding(),
                PATIENCE,
                this::isRight);
    }

    private KafkaLoad kafka() {
        return new KafkaLoad(
                target.kafka(),
                Topics.requests(settings.model(), Lane.INTERACTIVE),
                settings.replyTopic(),
                corpus::body,
                settings.requests(),
                settings.outstanding(),
                PATIENCE,
                this::isRight);
    }

    private boolean isRight(int index, String status, byte[] body) {
        return corpus.check(index, body);
    }
}
