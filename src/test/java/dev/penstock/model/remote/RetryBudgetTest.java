package dev.penstock.model.remote;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RetryBudgetTest {
    private final RetryBudget budget = new RetryBudget();

    @Test
    void grantsAFewAtOnceAndThenOneOfTen() {
        assertThat(granted(100, 1)).isEqualTo(10 + 9);
        assertThat(granted(1000, 1)).isEqualTo(100);
    }

    @Test
    void savesNoMoreThanAFew() {
        granted(1000, 0);

        assertThat(granted(1, 30)).isEqualTo(10);
    }

    private long granted(int calls, int wantedEach) {
        return IntStream.range(0, calls)
                .peek(call -> budget.called())
                .flatMap(call -> IntStream.range(0, wantedEach))
                .filter(repetition -> budget.isGranted())
                .count();
    }
}
