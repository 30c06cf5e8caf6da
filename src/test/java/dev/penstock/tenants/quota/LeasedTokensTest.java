package dev.penstock.tenants.quota;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LeasedTokensTest {
    private final LeasedTokens tokens = new LeasedTokens();

    @Test
    void tokensThatExpireFirstAreUsedFirst() {
        tokens.add(5, 100);
        tokens.add(3, 50);
        tokens.take(2);
        assertThat(tokens.left(49)).isEqualTo(6);
        assertThat(tokens.left(50)).as("one of the three was left").isEqualTo(5);
        tokens.take(1);
        assertThat(tokens.left(99)).isEqualTo(4);
        assertThat(tokens.left(100)).isZero();
    }

    /** The origin of nanoseconds is arbitrary. */
    @Test
    void timesMayWrap() {
        tokens.add(5, Long.MIN_VALUE + 10);
        tokens.add(3, Long.MAX_VALUE);
        tokens.take(1);
        assertThat(tokens.left(Long.MAX_VALUE)).isEqualTo(5);
    }
}
