package dev.penstock.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

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
    void readsOptionsAndNamesTheOneThatBreaksARule() {
        Options options = parse("--connections", "1,64", "--seconds", "5");

        assertThat(options.integers("--connections", List.of(), 1, 100)).containsExactly(1, 64);
        assertThat(options.integer("--seconds", 20, 1, 60)).isEqualTo(5);
        assertThat(options.integer("--rounds", 3, 1, 60)).isEqualTo(3);
        assertThatThrownBy(() -> options.integer("--seconds", 20, 10, 60))
                .hasMessage("--seconds must be in 10..60, was 5");
        assertThatThrownBy(() -> parse("--seconds", "x").integer("--seconds", 20, 1, 60))
                .hasMessage("--seconds must be in 1..60, was x");
        assertThatThrownBy(() -> parse("--second", "5"))
                .hasMessage("option must be one of --connections --seconds --url, was --second");
        assertThatThrownBy(() -> parse("--seconds")).hasMessage("--seconds must have a value, was none");
        assertThatThrownBy(() -> parse("--url", "localhost").uri("--url"))
                .hasMessage("--url must be http://HOST:PORT, was localhost");
    }

    private static Options parse(String... arguments) {
        return Options.parse(List.of(arguments), List.of("--connections", "--seconds", "--url"));
    }

    private static List<LoadResult> rates(double... perSecond) {
        return DoubleStream.of(perSecond)
                .mapToObj(rate -> new LoadResult(1, (long) rate, 0, Map.of(), 0, 0, 0, 0, Latency.NONE, Latency.NONE))
                .toList();
    }
}
