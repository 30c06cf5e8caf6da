package dev.penstock.threads;

/**
 * The reason why a service thread ended before it was stopped.
 *
 * @param consequence a sentence: what does not work until the process restarts
 */
public record Fault(String thread, String consequence, Throwable cause) {}
