package dev.penstock.cli.command;

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
}
