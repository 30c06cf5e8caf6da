package dev.penstock.worker.loop;

import dev.penstock.model.InferenceException;
import dev.penstock.model.Slot;
import dev.penstock.protocol.Tensor;
import java.util.List;
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
    public void start(List<List<Tensor>> requests, long latestStartNanos, long latestEndNanos, Consumer<Result> done) {
        long begun = System.nanoTime();
        try {
            slot.assemble(requests);
        } catch (InferenceException broke) {
            done.accept(broke(broke));
            return;
        }
        long assemblyNanos = System.nanoTime() - begun;
        sessionThread.execute(() -> done.accept(run(latestStartNanos, latestEndNanos, assemblyNanos)));
    }

    private Result run(long latestStartNanos, long latestEndNanos, long assemblyNanos) {
        if (System.nanoTime() - latestStartNanos > 0) {
            return new TooLate();
        }
        try {
            long start = System.nanoTime();
            List<Tensor> outputs = slot.run(latestEndNanos - start);
            return new Ran(outputs, start, System.nanoTime() - start, assemblyNanos);
        } catch (InferenceException broke) {
            return broke(broke);
        }
    }

    private static Broke broke(InferenceException cause) {
        return new Broke(cause.kind(), String.valueOf(cause.getMessage()));
    }
}
