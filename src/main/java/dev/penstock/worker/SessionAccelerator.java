package dev.penstock.worker;

import dev.penstock.model.InferenceException;
import dev.penstock.model.Slot;
import dev.penstock.protocol.Tensor;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/** A slot of a session: assembles on the caller's thread, runs on the session's own. */
final class SessionAccelerator implements Accelerator {
    private final Slot slot;
    private final Executor sessionThread;

    SessionAccelerator(Slot slot, Executor sessionThread) {
        this.slot = slot;
        this.sessionThread = sessionThread;
    }

    @Override
    public void start(List<List<Tensor>> requests, Consumer<Result> done) {
        try {
            slot.assemble(requests);
        } catch (InferenceException broke) {
            done.accept(new Broke(String.valueOf(broke.getMessage())));
            return;
        }
        sessionThread.execute(() -> done.accept(run()));
    }

    private Result run() {
        long start = System.nanoTime();
        try {
            List<Tensor> outputs = slot.run();
            return new Ran(outputs, System.nanoTime() - start);
        } catch (InferenceException broke) {
            return new Broke(String.valueOf(broke.getMessage()));
        }
    }
}
