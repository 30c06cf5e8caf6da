package dev.penstock.bench;

/** Checks a response. Called for every response; the result counts only for responses with a successful status. */
@FunctionalInterface
public interface Check {

    Check NONE = (index, status, body) -> true;

    /**
     * @param index of the request
     * @param status an HTTP status code such as {@code 200}, or an outcome such as {@code succeeded}
     */
    boolean accepts(int index, String status, byte[] body);
}
