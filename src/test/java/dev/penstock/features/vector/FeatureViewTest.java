package dev.penstock.features.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FeatureViewTest {
    private final Locale before = Locale.getDefault();

    @AfterEach
    void restoreTheLocale() {
        Locale.setDefault(before);
    }

    /** Processes in all countries share one Redis. */
    @Test
    void hasTheSameKeysInEveryLocale() {
        String here = view().keyPrefix();

        Locale.setDefault(Locale.forLanguageTag("ar-EG"));

        assertThat(String.format("%d", 5)).isNotEqualTo("5");
        assertThat(view().keyPrefix()).isEqualTo(here);
    }

    private static FeatureView view() {
        return new FeatureView("customers", 7, List.of("age", "income"), List.of(), false);
    }
}
