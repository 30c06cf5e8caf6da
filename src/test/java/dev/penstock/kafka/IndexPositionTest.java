package dev.penstock.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class IndexPositionTest {
    private final IndexPosition position = new IndexPosition(7, 100, 200, 3);

    @Test
    void readsWhatItHasWritten() {
        assertThat(IndexPosition.parse(position.text())).hasValue(position);
        assertThat(IndexPosition.parse("7 100 200")).isEmpty();
        assertThat(IndexPosition.parse("7 100 200 x")).isEmpty();
    }

    @Test
    void isCompleteFromTheSameTimeOnWhileNothingIsEvicted() {
        assertThat(position.completeUntil(300, 3, 310)).isEqualTo(new IndexPosition(7, 100, 300, 3));
    }

    @Test
    void isCompleteOnlyFromNowOnWhenSomethingWasEvicted() {
        assertThat(position.completeUntil(300, 4, 310)).isEqualTo(new IndexPosition(7, 310, 300, 4));
    }
}
