package dev.penstock.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Signals to processes that this JVM has started, beyond those that {@link Process} sends, and limits for them. */
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

    /** Sets the most bytes that a file may have to which the process writes. A write beyond it fails. */
    static void limitFileSize(ProcessHandle process, long bytes) {
        run("prlimit", "--pid", Long.toString(process.pid()), "--fsize=" + bytes);
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
        run("kill", signal, Long.toString(process.pid()));
    }

    private static void run(String... command) {
        try {
            int status = new ProcessBuilder(command).start().waitFor();
            if (status != 0) {
                throw new IllegalStateException("'%s' ended with %d".formatted(String.join(" ", command), status));
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(stopped);
        }
    }
}
