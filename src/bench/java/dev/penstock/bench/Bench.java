package dev.penstock.bench;

import ai.onnxruntime.OrtException;
import dev.penstock.cli.bench.AssemblyCommand;
import dev.penstock.cli.bench.BatcherCommand;
import dev.penstock.cli.bench.BatchingCommand;
import dev.penstock.cli.bench.BenchCommand;
import dev.penstock.cli.bench.CostCommand;
import dev.penstock.cli.bench.DeadlinesCommand;
import dev.penstock.cli.bench.DoorsCommand;
import dev.penstock.cli.bench.EdgeCommand;
import dev.penstock.cli.bench.FeaturesCommand;
import dev.penstock.cli.bench.FeaturesTroubleCommand;
import dev.penstock.cli.bench.FormsCommand;
import dev.penstock.cli.bench.GrowthCommand;
import dev.penstock.cli.bench.IdleModelsCommand;
import dev.penstock.cli.bench.LimitCommand;
import dev.penstock.cli.bench.OverloadCommand;
import dev.penstock.cli.bench.SelfCommand;
import dev.penstock.cli.bench.SyncCommand;
import dev.penstock.cli.bench.TenantsCommand;
import dev.penstock.cli.bench.TuningCommand;
import dev.penstock.cli.bench.WarmCommand;
import dev.penstock.cli.command.Tool;
import dev.penstock.features.cache.FeaturesBenchmark;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.common.KafkaException;

/** {@code ./penstock bench NAME}. Fails when an answer was missing or wrong, and when the benchmark could not run. */
public final class Bench implements Tool<BenchCommand> {
    private static final Path DIGITS = Path.of("src/main/models/digits/1/model.onnx");

    private interface Measurement {
        /** Gives the number of errors. */
        long run(Target target, Corpus corpus) throws IOException, InterruptedException;
    }

    @Override
    public int run(BenchCommand command) throws InterruptedException {
        // Before the first logger: otherwise the log's manager complains.
        System.setProperty("java.util.logging.manager", "org.jboss.logmanager.LogManager");
        try {
            return errors(command) == 0 ? 0 : 1;
        } catch (IllegalArgumentException | IllegalStateException | KafkaException | IOException | OrtException e) {
            System.err.println("bench: " + e.getMessage());
            return 1;
        }
    }

    private static long errors(BenchCommand command) throws IOException, InterruptedException, OrtException {
        System.out.println(Machine.here());
        return switch (command) {
            case SyncCommand sync -> sync(sync);
            case DoorsCommand doors -> doors(doors);
            case FormsCommand forms -> forms(forms);
            case LimitCommand limit -> limit(limit);
            case BatchingCommand batching -> batching(batching);
            case TuningCommand tuning -> tuning(tuning);
            case DeadlinesCommand deadlines -> deadlines(deadlines);
            case OverloadCommand overload -> overload(overload);
            case TenantsCommand tenants -> tenants(tenants);
            case FeaturesCommand features -> features(features);
            case FeaturesTroubleCommand trouble -> trouble(trouble);
            case BatcherCommand batcher -> MicroBench.run("BatcherBenchmark");
            case AssemblyCommand assembly -> MicroBench.run("AssemblyBenchmark");
            case IdleModelsCommand models -> models(models);
            case WarmCommand warm -> warm(warm);
            case CostCommand cost -> cost(cost);
            case GrowthCommand growth -> growth(growth);
            case EdgeCommand edge -> edge(edge);
            case SelfCommand self -> GeneratorSpeed.measure(System.out);
        };
    }

    private static long sync(SyncCommand command) throws IOException, InterruptedException, OrtException {
        SyncBench.Settings settings = new SyncBench.Settings(
                command.model(),
                command.connections(),
                command.rate(),
                command.seconds(),
                command.warmUp(),
                command.rounds());
        Measurement measurement = (target, corpus) -> new SyncBench(target, corpus, settings, System.out).run();
        return command.url().isPresent()
                ? measure(new Target(command.url().get(), command.management(), command.kafka()), measurement)
                : measure(command.model(), measurement);
    }

    private static long doors(DoorsCommand command) throws IOException, InterruptedException, OrtException {
        DoorsBench.Settings settings = new DoorsBench.Settings(
                command.model(), command.requests(), command.outstanding(), command.replyTopic());
        Measurement measurement = (target, corpus) -> new DoorsBench(target, corpus, settings).run(System.out);
        return command.url().isPresent()
                ? measure(new Target(command.url().get(), command.management(), command.kafka()), measurement)
                : measure(command.model(), measurement);
    }

    private static long forms(FormsCommand command) throws IOException, InterruptedException, OrtException {
        FormsBench.Settings settings = new FormsBench.Settings(
                command.model(), command.callers(), command.seconds(), command.warmUp(), command.rounds());
        return new FormsBench(settings, System.out).run();
    }

    private static long tuning(TuningCommand command) throws IOException, InterruptedException, OrtException {
        TuningBench.Settings settings = new TuningBench.Settings(
                command.models(),
                command.sizes(),
                command.delays(),
                command.percents(),
                command.seconds(),
                command.warmUp(),
                command.rounds(),
                command.finals());
        return new TuningBench(settings, System.out).run();
    }

    private static long deadlines(DeadlinesCommand command) throws IOException, InterruptedException, OrtException {
        DeadlinesBench.Settings settings = new DeadlinesBench.Settings(
                command.model(), command.factor(), command.deadline(), command.seconds(), command.warmUp());
        return new DeadlinesBench(settings, System.out).run();
    }

    private static long overload(OverloadCommand command) throws IOException, InterruptedException {
        OverloadBench.Settings settings = new OverloadBench.Settings(
                command.turns(), command.factors(), command.deadline(), command.seconds(), command.warmUp());
        return new OverloadBench(settings, System.out).run();
    }

    private static long tenants(TenantsCommand command) throws IOException, InterruptedException, OrtException {
        TenantsBench.Settings settings = new TenantsBench.Settings(
                command.quota(),
                command.factors(),
                command.quiet(),
                command.seconds(),
                command.warmUp(),
                command.rounds());
        return new TenantsBench(settings, System.out).run();
    }

    private static long limit(LimitCommand command) throws IOException, InterruptedException, OrtException {
        new LimitBench(Processor.named(command.processor()), System.out).run(command.models(), command.seconds());
        return 0;
    }

    private static long models(IdleModelsCommand command) throws IOException, InterruptedException {
        ModelsBench.Settings settings =
                new ModelsBench.Settings(command.counts(), command.kib(), command.settleSeconds(), command.seconds());
        new ModelsBench(settings, System.out).run();
        return 0;
    }

    private static long warm(WarmCommand command) throws IOException, InterruptedException, OrtException {
        WarmBench.Settings settings = new WarmBench.Settings(
                command.contenders(),
                command.connections(),
                command.idleSeconds(),
                command.rate(),
                command.seconds(),
                command.loadSeconds(),
                command.rounds());
        return new WarmBench(settings, DigitsCorpus.load(DIGITS), System.out).run();
    }

    private static long cost(CostCommand command) throws IOException, InterruptedException, OrtException {
        CostBench.Settings settings = new CostBench.Settings(
                command.models(),
                command.contenders(),
                command.beside().map(Tool::asCallerNames),
                Stream.of(command.besideJvm().split(" "))
                        .filter(option -> !option.isEmpty())
                        .toList(),
                command.doors(),
                command.callers(),
                command.rate(),
                command.seconds(),
                command.warmUp(),
                command.rounds(),
                command.profiles());
        return new CostBench(settings, System.out).run();
    }

    private static long growth(GrowthCommand command) throws IOException, InterruptedException, OrtException {
        Map<String, List<Integer>> dimensions = new LinkedHashMap<>();
        dimensions.put(GrowthBench.CONNECTIONS, command.connections());
        dimensions.put(GrowthBench.ROWS, command.rows());
        dimensions.put(GrowthBench.KIB, command.kib());
        dimensions.put(GrowthBench.MODELS, command.models());
        dimensions.put(GrowthBench.PARTITIONS, command.partitions());
        dimensions.put(GrowthBench.TENANTS, command.tenants());
        dimensions.put(GrowthBench.QUOTAS, command.quotas());
        dimensions.put(GrowthBench.PENDING, command.pending());
        dimensions.values().removeIf(values -> values.contains(0));
        return new GrowthBench(
                        new GrowthBench.Settings(dimensions, command.seconds(), command.warmUp(), command.rounds()),
                        System.out)
                .run();
    }

    private static long edge(EdgeCommand command) throws IOException, InterruptedException, OrtException {
        DigitsCorpus corpus = DigitsCorpus.load(DIGITS);
        if (command.hop()) {
            return new HopBench(command.seconds(), command.warmUp(), corpus, System.out).run();
        }
        EdgeBench.Settings settings = new EdgeBench.Settings(
                command.variants().stream()
                        .map(name -> EdgeVariant.valueOf(name.toUpperCase(Locale.ROOT)))
                        .toList(),
                command.distance(),
                command.rate(),
                command.async(),
                command.own(),
                command.zipf(),
                command.seconds(),
                command.warmUp(),
                command.cut(),
                command.how().equals("reset"),
                command.limit(),
                command.call());
        return new EdgeBench(settings, corpus, System.out).run();
    }

    private static long batching(BatchingCommand command) throws IOException, InterruptedException, OrtException {
        BatchingBench.Settings settings = new BatchingBench.Settings(
                command.models(),
                Processor.named(command.processor()),
                command.form(),
                command.connections(),
                command.seconds(),
                command.warmUp(),
                command.rounds(),
                command.limitSeconds());
        return new BatchingBench(settings, System.out).run();
    }

    private static long features(FeaturesCommand command) throws IOException, InterruptedException, OrtException {
        FeaturesBenchmark.Settings lookups = new FeaturesBenchmark.Settings(
                command.entities(),
                command.l1(),
                command.sourceMillis(),
                command.poll(),
                command.polls(),
                command.warmUpRequests(),
                command.requests());
        FeaturesBench.Settings settings = new FeaturesBench.Settings(
                command.variants().stream().map(FeatureVariant::named).toList(),
                lookups,
                command.connections(),
                command.seconds(),
                command.warmUp(),
                command.rounds());
        return new FeaturesBench(settings, System.out).run();
    }

    private static long trouble(FeaturesTroubleCommand command) throws IOException, InterruptedException, OrtException {
        FeaturesTrouble.Settings settings = new FeaturesTrouble.Settings(
                command.entities(), command.l1(), command.sourceMillis(), command.warmUpRequests(), command.rate());
        return new FeaturesTrouble(settings, System.out).run();
    }

    private static long measure(String model, Measurement measurement)
            throws IOException, InterruptedException, OrtException {
        try (LocalService service = LocalService.start(model)) {
            return measure(service.target(), measurement);
        }
    }

    private static long measure(Target target, Measurement measurement)
            throws IOException, InterruptedException, OrtException {
        return measurement.run(target, DigitsCorpus.load(DIGITS));
    }
}
