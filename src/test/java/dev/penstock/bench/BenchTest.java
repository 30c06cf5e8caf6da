package dev.penstock.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.penstock.cli.bench.BatchingCommand;
import dev.penstock.cli.bench.CostCommand;
import dev.penstock.cli.bench.DeadlinesCommand;
import dev.penstock.cli.bench.FeaturesCommand;
import dev.penstock.cli.bench.FormsCommand;
import dev.penstock.cli.bench.LimitCommand;
import dev.penstock.cli.bench.TuningCommand;
import dev.penstock.cli.option.OneOf;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class BenchTest {

    @Test
    void averagesTheNewBatchesOfOneModel() {
        BatchSizes before = BatchSizes.of(new Metrics("""
                # TYPE inference_batch_size summary
                inference_batch_size_count{model="digits"} 10.0
                inference_batch_size_sum{model="digits"} 10.0
                inference_batch_size_max{model="digits"} 64.0
                """), "digits");
        BatchSizes after = BatchSizes.of(new Metrics("""
                inference_batch_size_count{model="digits",version="1"} 20.0
                inference_batch_size_sum{model="digits",version="1"} 100.0 1700000000
                inference_batch_size_count{model="digits",version="2"} 10.0
                inference_batch_size_sum{model="digits",version="2"} 1.1E2
                inference_batch_size_count{model="minilm"} 500.0
                inference_batch_size_sum{model="minilm"} 5000.0
                """), "digits");

        assertThat(after.meanSince(before)).isCloseTo(10, within(1e-9));
        assertThat(after.meanSince(after)).isZero();
    }

    @Test
    void showsTheMedianBetweenTheLowestAndTheHighest() {
        assertThat(SyncBench.spread("%.0f", rates(30, 10, 20), LoadResult::throughputPerSecond))
                .isEqualTo("20 (10-30)");
        assertThat(SyncBench.spread("%.0f", rates(10, 20), LoadResult::throughputPerSecond))
                .isEqualTo("15 (10-20)");
        assertThat(SyncBench.spread("%.0f", rates(10), LoadResult::throughputPerSecond))
                .isEqualTo("10");
    }

    @Test
    void alignsTheColumns() {
        Table table = new Table("door", "answers");
        table.add("sync", "10,000");
        table.add("kafka", "9");

        assertThat(table).hasToString("door   answers\nsync    10,000\nkafka        9\n");
    }

    @Test
    void takesOnTheCommandLineAllModelsProcessorsAndVariantsThatItKnows() throws NoSuchMethodException {
        assertThat(words(LimitCommand.class, "models")).isEqualTo(Workload.NAMES);
        assertThat(words(BatchingCommand.class, "models")).isEqualTo(Workload.NAMES);
        assertThat(words(TuningCommand.class, "models")).isEqualTo(Workload.NAMES);
        assertThat(words(DeadlinesCommand.class, "model")).isEqualTo(Workload.NAMES);
        assertThat(words(CostCommand.class, "models")).isEqualTo(Workload.NAMES);
        assertThat(words(FormsCommand.class, "model")).isEqualTo(Workload.NAMES);
        assertThat(words(LimitCommand.class, "processor")).isEqualTo(Processor.NAMES);
        assertThat(words(BatchingCommand.class, "processor")).isEqualTo(Processor.NAMES);
        assertThat(words(FeaturesCommand.class, "variants")).isEqualTo(FeatureVariant.NAMES);
        assertThat(standard(LimitCommand.class, "models")).isEqualTo(Workload.ON_CPU);
        assertThat(standard(BatchingCommand.class, "models")).isEqualTo(Workload.ON_CPU);
        assertThat(standard(FeaturesCommand.class, "variants")).isEqualTo(FeatureVariant.NAMES);
    }

    private static List<String> words(Class<?> command, String option) throws NoSuchMethodException {
        return List.of(
                command.getDeclaredMethod(option).getAnnotation(OneOf.class).value());
    }

    private static List<String> standard(Class<?> command, String option) throws NoSuchMethodException {
        return List.of(command.getDeclaredMethod(option)
                .getAnnotation(CommandLine.Option.class)
                .defaultValue()
                .split(","));
    }

    private static List<LoadResult> rates(double... perSecond) {
        return DoubleStream.of(perSecond)
                .mapToObj(rate -> new LoadResult(1, (long) rate, 0, Map.of(), 0, 0, 0, 0, Latency.NONE, Latency.NONE))
                .toList();
    }
}
