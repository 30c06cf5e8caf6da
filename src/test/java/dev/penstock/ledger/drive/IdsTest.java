package dev.penstock.ledger.drive;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class IdsTest {
    private final Ids ids = new Ids("ledger-ab");

    @Test
    void findsTheNumberOfARequestThatWasSent() {
        assertThat(ids.number(ids.of(7), 8)).hasValue(7);
        assertThat(ids.number(ids.of(0), 1)).hasValue(0);
    }

    @Test
    void findsNoNumberForAnIdThatWasNotSent() {
        assertThat(ids.number(ids.of(8), 8)).isEmpty();
        assertThat(ids.number("ledger-cd-1", 8)).isEmpty();
        assertThat(ids.number("ledger-ab-01", 8)).isEmpty();
        assertThat(ids.number("ledger-ab-x", 8)).isEmpty();
        assertThat(ids.number("ledger-ab--1", 8)).isEmpty();
        assertThat(ids.number("", 8)).isEmpty();
    }
}
