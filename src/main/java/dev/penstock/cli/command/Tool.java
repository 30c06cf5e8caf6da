package dev.penstock.cli.command;

import java.nio.file.Path;

/**
 * Runs a command that is built later than the command line. An implementation is public, with a public constructor that takes nothing.
 *
 * @param <C> the command, with its options
 */
public interface Tool<C> {

    /**
     * @return the exit code
     * @throws UsageException when options contradict each other
     */
    int run(C command) throws Exception;

    /** The place that a path of the command line names. It is relative to the caller's folder, while tools run in the checkout. */
    static Path asCallerNames(Path path) {
        return Path.of(System.getenv().getOrDefault("PENSTOCK_FROM", "")).resolve(path);
    }
}
