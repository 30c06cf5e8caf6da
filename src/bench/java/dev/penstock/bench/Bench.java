package dev.penstock.bench;

import ai.onnxruntime.OrtException;
import dev.penstock.features.cache.FeaturesBenchmark;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.common.KafkaException;

/** {@code ./penstock bench NAME [options]}. Exits with 1 when an answer was missing or wrong, with 2 when it could not run. */
public final class Bench {
    private static final String USAGE = """
            usage: penstock bench NAME [--option value ...]

            sync    synchronous calls: idle latency, also of submit-and-wait; closed loops, one open loop; writes target/bench/sync.json
                --connections 1,64,256   the closed loops
                --rate 4200              requests per second of the open loop
                --seconds 20             of each measurement
                --warm-up 60             seconds of load before the first measurement
                --rounds 3               of all measurements, one after the other
            doors   requests by all three doors, each answer checked; writes target/bench/doors.json
                --requests 10000         at each door
                --outstanding 64         requests on their way at a time
                --reply-topic penstock.replies.demo
            limit   the raw ONNX session in a tight loop, at 1 to 128 rows a run; writes target/bench/limit.json and .svg
                --models digits,mlp-19mb,mlp-70mb,minilm-16,minilm-64   or mlp-1gb, which is for GPUs
                --processor cpu          or cuda, at 1 to 1024 rows a run; needs a build with -Pgpu
                --seconds 2              of each of the 16 measurements of a model
            batching  batch size 1 against adaptive, in turns on one service; writes target/bench/batching.json and .svg
                --models, --processor    as above
                --form own               of the inputs: json, binary, or each model's own (binary for the mlps, JSON for others)
                --connections 64,256     the closed loops
                --seconds 10             of each measurement
                --warm-up 60             seconds of load on each service before the first measurement
                --rounds 3               of all measurements, one after the other
                --limit-seconds 1        of each measurement of the raw session; 0 takes target/bench/limit.json
            tuning    default settings against a grid of fixed (size, delay), in turns on one service; writes target/bench/tuning.json
                --models digits,mlp-19mb,minilm-16   as above
                --sizes 1,8,32,64        of the grid
                --delays 0,2,10          of the grid, in milliseconds
                --percents 10,50,95      of the capacity, offered in open loops
                --seconds 2              of each measurement
                --warm-up 20
                --rounds 1               of the grid, to find its best
                --finals 5               rounds of the default against that best
            deadlines  twice what can be done, by REST and by Kafka, with a deadline; writes target/bench/deadlines.json
                --model mlp-70mb         as above
                --factor 2               of what can be done
                --deadline 200           of each call, in milliseconds
                --seconds 10             of each measurement
                --warm-up 20
            overload  the gate: a model that runs one by one on one core, offered more than it can do; writes target/bench/overload.json and .svg
                --turns 8000             of the model's loop, some microseconds each
                --factors 2,10           of its peak
                --deadline 1000          of each call, in milliseconds
                --seconds 60             of each overload; the peak is measured for half as long
                --warm-up 30
            tenants  a quiet tenant beside one that sends a multiple of its quota, in turns; writes target/bench/tenants.json
                --quota 100              of the noisy one, requests per second
                --factors 0,1,20         of that quota
                --quiet 200              calls per second of the quiet one
                --seconds 10             of each measurement
                --warm-up 30
                --rounds 3
            features  what looking an input up costs, with and without each cache, drawn by Zipf's law: calls of the whole
                    service in turns, and the lookups alone; writes target/bench/features.json and features-*.svg
                --variants               of the calls, of raw-tensor,all-tiers,without-l1,without-redis,source-only; default: all
                --entities 100000        to draw from
                --l1 10000               that the process holds
                --source-ms 80           that the source takes for a call
                --warm-up-requests 3000000  lookups before anything is measured
                --connections 256        of the calls
                --seconds 8              of each measurement
                --warm-up 10             seconds of load on each service
                --rounds 3               of all variants, one after the other
                --poll 64                of the lookups alone: requests that are looked up together
                --polls 64               on their way at a time
                --requests 200000        0 leaves the lookups alone out
            features-trouble  calls while Redis is frozen, stopped, full, flushed, restarted; writes target/bench/features-trouble.json and .svg
                --rate 2000              calls per second
                --entities, --l1, --source-ms, --warm-up-requests   as above
            batcher   what the batcher costs a request, by JMH; writes target/bench/jmh.json
            assembly  what it costs to copy the inputs of a batch, by JMH; likewise
            self    how fast the load generator is, against a server that does next to nothing

            sync and doors start a service of their own from target/quarkus-app, or use the one at
                --url http://HOST:PORT
                --management http://HOST:PORT   (http://127.0.0.1:9000)
                --kafka HOST:PORT               (127.0.0.1:9092)
            and ask the model
                --model digits           in src/main/models
            """;

    private static final Path DIGITS = Path.of("src/main/models/digits/1/model.onnx");
    private static final List<String> SYNC_OPTIONS = List.of(
            "--url",
            "--management",
            "--kafka",
            "--model",
            "--connections",
            "--rate",
            "--seconds",
            "--warm-up",
            "--rounds");
    private static final List<String> DOORS_OPTIONS =
            List.of("--url", "--management", "--kafka", "--model", "--requests", "--outstanding", "--reply-topic");

    private static final List<String> BATCHING_OPTIONS = List.of(
            "--models",
            "--processor",
            "--form",
            "--connections",
            "--seconds",
            "--warm-up",
            "--rounds",
            "--limit-seconds");

    private static final List<String> TUNING_OPTIONS =
            List.of("--models", "--sizes", "--delays", "--percents", "--seconds", "--warm-up", "--rounds", "--finals");

    private static final List<String> DEADLINES_OPTIONS =
            List.of("--model", "--factor", "--deadline", "--seconds", "--warm-up");

    private static final List<String> OVERLOAD_OPTIONS =
            List.of("--turns", "--factors", "--deadline", "--seconds", "--warm-up");

    private static final List<String> TENANTS_OPTIONS =
            List.of("--quota", "--factors", "--quiet", "--seconds", "--warm-up", "--rounds");

    private static final List<String> TROUBLE_OPTIONS =
            List.of("--entities", "--l1", "--source-ms", "--warm-up-requests", "--rate");

    private static final List<String> FEATURES_OPTIONS = List.of(
            "--variants",
            "--entities",
            "--l1",
            "--source-ms",
            "--warm-up-requests",
            "--connections",
            "--seconds",
            "--warm-up",
            "--rounds",
            "--poll",
            "--polls",
            "--requests");

    private interface Measurement {
        /** Gives the number of errors. */
        long run(Target target, Corpus corpus) throws IOException, InterruptedException;
    }

    private Bench() {}

    public static void main(String[] arguments) throws InterruptedException {
        int exit;
        try {
            exit = run(Arrays.asList(arguments)) == 0 ? 0 : 1;
        } catch (IllegalArgumentException | IllegalStateException | KafkaException | IOException | OrtException e) {
            System.err.println("bench: " + e.getMessage());
            exit = 2;
        }
        System.exit(exit);
    }

    private static long run(List<String> arguments) throws IOException, InterruptedException, OrtException {
        String name = arguments.isEmpty() ? "--help" : arguments.get(0);
        List<String> rest = arguments.subList(Math.min(1, arguments.size()), arguments.size());
        return switch (name) {
            case "sync" -> sync(Options.parse(rest, SYNC_OPTIONS));
            case "doors" -> doors(Options.parse(rest, DOORS_OPTIONS));
            case "limit" -> limit(Options.parse(rest, List.of("--models", "--processor", "--seconds")));
            case "batching" -> batching(Options.parse(rest, BATCHING_OPTIONS));
            case "tuning" -> tuning(Options.parse(rest, TUNING_OPTIONS));
            case "deadlines" -> deadlines(Options.parse(rest, DEADLINES_OPTIONS));
            case "overload" -> overload(Options.parse(rest, OVERLOAD_OPTIONS));
            case "tenants" -> tenants(Options.parse(rest, TENANTS_OPTIONS));
            case "features" -> features(Options.parse(rest, FEATURES_OPTIONS));
            case "features-trouble" -> trouble(Options.parse(rest, TROUBLE_OPTIONS));
            case "batcher" -> MicroBench.run("BatcherBenchmark");
            case "assembly" -> MicroBench.run("AssemblyBenchmark");
            case "self" -> {
                System.out.println(Machine.here());
                yield GeneratorSpeed.measure(System.out);
            }
            case "--help", "-h" -> {
                System.out.print(USAGE);
                yield 0;
            }
            default ->
                throw new IllegalArgumentException(
                        "benchmark must be sync, doors, limit, batching, tuning, deadlines, overload, tenants, features, features-trouble, batcher, assembly or self, was "
                                + name);
        };
    }

    private static long sync(Options options) throws IOException, InterruptedException, OrtException {
        SyncBench.Settings settings = new SyncBench.Settings(
                model(options),
                options.integers("--connections", List.of(1, 64, 256), 1, 10_000),
                options.integer("--rate", 4200, 1, 1_000_000),
                options.integer("--seconds", 20, 1, 3600),
                options.integer("--warm-up", 60, 0, 3600),
                options.integer("--rounds", 3, 1, 100));
        return measure(options, (target, corpus) -> new SyncBench(target, corpus, settings, System.out).run());
    }

    private static long doors(Options options) throws IOException, InterruptedException, OrtException {
        DoorsBench.Settings settings = new DoorsBench.Settings(
                model(options),
                options.integer("--requests", 10_000, 1, 100_000_000),
                options.integer("--outstanding", 64, 1, 10_000),
                options.text("--reply-topic").orElse("penstock.replies.demo"));
        return measure(options, (target, corpus) -> new DoorsBench(target, corpus, settings).run(System.out));
    }

    private static long tuning(Options options) throws IOException, InterruptedException, OrtException {
        TuningBench.Settings settings = new TuningBench.Settings(
                options.words("--models", List.of("digits", "mlp-19mb", "minilm-16"), Workload.NAMES),
                options.integers("--sizes", List.of(1, 8, 32, 64), 1, 1024),
                options.integers("--delays", List.of(0, 2, 10), 0, 10_000),
                options.integers("--percents", List.of(10, 50, 95), 1, 100),
                options.integer("--seconds", 2, 1, 3600),
                options.integer("--warm-up", 20, 0, 3600),
                options.integer("--rounds", 1, 1, 100),
                options.integer("--finals", 5, 1, 100));
        System.out.println(Machine.here());
        return new TuningBench(settings, System.out).run();
    }

    private static long deadlines(Options options) throws IOException, InterruptedException, OrtException {
        DeadlinesBench.Settings settings = new DeadlinesBench.Settings(
                options.word("--model", "mlp-70mb", Workload.NAMES),
                options.integer("--factor", 2, 1, 100),
                options.integer("--deadline", 200, 1, 600_000),
                options.integer("--seconds", 10, 1, 3600),
                options.integer("--warm-up", 20, 1, 3600));
        System.out.println(Machine.here());
        return new DeadlinesBench(settings, System.out).run();
    }

    private static long overload(Options options) throws IOException, InterruptedException {
        OverloadBench.Settings settings = new OverloadBench.Settings(
                options.integer("--turns", 8000, 1, 1_000_000),
                options.integers("--factors", List.of(2, 10), 1, 100),
                options.integer("--deadline", 1000, 1, 600_000),
                options.integer("--seconds", 60, 1, 3600),
                options.integer("--warm-up", 30, 1, 3600));
        System.out.println(Machine.here());
        return new OverloadBench(settings, System.out).run();
    }

    private static long tenants(Options options) throws IOException, InterruptedException, OrtException {
        TenantsBench.Settings settings = new TenantsBench.Settings(
                options.integer("--quota", 100, 1, 10_000),
                options.integers("--factors", List.of(0, 1, 20), 0, 100),
                options.integer("--quiet", 200, 1, 10_000),
                options.integer("--seconds", 10, 1, 3600),
                options.integer("--warm-up", 30, 1, 3600),
                options.integer("--rounds", 3, 1, 100));
        System.out.println(Machine.here());
        return new TenantsBench(settings, System.out).run();
    }

    private static long limit(Options options) throws IOException, InterruptedException, OrtException {
        System.out.println(Machine.here());
        new LimitBench(processor(options), System.out).run(models(options), options.integer("--seconds", 2, 1, 60));
        return 0;
    }

    private static long batching(Options options) throws IOException, InterruptedException, OrtException {
        BatchingBench.Settings settings = new BatchingBench.Settings(
                models(options),
                processor(options),
                options.word("--form", "own", List.of("own", "json", "binary")),
                options.integers("--connections", List.of(64, 256), 1, 10_000),
                options.integer("--seconds", 10, 1, 3600),
                options.integer("--warm-up", 60, 0, 3600),
                options.integer("--rounds", 3, 1, 100),
                options.integer("--limit-seconds", 1, 0, 60));
        System.out.println(Machine.here());
        return new BatchingBench(settings, System.out).run();
    }

    private static List<String> models(Options options) {
        return options.words("--models", Workload.ON_CPU, Workload.NAMES);
    }

    private static Processor processor(Options options) {
        return Processor.named(options.word("--processor", "cpu", Processor.NAMES));
    }

    private static long features(Options options) throws IOException, InterruptedException, OrtException {
        System.out.println(Machine.here());
        FeaturesBenchmark.Settings lookups = new FeaturesBenchmark.Settings(
                options.integer("--entities", 100_000, 1, 10_000_000),
                options.integer("--l1", 10_000, 1, 10_000_000),
                options.integer("--source-ms", 80, 0, 10_000),
                options.integer("--poll", 64, 1, 10_000),
                options.integer("--polls", 64, 1, 1000),
                options.integer("--warm-up-requests", 3_000_000, 0, 1_000_000_000),
                options.integer("--requests", 200_000, 0, 1_000_000_000));
        return new FeaturesBench(
                        new FeaturesBench.Settings(
                                options.words("--variants", FeatureVariant.NAMES, FeatureVariant.NAMES).stream()
                                        .map(FeatureVariant::named)
                                        .toList(),
                                lookups,
                                options.integer("--connections", 256, 1, 10_000),
                                options.integer("--seconds", 8, 1, 3600),
                                options.integer("--warm-up", 10, 0, 3600),
                                options.integer("--rounds", 3, 1, 100)),
                        System.out)
                .run();
    }

    private static long trouble(Options options) throws IOException, InterruptedException, OrtException {
        System.out.println(Machine.here());
        return new FeaturesTrouble(
                        new FeaturesTrouble.Settings(
                                options.integer("--entities", 100_000, 1, 10_000_000),
                                options.integer("--l1", 10_000, 1, 10_000_000),
                                options.integer("--source-ms", 80, 0, 10_000),
                                options.integer("--warm-up-requests", 3_000_000, 0, 1_000_000_000),
                                options.integer("--rate", 2000, 1, 1_000_000)),
                        System.out)
                .run();
    }

    private static long measure(Options options, Measurement measurement)
            throws IOException, InterruptedException, OrtException {
        System.out.println(Machine.here());
        Corpus corpus = DigitsCorpus.load(DIGITS);
        Optional<URI> url = options.uri("--url");
        if (url.isPresent()) {
            Target target = new Target(
                    url.get(),
                    options.uri("--management").orElse(URI.create("http://127.0.0.1:9000")),
                    options.text("--kafka").orElse("127.0.0.1:9092"));
            return measurement.run(target, corpus);
        }
        try (LocalService service = LocalService.start(model(options))) {
            return measurement.run(service.target(), corpus);
        }
    }

    /** Only requests with known answers are sent, and there are none yet for other models. */
    private static String model(Options options) {
        String model = options.text("--model").orElse("digits");
        if (!model.equals("digits")) {
            throw new IllegalArgumentException("--model must be digits, was " + model);
        }
        return model;
    }
}
