package dev.penstock.bench;

/** Requests with known correct responses. */
public interface Corpus {

    /** The number of different requests. Larger indexes wrap around. */
    int size();

    /** Returns the v2 body of request i. Its id is {@code i}, so that a response can be matched to its request. */
    byte[] body(int i);

    /** Whether the response belongs to request i and is correct. */
    boolean check(int i, byte[] response);
}
