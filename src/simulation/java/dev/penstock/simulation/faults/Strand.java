package dev.penstock.simulation.faults;

import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * A thread of a simulated process, for code that blocks. It runs only while the simulation waits for it in {@link #go}, so that one thread
 * runs at a time and a seed always does the same.
 */
final class Strand {
    private final Semaphore mayRun = new Semaphore(0);
    private final Semaphore hasPaused = new Semaphore(0);
    private boolean isKilled;
    private boolean isEnded;
    private @Nullable Throwable failure;

    /** Ends the code of a process that was killed. */
    static final class Killed extends Error {
        private static final long serialVersionUID = 1;

        Killed() {
            super("the process was killed", null, false, false);
        }
    }

    /** A strand that does not run yet. */
    Strand(Runnable body) {
        Thread.ofVirtual().start(() -> {
            mayRun.acquireUninterruptibly();
            try {
                if (!isKilled) {
                    body.run();
                }
            } catch (Killed killed) {
                // as it should be
            } catch (Throwable broken) {
                failure = broken;
            } finally {
                isEnded = true;
                hasPaused.release();
            }
        });
    }

    /** Lets it run until it pauses or ends. Called by the simulation. */
    void go() {
        mayRun.release();
        hasPaused.acquireUninterruptibly();
        if (failure != null) {
            throw new AssertionError("a thread of a worker has failed: " + failure, failure);
        }
    }

    /** Returns to the simulation until it calls {@link #go} again. Called by the strand itself. */
    void pause() {
        hasPaused.release();
        mayRun.acquireUninterruptibly();
        throwIfKilled();
    }

    void throwIfKilled() {
        if (isKilled) {
            throw new Killed();
        }
    }

    boolean isEnded() {
        return isEnded;
    }

    /** Ends a paused strand. */
    void kill() {
        if (!isEnded) {
            isKilled = true;
            go();
        }
    }
}
