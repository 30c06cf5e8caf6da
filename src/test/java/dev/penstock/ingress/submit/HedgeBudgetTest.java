package dev.penstock.ingress.submit;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HedgeBudgetTest {
    @Test
    void savesUpNoMoreThanItsLimit() {
        HedgeBudget budget = new HedgeBudget(0.5, 2);
        for (int i = 0; i < 100; i++) {
            budget.request();
        }
        budget.take();
        assertThat(budget.isEmpty()).isFalse();
        budget.take();
        assertThat(budget.isEmpty()).isTrue();
    }
}
