package dev.penstock.cli;

/** How a command ends. Signals are the JVM's own codes. */
enum ExitCode {
    OK(0, "The command did what it says."),
    FAILED(1, "The command failed. The message, or the report before it, says why."),
    USAGE(2, "A command, an option or a value is wrong. Nothing has been started."),
    DEVICE_LOST(69, "`up`: the worker lost its GPU. Start it again; a process cannot get a lost GPU back."),
    BAD_CONFIGURATION(78, "`up`: the configuration is wrong, or Kafka refuses it. The message names the key."),
    READY_TO_RUN(100, "Between the launcher and Java only: the arguments are right, and the launcher may build."),
    INTERRUPTED(130, "Ctrl-C (SIGINT) ended the command, after it stopped in order."),
    TERMINATED(143, "SIGTERM ended the command, after it stopped in order.");

    private final int code;
    private final String meaning;

    ExitCode(int code, String meaning) {
        this.code = code;
        this.meaning = meaning;
    }

    int code() {
        return code;
    }

    String meaning() {
        return meaning;
    }
}
