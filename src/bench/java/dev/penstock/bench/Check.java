package dev.penstock.bench;

/** Judges an answer. Called for every answer, of whatever status; its verdict counts on successful ones. */
@FunctionalInterface
public interface Check {

    Check NONE = (index, status, body) -> true;

    /**
     * @param index of the request that this answers
     * @param status an HTTP status code such as {@code 200}, or an outcome such as {@code succeeded}
     */
    boolean accepts(int index, String status, byte[] body);
}
