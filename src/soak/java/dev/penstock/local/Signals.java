package dev.penstock.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Signals to processes that this JVM has started, beyond those that {@link Process} sends. */
public final class Signals {
    private Signals() {}

    /** Sends SIGSTOP, and returns when the process has stopped: its connections stay open, and nothing is answered. */
    public static void freeze(ProcessHandle process) {
        send("-STOP", process);
        while (!isFrozen(process)) {
            Thread.onSpinWait();
        }
    }

    /** Sends SIGCONT. */
    public static void resume(ProcessHandle process) {
        send("-CONT", process);
    }

    /** Whether the system says that the process is stopped (state T). */
    public static boolean isFrozen(ProcessHandle process) {
        try {
            return Files.readAllLines(Path.of("/proc", Long.toString(process.pid()), "status")).stream()
                    .anyMatch(line -> line.startsWith("State:") && line.contains("T"));
        } catch (IOException gone) {
            throw new UncheckedIOException("process " + process.pid(), gone);
        }
    }

    private static void send(String signal, ProcessHandle process) {
        try {
            int status = new ProcessBuilder("kill", signal, Long.toString(process.pid()))
                    .start()
                    .waitFor();
            if (status != 0) {
                throw new IllegalStateException(
                        "kill %s of process %d ended with %d".formatted(signal, process.pid(), status));
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(stopped);
        }
    }
}
