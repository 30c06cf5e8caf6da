package dev.penstock.worker.loop;

import dev.penstock.messages.RecordHeaders;
import dev.penstock.messages.TraceContext;
import dev.penstock.model.InferenceException;
import dev.penstock.model.Slot;
import dev.penstock.protocol.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/** One slot of a session. Assembles batches on the caller's thread and runs them on the session's own. */
public final class SessionAccelerator implements Accelerator {
    private final Slot slot;
    private final Executor sessionThread;

    public SessionAccelerator(Slot slot, Executor sessionThread) {
        this.slot = slot;
        this.sessionThread = sessionThread;
    }

    @Override
    public void start(Batch batch, Consumer<Result> done) {
        long begun = System.nanoTime();
        try {
            slot.assemble(batch.requests());
        } catch (InferenceException broke) {
            done.accept(broke(broke));
            return;
        }
        long assemblyNanos = System.nanoTime() - begun;
        sessionThread.execute(() -> done.accept(run(batch, assemblyNanos)));
    }

    private Result run(Batch batch, long assemblyNanos) {
        if (System.nanoTime() - batch.latestStartNanos() > 0) {
            return new TooLate();
        }
        try {
            long start = System.nanoTime();
            List<Tensor> outputs = slot.run(
                    batch.latestEndNanos() - start, () -> headers(batch.trace().sent()));
            return new Ran(outputs, start, System.nanoTime() - start, assemblyNanos);
        } catch (InferenceException broke) {
            return broke(broke);
        }
    }

    private static Map<String, String> headers(TraceContext trace) {
        Map<String, String> headers = new HashMap<>();
        trace.parent().ifPresent(parent -> headers.put(RecordHeaders.TRACEPARENT, parent));
        trace.state().ifPresent(state -> headers.put(RecordHeaders.TRACESTATE, state));
        return headers;
    }

    private static Broke broke(InferenceException cause) {
        return new Broke(cause.kind(), String.valueOf(cause.getMessage()));
    }
}
