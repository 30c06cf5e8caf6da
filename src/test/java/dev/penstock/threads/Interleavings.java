package dev.penstock.threads;

import java.util.ArrayList;
import java.util.List;
import org.jetbrains.lincheck.Lincheck;
import org.jetbrains.lincheck.LincheckAssertionError;

/** Runs a scenario under many interleavings of its threads, by Lincheck's model checker. */
public final class Interleavings {
    private static final int SCHEDULES = 50;

    /** Lincheck calls a schedule that takes 10 s hung: so does a busy machine that loads classes. A scenario that hangs does so each time. */
    private static final int MAX_ATTEMPTS = 3;

    private Interleavings() {}

    /** Fails with the interleaving that makes the scenario throw. The scenario builds all that it shares. */
    public static void check(Runnable scenario) {
        for (int left = MAX_ATTEMPTS - 1; ; left--) {
            try {
                Lincheck.runConcurrentTest(SCHEDULES, scenario);
                return;
            } catch (LincheckAssertionError found) {
                if (left == 0 || !String.valueOf(found.getMessage()).contains("has hung")) {
                    throw found;
                }
            }
        }
    }

    /** Within a scenario: a library of assertions would be explored too, and takes minutes. */
    public static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }

    /** Runs each on a thread, and waits for all. Within a scenario. */
    public static void run(Runnable... parts) {
        List<Thread> threads = new ArrayList<>();
        for (Runnable part : parts) {
            threads.add(new Thread(part));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            try {
                thread.join();
            } catch (InterruptedException unexpected) {
                throw new IllegalStateException(unexpected);
            }
        }
    }
}
