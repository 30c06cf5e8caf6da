package dev.penstock.bench;

/** Requests whose right answers are known. */
public interface Corpus {

    /** How many different requests there are; indexes go on beyond it and start over. */
    int size();

    /** The v2 body of the i-th request. It names itself {@code i}, so that its answer can be told from its neighbours'. */
    byte[] body(int i);

    /** Whether the response is the answer to the i-th request, and the right one. */
    boolean check(int i, byte[] response);
}
