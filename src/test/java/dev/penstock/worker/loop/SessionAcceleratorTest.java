package dev.penstock.worker.loop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.penstock.messages.TraceContext;
import dev.penstock.model.Slot;
import dev.penstock.protocol.Tensor;
import dev.penstock.tracing.BatchTrace;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class SessionAcceleratorTest {
    private static final TraceContext CONTEXT =
            TraceContext.of("00-" + "1".repeat(32) + "-" + "2".repeat(16) + "-01", List.of("a=1"));

    private final List<Map<String, String>> carried = new ArrayList<>();
    private final List<Accelerator.Result> results = new ArrayList<>();
    private final SessionAccelerator accelerator = new SessionAccelerator(new Elsewhere(), Runnable::run);

    @Test
    void aRunElsewhereCarriesTheTraceOfItsBatch() {
        accelerator.start(batch(System.nanoTime() + Long.MAX_VALUE / 4), results::add);

        assertThat(results).singleElement().isInstanceOf(Accelerator.Ran.class);
        assertThat(carried)
                .containsExactly(Map.of("traceparent", CONTEXT.parent().orElseThrow(), "tracestate", "a=1"));
    }

    @Test
    void whatDoesNotRunBeginsNoTrace() {
        accelerator.start(batch(System.nanoTime() - 1), results::add);

        assertThat(results).singleElement().isInstanceOf(Accelerator.TooLate.class);
        assertThat(carried).isEmpty();
    }

    private static Accelerator.Batch batch(long latestStartNanos) {
        return new Accelerator.Batch(List.of(), latestStartNanos, Long.MAX_VALUE, new BatchTrace() {
            @Override
            public TraceContext sent() {
                return CONTEXT;
            }
        });
    }

    private final class Elsewhere implements Slot {
        @Override
        public void assemble(List<List<Tensor>> requests) {}

        @Override
        public List<Tensor> run() {
            return run(Long.MAX_VALUE, Map::of);
        }

        @Override
        public List<Tensor> run(long nanos, Supplier<Map<String, String>> traceHeaders) {
            carried.add(traceHeaders.get());
            return List.of();
        }

        @Override
        public void close() {}
    }
}
