package dev.penstock.zoo;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** A process that serves the models of a repository. */
interface Server extends AutoCloseable {

    /** Starts a server. */
    @FunctionalInterface
    interface Starter {
        /**
         * Returns while the models may still be loading.
         *
         * @throws EndedException if the process ended at once
         */
        Server start(Path models) throws IOException, InterruptedException, EndedException;
    }

    /** The process ended before it took calls. */
    final class EndedException extends Exception {
        EndedException(Throwable cause) {
            super(cause);
        }
    }

    boolean isAlive();

    /** Whether calls of the model are served. */
    boolean isReady(String model) throws InterruptedException;

    /** The reasons for refusals so far, by model. */
    Map<String, String> refusals() throws IOException;

    /** As {@link V2Client#send}. */
    CompletableFuture<V2Client.Answer> send(String model, V2Body body);

    @Override
    void close();
}
